"""The fence on one machine: who is refused, by the key that a request is signed with."""

import asyncio
import json

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from local.controls import ControlError
from local.fences import Fences, key_of, refusal


def signed(operation: str, caller: str) -> dict[str, str]:
    """The headers of a call to the database of eu-west-1, as botocore signs them."""
    target = {"X-Amz-Target": f"DynamoDB_20120810.{operation}"}
    request = AWSRequest("POST", "http://127.0.0.1:8000/", target, b"{}")
    SigV4Auth(Credentials(key_of(caller), "secret"), "dynamodb", "eu-west-1").add_auth(request)
    return dict(request.headers)


@pytest.fixture
def fences() -> Fences:
    """A database that was told that us-east-1 is fenced off."""
    told = Fences()
    assert asyncio.run(told.set({"region": "us-east-1", "refused": True})) == {
        "refused": ["us-east-1"]
    }
    return told


@pytest.mark.parametrize(
    ("operation", "caller", "refused"),
    [
        ("PutItem", "us-east-1", True),
        ("UpdateItem", "us-east-1", True),
        ("TransactWriteItems", "us-east-1", True),
        ("GetItem", "us-east-1", False),
        ("Query", "us-east-1", False),
        ("PutItem", "eu-west-1", False),
        ("PutItem", "us-east-10", False),
    ],
)
def test_a_fenced_region_reads_and_writes_nothing(
    fences: Fences, operation: str, caller: str, refused: bool
) -> None:
    """Its own key alone is refused, wherever it writes; until the fence is lifted."""
    headers = signed(operation, caller)
    assert fences.refuses(headers) is refused

    asyncio.run(fences.set({"region": "us-east-1", "refused": False}))
    assert not fences.refuses(headers)


def test_a_refusal_is_dynamodbs_own() -> None:
    """Botocore makes an AccessDeniedException of it."""
    answered = refusal(signed("PutItem", "us-east-1"))
    said = json.loads(answered.text)

    assert answered.status == 400
    assert said["__type"].endswith("#AccessDeniedException")
    assert "dynamodb:PutItem" in said["message"]


@pytest.mark.parametrize("words", [{}, {"region": "us-east-1"}, {"region": 1, "refused": True}])
def test_a_fence_that_says_nothing_is_refused(words: dict[str, object]) -> None:
    """With what it needs."""
    with pytest.raises(ControlError, match="needs a region"):
        asyncio.run(Fences().set(words))
