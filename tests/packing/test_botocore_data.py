"""Clients made of the trimmed data do exactly what clients made of all of it do."""

import ast
import json
import shutil
from pathlib import Path
from typing import Any

import botocore
import pytest
from botocore.config import Config
from botocore.endpoint_provider import EndpointProvider
from botocore.loaders import Loader
from botocore.regions import EndpointResolver
from botocore.session import Session

from packing.botocore_data import SERVICES, is_of_other_service, trim
from tests.conftest import ROOT


WHOLE = Path(botocore.__file__).parent / "data"
# Also those that are likely to be called one day: trimming must not be luck with one service.
TRIED = {*SERVICES, "dynamodb", "lambda", "s3", "sts"}
ALL_SERVICES = {path.name for path in WHOLE.iterdir() if path.is_dir()}
# Lambda itself writes the log and joins the VPC, and DAX has a client of its own: the function may,
# but makes no client of botocore's for it.
# Nor for what Lambda sends in the function's name, or what is only signed.
BY_OTHERS = {"logs", "ec2", "dax", "execute-api"}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Botocore's data, trimmed for the services that are tried."""
    data = tmp_path_factory.mktemp("botocore") / "data"
    for path in filter(Path.is_file, WHOLE.rglob("*")):
        name = path.relative_to(WHOLE)
        if not is_of_other_service(f"botocore/data/{name.as_posix()}", TRIED):
            (data / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, data / name)
    trim(data, TRIED)
    return data


def loader(data: Path) -> Loader:
    """Botocore's reader of one folder of data."""
    return Loader(extra_search_paths=[str(data)], include_default_search_paths=False)


def regions() -> list[str]:
    """All regions of all partitions, the pseudo regions of services, and one of the future."""
    endpoints = json.loads((WHOLE / "endpoints.json").read_bytes())
    named = {region for one in endpoints["partitions"] for region in one["regions"]}
    pseudo = {
        region
        for one in endpoints["partitions"]
        for service in TRIED
        for region in one["services"].get(service, {}).get("endpoints", {})
    }
    return sorted({*named, *pseudo, "eu-nowhere-9"})


@pytest.mark.parametrize("service", sorted(TRIED))
def test_endpoints_are_the_same_in_every_region(data: Path, service: str) -> None:
    """Whatever the region and the variant, both resolvers name the same host and signing scope."""
    whole, trimmed = (EndpointResolver(loader(it).load_data("endpoints")) for it in (WHOLE, data))
    variants = [
        {"use_dualstack_endpoint": dual, "use_fips_endpoint": fips}
        for dual in (False, True)
        for fips in (False, True)
    ]
    asked = [(region, variant) for region in regions() for variant in variants]

    def answers(resolver: EndpointResolver) -> list[Any]:
        return [outcome(resolver.construct_endpoint, service, at, **it) for at, it in asked]

    assert answers(whole) == answers(trimmed)
    assert whole.get_available_partitions() == trimmed.get_available_partitions()
    assert whole.get_available_endpoints(service) == trimmed.get_available_endpoints(service)


def outcome(act: Any, *given: Any, **named: Any) -> Any:
    """What comes back, or what is raised in place of it."""
    try:
        return act(*given, **named)
    except Exception as error:
        return repr(error)


@pytest.mark.parametrize("service", sorted(TRIED))
def test_rules_are_the_same_in_every_region(data: Path, service: str) -> None:
    """So are the endpoints that newer clients find by rules."""
    whole, trimmed = (provider(it, service) for it in (WHOLE, data))
    asked = [
        {"Region": region, "UseFIPS": fips, "UseDualStack": dual}
        for region in regions()
        for fips in (False, True)
        for dual in (False, True)
    ]
    answers = [
        [str(outcome(it.resolve_endpoint, **one)) for one in asked] for it in (whole, trimmed)
    ]

    assert answers[0] == answers[1]
    # CloudFront has one place in each partition.
    assert len(set(answers[0])) > (5 if service == "cloudfront" else len(regions()) / 2)


