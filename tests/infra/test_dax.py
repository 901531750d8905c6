"""The stages' DAX clusters: what is in the file, what is refused, and what the templates make."""

import json
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml
from botocore.config import Config as BotoConfig
from chalice.awsclient import TypedAWSClient
from chalice.config import Config

from chalicelib.config import load
from chalicelib.core.freshness import DEFAULT_BUDGET, SHARES
from infra import dax_hooks
from infra.caches import read_caches
from infra.dax import (
    NODE_TYPES,
    TEMPLATES,
    StageDax,
    far_tables,
    handed_config,
    other_regions,
    read_dax,
    stacks_for,
)
from infra.dax_hooks import what_is_missing
from infra.settings_files import SettingsFileError
from tests.conftest import ROOT
from tests.infra.deployments import PROD


STAGES = json.loads((ROOT / ".chalice" / "config.json").read_text())["stages"]
Json = dict[str, Any]


def template(part: str) -> Json:
    """A template of this region, as YAML."""
    loaded: Json = yaml.safe_load((ROOT / TEMPLATES[part]).read_text(encoding="utf-8"))
    return loaded


def of_type(part: str, kind: str) -> list[Json]:
    """The properties of a template's resources of one type."""
    resources = template(part)["Resources"].values()
    return [it["Properties"] for it in resources if it["Type"] == kind]


def only(part: str, kind: str) -> Json:
    (found,) = of_type(part, kind)
    return found


def read(tmp_path: Path, text: str) -> dict[str, StageDax]:
    file = tmp_path / "dax.toml"
    file.write_text(text)
    return read_dax(file)


def test_every_deployed_stage_has_its_settings() -> None:
    """Development is free; production has three nodes or more; nothing is left to a default."""
    clusters = read_dax()

    assert set(clusters) == set(STAGES) - {"local"}
    assert {stage for stage, dax in clusters.items() if dax.enabled} == set(PROD)
    assert all(clusters[stage].nodes >= 3 for stage in PROD)


def test_off_is_nothing_at_all() -> None:
    """No stack, so no resource, and no cost."""
    off = StageDax(enabled=False, node_type="dax.r5.24xlarge", nodes=11)

    assert stacks_for("dev", off, "everhop-dev") == []
    assert off.monthly_cost == 0


def test_cost_is_that_of_all_nodes() -> None:
    """By the hour, used or not, and the way to the worker with it."""
    assert StageDax(enabled=True).monthly_cost == pytest.approx((3 * 0.04 + 0.01) * 730)
    assert list(NODE_TYPES.values()) == sorted(NODE_TYPES.values())
    largest = StageDax(enabled=True, node_type="dax.r5.24xlarge", nodes=5)
    assert largest.monthly_cost == pytest.approx(44_683, abs=1)


def test_the_manual_has_the_prices() -> None:
    """A month of three nodes, of each type."""
    manual = (ROOT / "docs" / "dax.md").read_text(encoding="utf-8")

    for name, hourly in NODE_TYPES.items():
        assert f"| `{name}` | {hourly * 3 * 730:,.0f} |" in manual


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[dev]\nenabled = 1", "[dev] enabled is 1, but it must be true or false."),
        ('[dev]\nnode_type = "cache.t3.small"', "[dev] node_type is 'cache.t3.small', but"),
        ("[dev]\nnodes = 0", "[dev] nodes is 0, but it must be a whole number from 1 to 11."),
        ("[dev]\nnodes = 12", "[dev] nodes is 12"),
        ("[prod-eu-west-1]\nnodes = 2", "[prod-eu-west-1] nodes is 2, but it must be a whole"),
        ("[dev]\nfresh_for = 11", "[dev] fresh_for is 11, but it must be a whole number from 1 to"),
        ("[dev]\nfresh_for = 0", "[dev] fresh_for is 0"),
        ("[dev]\nnodes = true", "[dev] nodes is True"),
        ("[dev]\nttl = 5", "[dev] ttl is unknown; there are enabled, node_type, nodes, fresh_for."),
        ("dev = 1", "[dev] must be a table"),
        ("[dev", "can't be read"),
    ],
)
def test_what_cannot_be_used_is_named(tmp_path: Path, text: str, said: str) -> None:
    """By file, stage and field, with what would do."""
    with pytest.raises(SettingsFileError) as refused:
        read(tmp_path, text)

    assert "infra/regional/dax.toml" in str(refused.value)
    assert said in str(refused.value)


@pytest.mark.parametrize("stage", PROD)
def test_answers_are_kept_within_the_budget(stage: str) -> None:
    """Items and lists alike, by every road to the parameter group; the stage's budget counts."""
    (_, cluster) = stacks_for("prod", read_dax()[stage], "everhop-prod")
    kept_for = int(cluster.parameters["FreshForMillis"]) / 1000
    values = only("dax", "AWS::DAX::ParameterGroup")["ParameterNameValues"]
    parameter = template("dax")["Parameters"]["FreshForMillis"]

    assert 0 < kept_for <= read_caches()[stage].budget * SHARES["dax"] / 60
    assert set(values) == {"record-ttl-millis", "query-ttl-millis"}
    assert all(it == {"Ref": "FreshForMillis"} for it in values.values())
    # Whoever makes the stack by hand stays within the default budget, and never says "for ever".
    assert parameter["Default"] <= DEFAULT_BUDGET * 1000 * SHARES["dax"] / 60
    assert parameter["MinValue"] >= 1000
    assert only("dax", "AWS::DAX::Cluster")["ParameterGroupName"] == {"Ref": "Parameters"}


