"""The fence around an evacuated region: it denies every write, and outlasts a deploy."""

import json
from collections.abc import Iterator

import boto3
import pytest
from moto.server import ThreadedMotoServer

from tools.fences import FENCE, Fence, fence_policy
from tools.packages import policy_of
from tools.stages import find_group


@pytest.fixture(scope="module")
def aws() -> Iterator[str]:
    """An AWS of this process."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


def test_the_fence_outlasts_a_deploy_and_denies_every_write(
    aws: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A policy of its own beside Chalice's, at each role of the stage and no other's."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "none")
    monkeypatch.setenv("AWS_ENDPOINT_URL", aws)
    iam = boto3.client("iam", region_name="us-east-1", endpoint_url=aws)
    own = [f"everhop-prod-us-east-1-{it}" for it in ("api_handler", "worker")]
    for role in (*own, "everhop-prod-eu-west-1-api_handler"):
        iam.create_role(RoleName=role, AssumeRolePolicyDocument="{}")
        iam.put_role_policy(RoleName=role, PolicyName=role, PolicyDocument=json.dumps(ALLOW))
    _, (stage,) = find_group("prod-us-east-1")
    fence = Fence(stage)

    assert sorted(fence.raise_it()) == own
    for role in own:
        assert iam.list_role_policies(RoleName=role)["PolicyNames"] == [role, FENCE]
    other = iam.list_role_policies(RoleName="everhop-prod-eu-west-1-api_handler")
    assert FENCE not in other["PolicyNames"]
    fence.lift()
    fence.lift()
    assert iam.list_role_policies(RoleName=own[0])["PolicyNames"] == [own[0]]


ALLOW = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
}


def test_what_a_stage_may_write_the_fence_denies() -> None:
    """Each action of its policy that changes the table, directly or through DAX, is among them."""
    group, _ = find_group("prod")
    denied = {action for it in fence_policy(group.table)["Statement"] for action in it["Action"]}
    policy = policy_of(group.stages[0].config)
    allowed = [it for one in policy["Statement"] for it in one["Action"]]
    writes = {it for it in allowed if it.startswith(("dynamodb:", "dax:"))} - {
        *("dynamodb:GetItem", "dynamodb:Query", "dax:GetItem", "dax:BatchGetItem"),
        *("dax:ConditionCheckItem", "dynamodb:DescribeStream", "dynamodb:GetRecords"),
        *("dynamodb:GetShardIterator", "dynamodb:ListStreams", "dynamodb:BatchGetItem"),
        "dynamodb:TransactWriteItems",
    }
    assert writes
    assert writes <= denied
