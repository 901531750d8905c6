"""The function that counts clicks is packaged, though its bucket is in another stack.

What could break for a user: `chalice package` that fails for each stage which counts, a bucket that
may not call, failures that end nowhere, a function in a network from which it reaches no log.
"""

import copy
import json
from pathlib import Path
from typing import Any

import boto3
import pytest
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

from infra.clicks import dead_letters
from tests.infra.rendering import load, render
from tests.packaging.conftest import LOGS, WARMED, Package, chalice


@pytest.fixture(scope="module")
def translated(packages: dict[str, Package]) -> dict[str, Any]:
    """What CloudFormation makes of the template of the stage that counts, without asking AWS."""
    template = copy.deepcopy(packages[WARMED].template)
    for resource in template["Resources"].values():
        if "CodeUri" in resource["Properties"]:
            resource["Properties"]["CodeUri"] = "s3://bucket/key"
    session = boto3.Session(region_name="eu-west-1")
    made: dict[str, Any] = Translator({}, Parser(), boto_session=session).translate(template, {})
    return dict(made["Resources"])


def test_only_who_has_logs_counts_them(package: Package, export: Path, stage: str) -> None:
    """A function of the same zip, with its time and a name that may write its log."""
    if stage != WARMED:
        assert not {"Clicks", "ClicksPermission"} & set(package.resources)
        return
    function = package.resources["Clicks"]["Properties"]
    name = function["FunctionName"]["Fn::Sub"].replace("${AWS::StackName}", f"everhop-{stage}")
    policy = (export / ".chalice" / f"policy-{stage}.json").read_text(encoding="utf-8")

    assert (function["Handler"], function["Timeout"]) == ("app.count_clicks", 900)
    assert function["CodeUri"] == package.resources["Worker"]["Properties"]["CodeUri"]
    assert function["Environment"]["Variables"]["EVERHOP_LOGS"] == LOGS
    assert f"log-group:/aws/lambda/{name}:*" in policy
    assert (
        dead_letters(f"arn:aws:lambda:eu-west-1:1:function:{name}", "prod").split(":", 5)[5]
        in policy
    )


def test_it_stands_outside_the_network(packages: dict[str, Package]) -> None:
    """Where the others have DAX, from whose network neither the logs nor the queue are reached."""
    resources = packages[WARMED].resources

    assert "VpcConfig" in resources["Worker"]["Properties"]
    assert "VpcConfig" not in resources["Clicks"]["Properties"]
    assert "EVERHOP_DAX" not in resources["Clicks"]["Properties"]["Environment"]["Variables"]


def test_its_bucket_may_call_it_and_no_other(translated: dict[str, Any]) -> None:
    """The one of this account: a bucket's name can become somebody else's."""
    function = translated["Clicks"]
    permission = translated["ClicksPermission"]["Properties"]

    assert function["Type"] == "AWS::Lambda::Function"
    assert permission == {
        "Action": "lambda:InvokeFunction",
        "FunctionName": {"Ref": "Clicks"},
        "Principal": "s3.amazonaws.com",
        "SourceAccount": {"Ref": "AWS::AccountId"},
        "SourceArn": {"Fn::Sub": f"arn:${{AWS::Partition}}:s3:::{LOGS}"},
    }


def test_what_it_fails_with_ends_in_its_queue(translated: dict[str, Any]) -> None:
    """After all of Lambda's retries; its role may send there."""
    (settings,) = [
        it["Properties"]
        for it in translated.values()
        if it["Type"] == "AWS::Lambda::EventInvokeConfig"
    ]
    queue = "arn:aws:sqs:eu-west-1:${AWS::AccountId}:everhop-prod-dead-logs"
    (role,) = [
        it for name, it in translated.items() if translated["Clicks"]["Properties"]["Role"]
        == {"Fn::GetAtt": [name, "Arn"]}
    ]  # fmt: skip

    assert settings["FunctionName"] == {"Ref": "Clicks"}
    assert (settings["MaximumRetryAttempts"], settings["MaximumEventAgeInSeconds"]) == (2, 21600)
    assert settings["DestinationConfig"]["OnFailure"] == {"Destination": {"Fn::Sub": queue}}
    assert "sqs:SendMessage" in json.dumps(role["Properties"]["Policies"])


@pytest.mark.parametrize(
    ("name", "region", "bucket"),
    [("global/logs", "us-east-1", "Logs"), ("regional/log_copies", "eu-west-1", "Copies")],
    ids=["logs", "copies"],
)
def test_the_buckets_stack_is_told_of_it(name: str, region: str, bucket: str) -> None:
    """By the function's name, afterwards; until then the bucket tells nobody, and nothing is lost."""
    given = {"AWS::Region": region}
    before = render(load(name), given)[bucket]["Properties"]
    counted = render(load(name), {**given, "CountedBy": "everhop-prod-clicks"})[bucket]
    (told,) = counted["Properties"]["NotificationConfiguration"]["LambdaConfigurations"]

    assert "NotificationConfiguration" not in before
    assert told == {
        "Event": "s3:ObjectCreated:*",
        "Function": f"arn:aws:lambda:{region}:123456789012:function:everhop-prod-clicks",
    }


def test_deploy_plans_the_notification(exports: dict[str, Path]) -> None:
    """`chalice deploy` has the bucket tell it by itself."""
    graph = chalice(exports[WARMED], "dev", "appgraph", "--stage", WARMED)

    assert f"function_name=everhop-{WARMED}-clicks," in graph
    assert f"bucket={LOGS}" in graph