@pytest.mark.parametrize("stage", PROD)
def test_production_survives_a_zone(stage: str) -> None:
    """Three nodes or more, over three subnets, each in a zone of its own."""
    (network, cluster) = stacks_for("prod", read_dax()[stage], "everhop-prod")
    zones = [it["AvailabilityZone"]["Fn::Select"][0] for it in of_type("network", SUBNET)]
    ranges = [it["CidrBlock"]["Fn::Select"][0] for it in of_type("network", SUBNET)]

    assert int(cluster.parameters["Nodes"]) >= 3
    assert sorted(zones) == sorted(ranges) == [0, 1, 2]
    assert only("dax", "AWS::DAX::Cluster")["ReplicationFactor"] == {"Ref": "Nodes"}
    assert cluster.parameters["NetworkStack"] == network.name


SUBNET = "AWS::EC2::Subnet"


def test_stacks_say_what_their_templates_ask() -> None:
    """Every parameter exists, and what has no default is given."""
    for stack in stacks_for("prod", read_dax()[PROD[0]], "everhop-prod"):
        asked = yaml.safe_load((ROOT / stack.template).read_text())["Parameters"]
        assert set(stack.parameters) <= set(asked)
        assert {name for name, it in asked.items() if "Default" not in it} <= set(stack.parameters)


def test_everything_is_encrypted() -> None:
    """On the way and at rest."""
    cluster = only("dax", "AWS::DAX::Cluster")

    assert cluster["ClusterEndpointEncryptionType"] == "TLS"
    assert cluster["SSESpecification"] == {"SSEEnabled": True}


def test_functions_alone_reach_the_cluster() -> None:
    """By the port of TLS and no other; nothing reaches the functions, and nothing is public."""
    group = only("dax", "AWS::EC2::SecurityGroup")
    (rule,) = group["SecurityGroupIngress"]
    groups = of_type("network", "AWS::EC2::SecurityGroup")

    assert (rule["FromPort"], rule["ToPort"]) == (9111, 9111)
    assert "FunctionGroupId" in json.dumps(rule["SourceSecurityGroupId"])
    assert [
        it for it in groups if "SecurityGroupEgress" in it and "SecurityGroupIngress" in it
    ] == []
    rules = [it for group in groups for it in group.get("SecurityGroupEgress", ())]
    assert sorted(rule["ToPort"] for rule in rules if "ToPort" in rule) == [443, 9111]
    assert all(it["MapPublicIpOnLaunch"] is False for it in of_type("network", SUBNET))


def test_there_is_no_way_out_that_costs_by_the_gigabyte() -> None:
    """No NAT, no internet gateway, no route of ours; gateways for the table and the files."""
    kinds = {it["Type"] for it in template("network")["Resources"].values()}
    endpoints = of_type("network", "AWS::EC2::VPCEndpoint")
    services = {it["ServiceName"]["Fn::Sub"].split(".")[-1]: it for it in endpoints}

    assert {kind for kind in kinds if "Gateway" in kind} == {EXIT}
    assert {name: it["VpcEndpointType"] for name, it in services.items()} == {
        "dynamodb": "Gateway",
        "s3": "Gateway",
        "lambda": "Interface",
    }
    # What is paid for by the hour stands in one zone, as the price in infra/dax.py has it.
    assert len(services["lambda"]["SubnetIds"]) == 1
    for it in endpoints:
        assert "everhop-" in json.dumps(it["PolicyDocument"]["Statement"])


EXIT = "AWS::EC2::EgressOnlyInternetGateway"
OUT = (EXIT, "AWS::EC2::Route", "AWS::EC2::VPCCidrBlock", "AWS::EC2::SubnetCidrBlock")


@pytest.mark.parametrize("is_one_of_many", [False, True], ids=["one region", "several"])
def test_the_way_out_is_for_tables_of_other_regions(is_one_of_many: bool) -> None:
    """By IPv6, from all three subnets, to the outside only, and only where there is another region."""
    dax = StageDax(enabled=True)
    (network, _) = stacks_for("prod", dax, "everhop-prod", is_one_of_many=is_one_of_many)
    switched = [it for it in template("network")["Resources"].values() if it["Type"] in OUT]
    subnets = [it["Properties"]["SubnetId"] for it in switched if it["Type"] == OUT[-1]]
    (route,) = of_type("network", "AWS::EC2::Route")

    assert network.parameters["WayOut"] == ("on" if is_one_of_many else "off")
    assert {it["Condition"] for it in switched} == {"HasWayOut"}
    assert [it["Ref"] for it in subnets] == ["SubnetA", "SubnetB", "SubnetC"]
    assert set(route) == {
        "RouteTableId", "DestinationIpv6CidrBlock", "EgressOnlyInternetGatewayId"
    }  # fmt: skip


