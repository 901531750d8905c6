"""The function `clicks` as S3 calls it: files of a real S3, counts in a real table, dead letters."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from chalicelib.click_wiring import make_fold_service, make_handler
from chalicelib.config import Config, load
from chalicelib.core.errors import Unavailable
from chalicelib.store import job_clients
from chalicelib.store.models import bind
from tests.service.fold_world import NOON, line, pack


REGION = "us-east-1"


class Context:
    """So much time is left."""

    def get_remaining_time_in_millis(self) -> int:
        return 900_000


class World:
    """An account with a table, a bucket and a queue."""

    def __init__(self, url: str) -> None:
        named = {"endpoint_url": url, "region_name": REGION}
        self.s3, self.sqs = boto3.client("s3", **named), boto3.client("sqs", **named)
        self.s3.create_bucket(Bucket="logs-1")
        self.queue = self.sqs.create_queue(QueueName="everhop-dev-dead-logs")["QueueUrl"]
        self.config: Config = load(
            {
                "EVERHOP_STORE": "dynamodb",
                "EVERHOP_REGION": REGION,
                "EVERHOP_LOGS": "logs-1",
                "EVERHOP_DEAD_LOGS": self.queue,
            }
        )
        bind(self.config.table, REGION).create_table(billing_mode="PAY_PER_REQUEST", wait=True)
        self.said: list[dict[str, Any]] = []
        service = make_fold_service(self.config, lambda: NOON)
        self.handler = make_handler(
            self.config, service, lambda: NOON, lambda text: self.said.append(json.loads(text))
        )

    def tell(self, *keys: str) -> dict[str, Any]:
        """Have S3 tell of these keys, as it writes them."""
        records = [{"s3": {"bucket": {"name": "logs-1"}, "object": {"key": key}}} for key in keys]
        return self.handler({"Records": records}, Context())

    def letters(self) -> list[dict[str, Any]]:
        found = self.sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10)
        return [json.loads(one["Body"]) for one in found.get("Messages", [])]


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "none")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "none")
    job_clients.make_client.cache_clear()
    made = World(f"http://{host}:{port}")
    yield made
    # All servers of a process have the same tables.
    bind(made.config.table, REGION).delete_table()
    job_clients.make_client.cache_clear()
    server.stop()


def test_files_are_folded_once_and_told_of(world: World) -> None:
    """Keys come as S3 writes them; the same file under another key is known."""
    data = pack([line(NOON, "/a"), "no line", line(NOON, "/b")])
    for key in ("edge/E1 1.gz", "again/E1 1.gz"):
        world.s3.put_object(Bucket="logs-1", Key=key, Body=data)

    first, second = (world.tell(key)["files"][0] for key in ("edge/E1+1.gz", "again/E1%201.gz"))

    assert (first["name"], first["state"], first["requests"]) == ("E1 1.gz", "folded", 2)
    assert (first["bad"], second["state"]) == ({"fields": 1}, "known")
    assert [one["level"] for one in world.said] == ["warning", "info"]
    assert world.said[0]["event"] == "clicks"
    assert world.tell() == {"files": []}
    assert world.handler({"Event": "s3:TestEvent"}, Context()) == {"files": []}


def test_a_bad_file_goes_to_the_queue_and_holds_up_no_other(world: World) -> None:
    """With its reason, and without another try: it would be no better."""
    world.s3.put_object(Bucket="logs-1", Key="bad.gz", Body=b"<html>")
    world.s3.put_object(Bucket="logs-1", Key="good.gz", Body=pack([line(NOON, "/a")]))

    told = world.tell("bad.gz", "good.gz", "gone.gz")["files"]

    assert [one["state"] for one in told] == ["refused", "folded", "refused"]
    letters = sorted(world.letters(), key=lambda it: it["key"])
    assert [(one["bucket"], one["key"]) for one in letters] == [
        ("logs-1", "bad.gz"),
        ("logs-1", "gone.gz"),
    ]
    assert letters[0]["reason"].startswith("it is no gzip")
    assert letters[1]["reason"] == "it is not there any more"


def test_what_can_not_be_folded_now_is_handed_over_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole event fails, after the rest of it was done; then that is known."""
    for key in ("a.gz", "b.gz"):
        world.s3.put_object(Bucket="logs-1", Key=key, Body=pack([line(NOON, "/a")]))
    with monkeypatch.context() as short:
        short.setattr(Context, "get_remaining_time_in_millis", lambda _: 5_000)
        with pytest.raises(Unavailable):
            world.tell("a.gz")
    assert world.said[-1]["state"] == "later"

    assert [one["state"] for one in world.tell("b.gz", "a.gz")["files"]] == ["folded", "folded"]
    assert world.letters() == []
