"""The template has the routes, settings and functions that we mean to run on AWS."""

import json
import sys
from pathlib import Path

import pytest

from infra.dax import FAR_TABLES, far_tables, other_regions, read_dax
from tests.conftest import ROOT
from tests.packaging.conftest import MERGE, WARMED, Package, offline, run


ROUTES = {
    "/v1/links": {"get", "post"},
    "/v1/links/{slug}": {"get", "patch", "delete"},
    "/v1/links/{slug}/qr": {"get"},
    "/v1/imports": {"post"},
    "/v1/exports": {"post"},
    "/v1/exports/{job_id}": {"get"},
    "/v1/health": {"get", "head"},
    "/v1/openapi.json": {"get", "head"},
    "/docs": {"get", "head"},
    "/r/{slug}": {"get", "head"},
}
METHODS = {"get", "head", "post", "put", "patch", "delete"}
PREFLIGHTS = {path: {"options"} for path in ROUTES if path.startswith("/v1/")}
INTEGRATION = "x-amazon-apigateway-integration"
RESPONSES = "x-amazon-apigateway-gateway-responses"


def test_template_has_the_routes(package: Package) -> None:
    """API Gateway knows each route of the contract and passes every one of its methods to us."""
    paths = package.resources["RestAPI"]["Properties"]["DefinitionBody"]["paths"]

    for path, methods in ROUTES.items():
        assert methods | PREFLIGHTS.get(path, set()) <= set(paths[path]), path
    # What API Gateway has no method for it answers itself, as if there were nothing at the path.
    assert [path for path, methods in paths.items() if METHODS - set(methods)] == []
    # A mock integration is how Chalice answers CORS preflights; it can't tell origins apart.
    integrations = [method[INTEGRATION] for it in paths.values() for method in it.values()]
    assert {"aws_proxy"} == {integration["type"] for integration in integrations}


def test_template_has_the_gateway_responses(package: Package, export: Path) -> None:
    """The merge arrives whole, and what Chalice wrote beside it is still there."""
    merge = json.loads((export / MERGE).read_text(encoding="utf-8"))
    merged = merge["Resources"]["RestAPI"]["Properties"]["DefinitionBody"]
    body = package.resources["RestAPI"]["Properties"]["DefinitionBody"]

    assert merged[RESPONSES] == body[RESPONSES]
    assert body["swagger"] == "2.0"


@pytest.mark.parametrize(
    ("function", "log", "role"),
    [("APIHandler", "ApiLog", "ApiHandlerRole"), ("Worker", "WorkerLog", "WorkerRole")],
)
def test_function_logs_where_its_policy_allows(
    package: Package, stage: str, function: str, log: str, role: str
) -> None:
    """A stack called everhop-<stage> owns the log groups that the stage's policy names."""
    (name,) = package.resources[log]["Properties"]["LogGroupName"].values()
    allowed = json.dumps(package.resources[role]["Properties"]["Policies"])
    logging = package.resources[function]["Properties"]["LoggingConfig"]

    assert logging == {"LogGroup": {"Ref": log}}
    assert f":log-group:{name.replace('${AWS::StackName}', f'everhop-{stage}')}:*" in allowed


def test_template_has_the_stages_settings(package: Package, export: Path, stage: str) -> None:
    """Both functions have the stage's environment, and roles with exactly the stage's policy."""
    config = json.loads((export / ".chalice" / "config.json").read_text(encoding="utf-8"))
    policy = json.loads((export / ".chalice" / f"policy-{stage}.json").read_text("utf-8"))
    settings = config["stages"][stage]["environment_variables"]
    worker = {"EVERHOP_WORKER": {"Fn::Sub": "${AWS::StackName}-worker"}}
    exported = {"Fn::ImportValue": f"everhop-{settings['EVERHOP_STAGE']}-dax-Endpoint"}
    dax = {"EVERHOP_DAX": exported, FAR_TABLES: far_tables(other_regions(settings))}
    roles = [it for it in package.resources.values() if it["Type"] == "AWS::IAM::Role"]

    for name in ("APIHandler", "Worker"):
        function = package.resources[name]["Properties"]
        told = {**settings, **worker, **(dax if read_dax()[stage].enabled else {})}
        assert told == function["Environment"]["Variables"]
    assert package.resources["RestAPI"]["Properties"]["StageName"] == "api"
    assert [[policy]] * (5 if stage == WARMED else 2) == [
        [inline["PolicyDocument"] for inline in role["Properties"]["Policies"]] for role in roles
    ]
    assert not any("ManagedPolicyArns" in role["Properties"] for role in roles)


@pytest.mark.parametrize("function", ["APIHandler", "Worker"])
def test_functions_stand_where_dax_does(package: Package, stage: str, function: str) -> None:
    """Where DAX is on, in the network by what its stack exports; else in none."""
    network = package.resources[function]["Properties"].get("VpcConfig")
    name = stage.partition("-")[0]
    exported = {"Fn::ImportValue": f"everhop-{name}-network-SubnetIds"}
    expected = {
        "SubnetIds": {"Fn::Split": [",", exported]},
        "SecurityGroupIds": [{"Fn::ImportValue": f"everhop-{name}-network-FunctionGroupId"}],
        "Ipv6AllowedForDualStack": True,
    }

    assert network == (expected if read_dax()[stage].enabled else None)


def test_worker_is_called_by_its_name(package: Package, stage: str) -> None:
    """The worker is a function of the same zip, with its own time and the name that is allowed."""
    worker = package.resources["Worker"]["Properties"]
    name = worker["FunctionName"]["Fn::Sub"].replace("${AWS::StackName}", f"everhop-{stage}")
    allowed = json.dumps(package.resources["ApiHandlerRole"]["Properties"]["Policies"])

    assert f':function:{name}"' in allowed
    assert (worker["Handler"], worker["Timeout"]) == ("app.work", 900)
    assert worker["CodeUri"] == package.resources["APIHandler"]["Properties"]["CodeUri"]
    assert "Events" not in worker


def test_cfn_lint_finds_nothing(package: Package) -> None:
    """The merged template is one that CloudFormation would take; no rule is ignored."""
    cfn_lint = Path(sys.executable).with_name("cfn-lint")

    assert run([cfn_lint, package.template_file], ROOT, offline()) == ""