def test_functions_are_told_of_the_way_out() -> None:
    """A template gives a function an IPv6 address, and names of other regions that have one too."""
    variables = {"EVERHOP_REGION": "eu-west-1", "EVERHOP_REGIONS": "us-east-1,eu-west-1"}

    assert other_regions(variables) == ["us-east-1"]
    assert other_regions({"EVERHOP_REGION": "eu-west-1"}) == []
    for region in ("us-east-1", "eu-central-1"):
        dual = BotoConfig(use_dualstack_endpoint=True)
        named = {"aws_access_key_id": "a", "aws_secret_access_key": "b", "config": dual}
        client = boto3.client("dynamodb", region_name=region, **named)
        assert far_tables([region]) == f"{region}={client.meta.endpoint_url}"


@pytest.mark.parametrize(
    ("regions", "allowed"), [("", None), ("us-east-1,eu-west-1", True)], ids=["one", "several"]
)
def test_chalice_lets_functions_use_ipv6(
    monkeypatch: pytest.MonkeyPatch, regions: str, allowed: bool | None
) -> None:
    """`chalice deploy` of a stage in a network says so to Lambda, where there is another region."""
    monkeypatch.setattr(TypedAWSClient, "_create_vpc_config", TypedAWSClient._create_vpc_config)
    monkeypatch.setattr(dax_hooks, "_deploy", lambda *_: None)
    told = {"EVERHOP_REGION": "us-east-1", "EVERHOP_REGIONS": regions, "EVERHOP_DAX": "daxs://c"}
    stage = {"subnet_ids": ["a"], "security_group_ids": ["g"], "environment_variables": told}
    config = Config(chalice_stage="dev", config_from_disk={"stages": {"dev": stage}})
    dax_hooks._deploy_told(None, config, "dev")  # type: ignore[arg-type]

    sent = TypedAWSClient._create_vpc_config(None, ["g"], ["a"])  # type: ignore[arg-type]
    assert (sent["SubnetIds"], sent.get("Ipv6AllowedForDualStack")) == (["a"], allowed)


def test_the_cluster_may_do_what_goes_through_it() -> None:
    """Its role has the table's grants that the functions use through DAX, and the keys' schema."""
    (policy,) = only("dax", "AWS::IAM::Role")["Policies"]
    (statement,) = policy["PolicyDocument"]["Statement"]
    functions = json.loads((ROOT / ".chalice" / f"policy-{PROD[0]}.json").read_text())
    (used,) = [it["Action"] for it in functions["Statement"] if it["Sid"] == "UseDax"]
    through = {action.replace("dax:", "dynamodb:") for action in used}

    assert set(statement["Action"]) == through | {"dynamodb:DescribeTable"}


def test_cluster_has_the_name_that_policies_allow() -> None:
    """DAX takes 20 characters; the longest name of a stage still fits."""
    name = only("dax", "AWS::DAX::Cluster")["ClusterName"]["Fn::Sub"]
    allowed = (ROOT / ".chalice" / f"policy-{PROD[0]}.json").read_text()

    assert f':cache/{name.replace("${StageName}", "prod")}"' in allowed
    assert len(name.replace("${StageName}", "x" * 12)) <= 20
    assert template("dax")["Parameters"]["StageName"]["AllowedPattern"].endswith("{0,11}")


def test_a_deploy_is_handed_what_stacks_tell() -> None:
    """Every output that is read is one of the templates', and the app can use what comes of it."""
    network = dict.fromkeys(template("network")["Outputs"], "a,b,c")
    cluster = dict.fromkeys(
        template("dax")["Outputs"], "daxs://c.x1.dax-clusters.us-east-1.aws.com"
    )
    handed = handed_config(network, cluster)

    assert handed["subnet_ids"] == ["a", "b", "c"]
    assert handed["security_group_ids"] == ["a,b,c"]
    assert load(handed["environment_variables"]).dax.startswith("daxs://")


def test_a_deploy_that_is_told_nothing_says_so() -> None:
    """Plain `chalice deploy` of a stage with DAX works without it, and does not hide that."""
    on_disk = json.loads((ROOT / ".chalice" / "config.json").read_text())

    def said(stage: str, **more: Any) -> str:
        stages = {**on_disk["stages"], stage: {**on_disk["stages"][stage], **more}}
        return what_is_missing(
            Config(chalice_stage=stage, config_from_disk={**on_disk, "stages": stages})
        )

    outputs = {"SubnetIds": "a,b,c", "FunctionGroupId": "g", "Endpoint": "daxs://c"}
    assert said("dev") == ""
    assert "The DAX of prod-us-east-1 is not used" in said(PROD[0])
    assert said(PROD[0], **handed_config(outputs, outputs)) == ""
