"""What `chalice deploy` is taught about the function that counts clicks.

What could break for a user: a function in a network without a way to the logs, events that are lost
between the bucket's notification and the dead letters, a first deploy that fails on a role so new.
"""

import json
import os
from typing import Any

import pytest
from botocore.exceptions import ClientError
from chalice.awsclient import TypedAWSClient
from chalice.config import Config

from infra import chalice_hooks, click_hooks, dax_hooks
from tests.conftest import ROOT


STAGE = "prod-us-east-1"
FUNCTION = f"arn:aws:lambda:us-east-1:123456789012:function:everhop-{STAGE}-clicks"
QUEUE = "arn:aws:sqs:us-east-1:123456789012:everhop-prod-dead-logs"
URL = "https://sqs.us-east-1.amazonaws.com/123456789012/q"
HANDED = {
    "subnet_ids": ["a"],
    "security_group_ids": ["g"],
    "environment_variables": {
        "EVERHOP_DAX": "daxs://c",
        "EVERHOP_BUCKET": "files",
        "EVERHOP_LOGS": "logs",
        "EVERHOP_DEAD_LOGS": URL,
    },
}


@pytest.fixture
def handed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chalice's configuration as a deploy adds to it, and as it was afterwards."""
    for name in ("_chain_merge", "_chain_lookup"):
        monkeypatch.setattr(Config, name, getattr(Config, name))
    for name in ("EVERHOP_LOGS", "EVERHOP_DEAD_LOGS"):
        monkeypatch.setenv(name, "")
    chalice_hooks._hand(HANDED)


def config_of(function: str) -> Config:
    on_disk = json.loads((ROOT / ".chalice" / "config.json").read_text())
    whole = Config(chalice_stage=STAGE, config_from_disk=on_disk)
    return whole.scope(STAGE, function)


def test_it_alone_stands_outside_of_the_network(handed: None) -> None:
    """It is told all that the others are, but of DAX, and its own time is its own."""
    worker, clicks = config_of("worker"), config_of("clicks")

    assert (worker.subnet_ids, worker.security_group_ids) == (["a"], ["g"])
    assert not clicks.subnet_ids
    assert not clicks.security_group_ids
    told = dict(worker.environment_variables)
    assert told.pop("EVERHOP_DAX") == "daxs://c"
    assert clicks.environment_variables == told
    assert told["EVERHOP_REGIONS"]
    assert clicks.lambda_timeout == 900


def test_the_hooks_see_what_is_handed(handed: None) -> None:
    """app.py and what is taught read the environment, which Chalice set before it knew."""
    assert os.environ["EVERHOP_LOGS"] == "logs"
    assert os.environ["EVERHOP_DEAD_LOGS"] == URL


def test_a_function_in_no_network_needs_no_ipv6_in_it() -> None:
    """Lambda refuses addresses of a network for who stands in none."""
    given: Any = None
    assert "Ipv6AllowedForDualStack" not in dax_hooks._network_with_ipv6(given, None, None)
    assert dax_hooks._network_with_ipv6(given, ["g"], ["a"])["Ipv6AllowedForDualStack"] is True


class Refused(ClientError):
    """What Lambda says of a role that it does not know, or not all of."""


class Lambda:
    """Notes what it is told; refuses the first so many times."""

    def __init__(self, said: list[Any], refusals: list[str]) -> None:
        self._said, self._refusals = said, refusals
        errors = {"InvalidParameterValueException": Refused, "ResourceInUseException": KeyError}
        self.exceptions = type("Errors", (), errors)

    def put_function_event_invoke_config(self, **settings: Any) -> dict[str, Any]:
        if self._refusals:
            error = {"Code": "InvalidParameterValueException", "Message": self._refusals.pop()}
            raise Refused({"Error": error}, "PutFunctionEventInvokeConfig")
        self._said.append(settings)
        return {}


def connect(monkeypatch: pytest.MonkeyPatch, *refusals: str, queue: str = URL) -> list[Any]:
    """What AWS is told, in order, when Chalice connects a bucket."""
    said: list[Any] = []
    monkeypatch.setenv("EVERHOP_STAGE", "prod")
    monkeypatch.setenv("EVERHOP_DEAD_LOGS", queue)
    monkeypatch.setattr(click_hooks, "_connect", lambda *given, **_: said.append(given[1:]))
    client = object.__new__(TypedAWSClient)
    told = Lambda(said, list(refusals))
    monkeypatch.setattr(client, "_client", lambda _: told, raising=False)
    monkeypatch.setattr(client, "_sleep", lambda _: None, raising=False)
    click_hooks._connect_with_settings(client, "logs", FUNCTION, events=["s3:ObjectCreated:*"])
    return said


NEW = "The function's execution role does not have permissions to call SendMessage on SQS"


@pytest.mark.parametrize("refusals", [(), (NEW, NEW)], ids=["known role", "new role"])
def test_dead_letters_come_before_events(
    monkeypatch: pytest.MonkeyPatch, refusals: tuple[str, ...]
) -> None:
    """The bucket tells nothing to a function that would drop it; a new role is waited for."""
    settings, connected = connect(monkeypatch, *refusals)

    assert settings == {
        "FunctionName": FUNCTION,
        "MaximumRetryAttempts": 2,
        "MaximumEventAgeInSeconds": 21600,
        "DestinationConfig": {"OnFailure": {"Destination": QUEUE}},
    }
    assert connected == ("logs", FUNCTION)


def test_a_queue_that_is_none_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What no waiting mends is not waited for, and the bucket is not connected."""
    with pytest.raises(Refused, match="does not exist"):
        connect(monkeypatch, NEW, "The destination ARN does not exist")


def test_without_a_queue_there_are_lambdas_own_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stage that names a bucket alone is deployed as it says."""
    assert connect(monkeypatch, queue="") == [("logs", FUNCTION)]