def provider(data: Path, service: str) -> EndpointProvider:
    """Botocore's judge of a service's rules."""
    read = loader(data)
    rules = read.load_service_model(service, "endpoint-rule-set-1")
    return EndpointProvider(rules, read.load_data("partitions"))


CALLS: dict[str, tuple[str, dict[str, Any]]] = {
    "dynamodb": ("get_item", {"TableName": "links", "Key": {"pk": {"S": "a"}}}),
    "lambda": ("invoke", {"FunctionName": "work", "Payload": b"{}"}),
    "s3": ("get_object", {"Bucket": "everhop", "Key": "a/b.csv"}),
    "sts": ("get_caller_identity", {}),
}


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1", "cn-north-1", "us-gov-west-1"])
@pytest.mark.parametrize("service", sorted(CALLS))
def test_requests_are_the_same(data: Path, service: str, region: str) -> None:
    """The same call sends the same request, to the same host, signed for the same scope."""
    whole, trimmed = (sent(it, service, region) for it in (WHOLE, data))

    assert whole == trimmed
    assert region in whole["scope"]


def sent(data: Path, service: str, region: str) -> dict[str, Any]:
    """What a client would send; nothing is."""
    session = Session()
    session.register_component("data_loader", loader(data))
    session.set_credentials("none", "none")
    client = session.create_client(service, region, config=Config(retries={"max_attempts": 0}))
    client.meta.events.register("before-send", catch)
    operation, given = CALLS[service]
    with pytest.raises(Caught) as caught:
        getattr(client, operation)(**given)
    request = caught.value.args[0]
    headers = {name.lower(): value for name, value in request.headers.items()}
    scope = headers.pop("authorization").decode().split("Signature=")[0].split("/", 2)[2]
    dated = {"x-amz-date", "amz-sdk-invocation-id", "amz-sdk-request"}
    return {
        "to": (request.method, request.url, request.body),
        "scope": scope,
        "headers": {name: it for name, it in headers.items() if name not in dated},
        "operations": client.meta.service_model.operation_names,
    }


class Caught(Exception):
    """A request that was about to be sent."""


def catch(request: Any, **_: Any) -> None:
    """Keep a request from being sent."""
    raise Caught(request)


def clients_in(source: str) -> set[str]:
    """The services of the clients that a source makes: PynamoDB's, and botocore's by name."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import | ast.ImportFrom) and "pynamodb" in ast.unparse(node):
            found.add("dynamodb")
        if isinstance(node, ast.Call) and "client" in ast.unparse(node.func).lower():
            given = [*node.args, *(keyword.value for keyword in node.keywords)]
            found |= {it.value for it in given if isinstance(it, ast.Constant)} & ALL_SERVICES
    return found


@pytest.mark.parametrize(
    ("source", "services"),
    [
        ("import boto3\nboto3.client('sqs')", {"sqs"}),
        ("Session().create_client(service_name='s3')", {"s3"}),
        ("make_client('lambda', region).invoke()", {"lambda"}),
        ("from pynamodb.models import Model", {"dynamodb"}),
        ("print('s3')", set()),
    ],
)
def test_the_finder_of_clients_finds(source: str, services: set[str]) -> None:
    """So that what it does not find is not there."""
    assert clients_in(source) == services


def test_the_services_are_those_that_the_code_and_the_policies_name() -> None:
    """A client of a service that is not in the list would fail on AWS, and only there."""
    made = set().union(*(clients_in(path.read_text()) for path in ROOT.glob("chalicelib/**/*.py")))
    policies = [json.loads(path.read_text()) for path in ROOT.glob(".chalice/policy-*.json")]
    allowed = {
        action.partition(":")[0]
        for policy in policies
        for statement in policy["Statement"]
        for action in statement["Action"]
    }

    assert made == SERVICES
    assert allowed - BY_OTHERS == SERVICES
