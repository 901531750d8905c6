"""Which functions a replay asks, and about which bucket: what the regions have, not the work tree.

What could break for a user: a replay that finds nobody, as a deploy and no file says who counts; a
region that is asked to read another's bucket, which it may not; one that is lost and stops all.
"""

import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError

from tools import replay_runs
from tools.client import CannotRun
from tools.replay_runs import Counters, find_counters


US, EU = "us-east-1", "eu-west-1"
LOGS = {region: f"logs-{region}" for region in (US, EU)}


class Cloud:
    """What Lambda and S3 of the regions answer; `homes` by key, of those that are told of files."""

    def __init__(self, homes: dict[str, str]) -> None:
        self.homes, self.lost, self.without = homes, set[str](), set[str]()
        self.asked: list[tuple[str, str, str]] = []
        self.put: list[tuple[str, str]] = []

    def client(self, service: str, region: str, **_: Any) -> Any:
        return Lambda(self, region) if service == "lambda" else Bucket(self)


class Bucket:
    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def put_object(self, Bucket: str, Key: str, Body: bytes) -> None:  # noqa: N803 - S3's words
        assert Body
        self._cloud.put.append((Bucket, Key))


class Lambda:
    def __init__(self, cloud: Cloud, region: str) -> None:
        self._cloud, self._region = cloud, region

    def get_function_configuration(self, FunctionName: str) -> dict[str, Any]:  # noqa: N803
        if self._region in self._cloud.lost:
            raise ConnectTimeoutError(endpoint_url=f"https://lambda.{self._region}")
        if self._region in self._cloud.without:
            said = {"Error": {"Code": "ResourceNotFoundException", "Message": FunctionName}}
            raise ClientError(said, "GetFunctionConfiguration")
        assert FunctionName == f"everhop-prod-{self._region}-clicks"
        return {"Environment": {"Variables": {"EVERHOP_LOGS": LOGS[self._region]}}}

    def invoke(self, FunctionName: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803
        assert FunctionName.endswith(f"{self._region}-clicks")
        told = json.loads(Payload)["Records"][0]["s3"]
        bucket, key = told["bucket"]["name"], told["object"]["key"]
        self._cloud.asked.append((self._region, bucket, key))
        state = "folded" if self._cloud.homes[key] == self._region else "elsewhere"
        body = json.dumps({"files": [{"name": key, "state": state}]}).encode()
        return {"Payload": io.BytesIO(body)}


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[str, str]], Cloud]:
    def stand(homes: dict[str, str]) -> Cloud:
        made = Cloud(homes)
        monkeypatch.setattr(replay_runs, "_client", made.client)
        monkeypatch.setattr(replay_runs, "_WAIT", 0.0)
        return made

    return stand


def at_once(counters: Counters) -> Counters:
    return Counters(counters.regions, wait=0)


def test_each_region_reads_its_own_bucket(cloud: Callable[[dict[str, str]], Cloud]) -> None:
    """Whichever is named: who counts has a copy, and may read no other."""
    made = cloud({"a.gz": EU})
    counters = at_once(find_counters("prod"))

    assert counters.count([(LOGS[US], "a.gz")])[0]["state"] == "folded"
    assert made.asked == [(US, LOGS[US], "a.gz"), (EU, LOGS[EU], "a.gz")]
    counters.put("replays/a.gz", b"x")
    assert made.put == [(LOGS[US], "replays/a.gz"), (LOGS[EU], "replays/a.gz")]


def test_a_bucket_of_ones_own_is_read_where_it_is(
    cloud: Callable[[dict[str, str]], Cloud],
) -> None:
    """One that is no region's is named to each as it is."""
    made = cloud({"a.gz": US})
    assert at_once(find_counters("prod")).count([("mine", "a.gz")])[0]["state"] == "folded"
    assert made.asked == [(US, "mine", "a.gz")]


def test_a_lost_region_stops_nobody(
    cloud: Callable[[dict[str, str]], Cloud], capsys: pytest.CaptureFixture[str]
) -> None:
    """What it has left is counted by the other, from its copies; and it is said who was left out."""
    made = cloud({"a.gz": EU})
    made.lost.add(US)
    counters = at_once(find_counters("prod"))

    assert counters.count([(LOGS[EU], "a.gz")])[0]["state"] == "folded"
    assert "Going on without everhop-prod-us-east-1-clicks" in capsys.readouterr().err


def test_nobody_who_counts_is_said(
    cloud: Callable[[dict[str, str]], Cloud], capsys: pytest.CaptureFixture[str]
) -> None:
    """A stage without the function is no error of AWS."""
    made = cloud({})
    made.without |= {US, EU}
    with pytest.raises(CannotRun, match="No stage of prod counts clicks"):
        find_counters("prod")
    assert capsys.readouterr().err == ""
