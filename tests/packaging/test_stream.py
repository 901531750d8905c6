"""The stream's function is there where a stage is told of its stream, with all that is set."""

import json
from pathlib import Path

from infra.streams import BATCH, dead_letters
from tests.packaging.conftest import STREAM, WARMED, Package, chalice


def test_the_stream_is_followed_where_it_is_told(
    package: Package, export: Path, stage: str
) -> None:
    """With its filter, its retries and its dead letters, and a name that may write its log."""
    if stage != WARMED:
        assert "Changes" not in package.resources
        return
    function = package.resources["Changes"]["Properties"]
    (event,) = function["Events"].values()
    said = event["Properties"]
    name = function["FunctionName"]["Fn::Sub"].replace("${AWS::StackName}", f"everhop-{stage}")
    policy = (export / ".chalice" / f"policy-{stage}.json").read_text(encoding="utf-8")

    assert (function["Handler"], function["Timeout"]) == ("app.tell_of_changes", 60)
    assert (event["Type"], said["Stream"], said["StartingPosition"]) == (
        "DynamoDB",
        STREAM,
        "LATEST",
    )
    assert said["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert said["BisectBatchOnFunctionError"] is True
    assert said["BatchSize"] == BATCH > 100
    assert said["DestinationConfig"]["OnFailure"] == {
        "Destination": "arn:aws:sqs:eu-west-1:123456789012:everhop-prod-dead-changes",
    }
    (pattern,) = said["FilterCriteria"]["Filters"]
    assert json.loads(pattern["Pattern"]) == {"dynamodb": {"Keys": {"sk": {"S": ["link"]}}}}
    assert f"log-group:/aws/lambda/{name}:*" in policy
    assert dead_letters(STREAM, "prod").split(":", 5)[5] in policy


def test_deploy_plans_the_mapping(exports: dict[str, Path]) -> None:
    """`chalice deploy` makes it too, from the latest record on."""
    graph = chalice(exports[WARMED], "dev", "appgraph", "--stage", WARMED)

    assert f"function_name=everhop-{WARMED}-changes," in graph
    assert f"stream_arn={STREAM}" in graph
