"""What the functions may do in AWS: what the store needs, on their own table, and no more."""

import json
from pathlib import Path
from typing import Any

import pytest

from infra.dax import read_dax
from tests.infra.grants import (
    DRAWN,
    ON_COUNTS,
    ON_DAX,
    ON_DEAD,
    ON_FILES,
    ON_INDEX,
    ON_LOG,
    ON_NETWORK,
    ON_OTHERS_FILES,
    ON_STREAM,
    ON_TABLE,
    ON_WORKER,
)


CHALICE = Path(__file__).parents[2] / ".chalice"
TABLES = {"dev": "everhop-dev", "prod-us-east-1": "everhop-prod", "prod-eu-west-1": "everhop-prod"}
# As infra/regional/files.yaml names them, in whatever account; an ARN of S3 has no region.
BUCKETS = {
    "dev": "everhop-dev-files-*",
    "prod-us-east-1": "everhop-prod-files-*-us-east-1",
    "prod-eu-west-1": "everhop-prod-files-*-eu-west-1",
}
# As infra/global/logs.yaml names it; another region may have a copy of it.
LOGS = {stage: name.replace("-files-", "-logs-") for stage, name in BUCKETS.items()}
REPLICAS = ("us-east-1", "eu-west-1")
stages = pytest.mark.parametrize("stage", TABLES)


def statements(stage: str) -> list[dict[str, Any]]:
    """The statements of a stage's policy."""
    text = (CHALICE / f"policy-{stage}.json").read_text(encoding="utf-8")
    found: list[dict[str, Any]] = json.loads(text)["Statement"]
    return found


def granted(stage: str) -> dict[str, set[str]]:
    """Allowed actions by resource ARN."""
    grants: dict[str, set[str]] = {}
    for statement in statements(stage):
        for resource in statement["Resource"]:
            grants.setdefault(resource, set()).update(statement["Action"])
    return grants


def arns(service: str, regions: tuple[str, ...], name: str) -> set[str]:
    """One ARN per region, in whatever account the stage is deployed to."""
    return {f"arn:aws:{service}:{region}:*:{name}" for region in regions}


def regions_of(stage: str) -> tuple[str, ...]:
    """Where a stage may reach the table: a custom slug is written in its home region."""
    return ("*",) if stage == "dev" else REPLICAS


def test_every_policy_is_a_stages() -> None:
    """No policy file is left over from a stage that is gone."""
    files = {path.stem.removeprefix("policy-") for path in CHALICE.glob("policy-*.json")}

    assert set(TABLES) == files


@stages
def test_statements_only_allow_and_only_by_name(stage: str) -> None:
    """A statement lists actions and resources; none is turned round or stands for all."""
    for statement in statements(stage):
        assert {"Sid", "Effect", "Action", "Resource"} == set(statement)
        assert statement["Effect"] == "Allow"
        assert not [action for action in statement["Action"] if "*" in action]
        if set(statement["Action"]) == ON_NETWORK:
            assert statement["Resource"] == ["*"]
            continue
        if set(statement["Action"]) in DRAWN:
            continue
        for arn in statement["Resource"]:
            assert "everhop-" in arn.split(":", 5)[5], arn


@stages
def test_grants_are_exactly_these(stage: str) -> None:
    """The stage's table, files, worker and logs, in its regions, and nothing beside."""
    table, regions = f"table/{TABLES[stage]}", regions_of(stage)
    home = ("*",) if stage == "dev" else (stage.removeprefix("prod-"),)
    expected = (
        dict.fromkeys(arns("dynamodb", regions, table), ON_TABLE)
        | dict.fromkeys(arns("dynamodb", home, f"{table}/index/by_list"), ON_INDEX)
        | dict.fromkeys(arns("logs", home, f"log-group:/aws/lambda/everhop-{stage}:*"), ON_LOG)
        | dict.fromkeys(
            arns("logs", home, f"log-group:/aws/lambda/everhop-{stage}-worker:*"), ON_LOG
        )
        | dict.fromkeys(arns("logs", home, f"log-group:/aws/lambda/everhop-{stage}-warm:*"), ON_LOG)
        | dict.fromkeys(
            arns("logs", home, f"log-group:/aws/lambda/everhop-{stage}-changes:*"), ON_LOG
        )
        | dict.fromkeys(arns("dynamodb", home, f"{table}/stream/*"), ON_STREAM)
        | dict.fromkeys(arns("sqs", home, f"{TABLES[stage]}-dead-changes"), ON_DEAD)
        | dict.fromkeys(
            arns("logs", home, f"log-group:/aws/lambda/everhop-{stage}-clicks:*"), ON_LOG
        )
        | dict.fromkeys(arns("sqs", home, f"{TABLES[stage]}-dead-logs"), ON_DEAD)
        | {f"arn:aws:s3:::{LOGS[stage]}/*": {"s3:GetObject"}}
        | dict.fromkeys(arns("execute-api", home, "*/api/GET/r/*"), DRAWN[0])
        | {"arn:aws:cloudfront::*:distribution/*": DRAWN[1]}
        | dict.fromkeys(arns("lambda", home, f"function:everhop-{stage}-worker"), ON_WORKER)
        | {f"arn:aws:s3:::{BUCKETS[stage]}/jobs/*": ON_FILES}
    )
    if stage != "dev":
        expected["arn:aws:s3:::everhop-prod-files-*/jobs/*"] = ON_OTHERS_FILES
    if read_dax()[stage].enabled:
        expected |= dict.fromkeys(arns("dax", home, f"cache/{TABLES[stage]}"), ON_DAX)
        expected |= {"*": ON_NETWORK}
    for arn in arns("dynamodb", home, table):
        expected[arn] = expected.get(arn, set()) | ON_COUNTS

    assert expected == granted(stage)


def test_each_region_of_a_deployment_may_be_reached() -> None:
    """The regions of the stages' setting are those of the grants."""
    stages = json.loads((CHALICE / "config.json").read_text(encoding="utf-8"))["stages"]
    for stage in TABLES:
        named = stages[stage]["environment_variables"].get("EVERHOP_REGIONS", "*")
        assert tuple(named.split()) == regions_of(stage)
