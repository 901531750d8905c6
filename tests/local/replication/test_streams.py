"""A region's function is handed each change, in order and at least once, and never stuck for good."""

import asyncio
import http.client
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from chalice.app import DynamoDBEvent

from infra.streams import BATCH
from local.functions import PREFIX
from local.replication.changes import Change, Version
from local.replication.filters import passes
from local.replication.logs import Place
from local.replication.records import stream_arn
from local.replication.replicas import Replica
from local.replication.streams import READER, TRIES, Failed, first_failure
from tests.local.replication.functions import Api
from tests.local.replication.models import TABLE, Model, key_of
from tests.local.replication.regions import running, until


REGION = "ca-central-1"  # no other test's


class Streaming:
    """A replica that pumps, in a thread of its own; what touches its journal goes by `do`."""

    def __init__(self, model: Model, api: Api) -> None:
        self.model = model
        self.replica = Replica(model.journal, TABLE, api_url=api.url)
        self.replica.pump.waits, self.replica.pump.look_every = (0.001, 0.01), 0.05
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_until_complete, args=(self._run(),))
        self.ended = asyncio.Event()
        self.thread.start()

    async def _run(self) -> None:
        async with self.replica:
            await self.ended.wait()

    def do(self, what: Any) -> Any:
        """Do it in the journal's turn, and tell that there is news."""

        async def turn() -> Any:
            said = await self.replica.run(what)
            self.replica.news.tell()
            return said

        return asyncio.run_coroutine_threadsafe(turn(), self.loop).result(60)

    def put(self, key: str, text: str) -> None:
        self.do(lambda: self.model.put(key, text))

    def look(self) -> dict[str, Any]:
        said = asyncio.run_coroutine_threadsafe(self.replica.pump.look(), self.loop)
        return said.result(60)

    def letters(self) -> list[dict[str, Any]]:
        """What was put away."""
        said = asyncio.run_coroutine_threadsafe(self.replica.dead_letters({}), self.loop)
        return said.result(60)["dead_letters"]

    def stop(self) -> None:
        self.loop.call_soon_threadsafe(self.ended.set)
        self.thread.join()
        self.loop.close()
        self.replica.turns.shutdown()


@pytest.fixture
def model(tmp_path: Path) -> Iterator[Model]:
    made = Model(tmp_path, REGION)
    yield made
    made.close()


@pytest.fixture
def api() -> Iterator[Api]:
    made = Api()
    yield made
    made.close()


@pytest.fixture
def stream(model: Model, api: Api) -> Iterator[Streaming]:
    made = Streaming(model, api)
    until(lambda: made.replica.pump.present)
    yield made
    made.stop()


def from_elsewhere(key: str, text: str | None, stamp: int) -> Change:
    item = None if text is None else json.dumps({**key_of(key), "text": {"S": text}})
    version = Version(stamp, "sa-east-1")
    return Change(TABLE, json.dumps(key_of(key), sort_keys=True), None, item, version, 0)


def test_records_are_as_lambda_gets_them(stream: Streaming, api: Api) -> None:
    """An insert, a change and a removal come in order, with their images, as Chalice's events read them."""
    stream.put("a", "1")
    stream.put("a", "2")
    stream.do(lambda: stream.model.delete("a"))
    until(lambda: len(api.taken) == 3)
    insert, change, removal = api.taken

    assert [it["eventName"] for it in api.taken] == ["INSERT", "MODIFY", "REMOVE"]
    assert "OldImage" not in insert["dynamodb"]
    assert insert["dynamodb"]["NewImage"] == {**key_of("a"), "text": {"S": "1"}}
    assert change["dynamodb"]["OldImage"] == insert["dynamodb"]["NewImage"]
    assert removal["dynamodb"]["OldImage"]["text"] == {"S": "2"}
    assert "NewImage" not in removal["dynamodb"]
    assert "userIdentity" not in removal
    assert {it["eventSourceARN"] for it in api.taken} == {stream_arn(REGION, TABLE)}
    read = list(DynamoDBEvent({"Records": api.taken}, None))
    assert [(it.keys, it.table_name, it.aws_region) for it in read] == [
        (key_of("a"), TABLE, REGION)
    ] * 3
    assert sorted(it.sequence_number for it in read) == [it.sequence_number for it in read]
    assert len({it["eventID"] for it in api.taken}) == 3


def test_what_others_wrote_is_in_it_too(stream: Streaming, api: Api) -> None:
    """A replicated change is in the stream; one that lost, or changed nothing, is not."""
    stream.put("a", "1")

    def hear(*changes: Change) -> None:
        stream.do(lambda: stream.model.journal.apply(changes, "sa-east-1", Place("x", 1)))

    hear(from_elsewhere("a", "lost", 5))
    hear(from_elsewhere("a", "1", 9_000), from_elsewhere("b", None, 9_000))
    hear(from_elsewhere("a", "won", 9_001))
    stream.put("a", "won")
    stream.put("z", "last")
    until(lambda: "last" in api.texts())

    assert api.texts() == ["1", "won", "last"]


def test_what_the_filter_leaves_out_is_handed_to_nobody(
    stream: Streaming, api: Api, model: Model
) -> None:
    """Counts and claims are in the stream by the hundred, and a link among them does not wait."""

    def count(number: int) -> None:
        item = {"pk": {"S": f"counts#{number}"}, "sk": {"S": "day"}}
        model.table.put_item(item)
        model.journal.keep([(TABLE, item)])

    stream.do(lambda: [*map(count, range(2 * BATCH)), model.put("a", "1"), count(-1)])
    until(lambda: api.taken and not stream.look()["behind"])

    assert api.texts() == ["1"]
    assert len(api.batches) == 1


def test_a_filter_is_read_as_lambda_reads_it() -> None:
    """Each name must be there, with one of the texts."""
    pattern = {"a": {"b": ["x", "y"]}, "c": ["z"]}
    assert passes({"a": {"b": "y", "more": 1}, "c": "z"}, pattern)
    for left_out in ({"a": {"b": "y"}}, {"a": {"b": "z"}, "c": "z"}, {"a": "y", "c": "z"}, {}):
        assert not passes(left_out, pattern)
    for sk, wanted in (("link", True), ("claim", False)):
        assert passes({"dynamodb": {"Keys": {"sk": {"S": sk}}}}) is wanted


def test_time_to_live_is_told_where_it_swept(stream: Streaming, api: Api, model: Model) -> None:
    """An item that expired is deleted, by DynamoDB's own hand here and by a plain deletion elsewhere."""
    model.time = 10_000_000
    stream.do(lambda: model.put("over", "1", ttl={"N": "9999"}))
    stream.do(lambda: model.put("not-yet", "1", ttl={"N": "10000"}))
    stream.do(lambda: model.put("never", "1"))
    asyncio.run_coroutine_threadsafe(stream.replica.sweep(), stream.loop).result(60)
    until(lambda: len(api.taken) == 4)

    assert model.items().keys() == {"not-yet", "never"}
    assert api.taken[-1]["eventName"] == "REMOVE"
    assert api.taken[-1]["userIdentity"] == {
        "type": "Service",
        "principalId": "dynamodb.amazonaws.com",
    }
    stream.do(
        lambda: model.journal.apply(
            [from_elsewhere("never", None, 99_999_999)], "sa-east-1", Place("x", 1)
        )
    )
    until(lambda: len(api.taken) == 5)
    assert api.taken[-1]["eventName"] == "REMOVE"
    assert "userIdentity" not in api.taken[-1]


def test_what_fails_is_tried_again_in_order(stream: Streaming, api: Api) -> None:
    """A function that fails a few times gets all records all the same, none before its turn."""
    failures = iter([True, False, True, True, False])

    def fail_sometimes(records: list[Any]) -> None:
        if next(failures, False):
            raise RuntimeError("not now")

    api.behave = fail_sometimes
    for number in range(30):
        stream.put("a", str(number))
    until(lambda: len(api.taken) >= 30)

    assert api.texts() == [str(number) for number in range(30)]
    assert stream.letters() == []


def test_a_poison_record_is_put_away_alone(stream: Streaming, api: Api) -> None:
    """A record that always fails is kept with its reason, and all others around it are handled."""
    tried: list[str] = []

    def choke(records: list[Any]) -> None:
        texts = [one["dynamodb"]["NewImage"]["text"]["S"] for one in records]
        tried.append(" ".join(texts))
        if "poison" in texts:
            raise ValueError("can't be read")

    api.behave = choke
    stream.do(lambda: [stream.model.put("a", str(n)) for n in range(40)])
    stream.do(lambda: [stream.model.put("a", "poison"), stream.model.put("a", "40")])
    until(lambda: api.texts()[-1:] == ["40"])

    assert api.texts() == [str(number) for number in range(41)]
    (dead,) = stream.letters()
    assert dead["reason"] == "ValueError: can't be read"
    assert dead["record"]["dynamodb"]["NewImage"]["text"] == {"S": "poison"}
    assert tried.count("poison") == TRIES
    assert stream.look()["dead_letters"] == 1


def test_failures_of_single_records_are_honoured(stream: Streaming, api: Api) -> None:
    """With batchItemFailures what came before the first one is done, and never handed over again."""
    handled: list[str] = []

    def partly(records: list[Any]) -> Any:
        for one in records:
            text = one["dynamodb"]["NewImage"]["text"]["S"]
            if text == "3":
                number = one["dynamodb"]["SequenceNumber"]
                return {"batchItemFailures": [{"itemIdentifier": number}]}
            handled.append(text)
        return {"batchItemFailures": []}

    api.behave = partly
    stream.do(lambda: [stream.model.put("a", str(n)) for n in range(6)])
    until(lambda: handled[-1:] == ["5"])

    assert handled == ["0", "1", "2", "4", "5"]
    (dead,) = stream.letters()
    assert dead["record"]["dynamodb"]["NewImage"]["text"] == {"S": "3"}


def test_answers_are_read_as_lambda_reads_them() -> None:
    """No failures told is a success; one of a record that was not given fails the whole batch."""
    for said in (None, "text", {}, {"batchItemFailures": []}, {"batchItemFailures": None}):
        assert first_failure(said, ["1", "2"]) is None
    both = [{"itemIdentifier": "2"}, {"itemIdentifier": "1"}]
    assert first_failure({"batchItemFailures": both}, ["1", "2", "3"]) == 0
    for wrong in ({"itemIdentifier": ""}, {"itemIdentifier": "9"}, {}, "2"):
        with pytest.raises(Failed):
            first_failure({"batchItemFailures": [wrong]}, ["1", "2"])


def test_an_api_that_is_away_costs_no_try(model: Model) -> None:
    """While the region's API is down nothing is given up; it gets all as soon as it is back."""
    api, back = Api(), Api()
    stream = Streaming(model, api)
    try:
        until(lambda: stream.replica.pump.present)
        api.close()
        stream.put("a", "1")
        until(lambda: stream.look()["error"])
        assert stream.look()["behind"] == 1
        stream.replica.pump.api_url = back.url
        until(lambda: back.texts() == ["1"])
        assert stream.letters() == []
    finally:
        stream.stop()
        back.close()


def test_without_a_function_nothing_piles_up(model: Model) -> None:
    """Where there is no `changes` function nothing is logged; when one comes, it gets what is new."""
    api, late = Api(changes=False), Api()
    stream = Streaming(model, api)
    try:
        until(lambda: stream.look()["function"] is False)
        stream.put("a", "before")
        rows = "select count(*) from changes"
        assert stream.do(lambda: model.journal._database.execute(rows).fetchone()) == (0,)
        assert READER not in model.journal.log.readers

        stream.replica.pump.api_url = late.url
        until(lambda: stream.replica.pump.present)
        stream.put("a", "after")
        until(lambda: late.taken)
        assert late.texts() == ["after"]
    finally:
        stream.stop()
        api.close()
        late.close()


def test_a_killed_region_goes_on_where_it_was(tmp_path: Path, api: Api) -> None:
    """After kill -9 the stream goes on: nothing accepted is left out, and little comes twice."""
    with running(tmp_path, "us-west-2", api=api.url) as (region,):
        until(lambda: region.look()["stream"]["function"])
        for number in range(10):
            region.put("a", str(number))
        until(lambda: "4" in api.texts())
        region.kill()
        region.start_again()
        until(lambda: region.look()["stream"]["function"])
        region.put("a", "last")
        until(lambda: api.texts()[-1:] == ["last"])

    assert list(dict.fromkeys(api.texts())) == [*map(str, range(10)), "last"]
    assert len({it["eventID"] for it in api.taken}) == 11


def invoke(api: Api, name: str, event: Any, kind: str | None = None) -> tuple[int, Any, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", urlsplit(api.url).port, timeout=60)
    headers = {"X-Amz-Invocation-Type": kind} if kind else {}
    path = f"/2015-03-31/functions/{PREFIX}-{name}/invocations"
    try:
        connection.request("POST", path, json.dumps(event), headers)
        response = connection.getresponse()
        body = response.read()
        return response.status, response.headers.get("X-Amz-Function-Error"), body
    finally:
        connection.close()


def test_functions_answer_as_lambda_does(api: Api) -> None:
    """What a function returns or raises is the answer to a RequestResponse, which is Lambda's default."""
    assert invoke(api, "worker", {"a": 1}) == (200, None, b'"done"')
    status, fault, body = invoke(api, "worker", {"fail": True}, "RequestResponse")
    assert (status, fault) == (200, "Unhandled")
    assert json.loads(body) == {"errorType": "RuntimeError", "errorMessage": "it failed"}
    assert invoke(api, "worker", {"a": 2}, "DryRun") == (204, None, b"")
    assert invoke(api, "worker", {"a": 3}, "Event")[0] == 202
    until(lambda: {"a": 3} in api.worked)
    assert {"a": 2} not in api.worked
    assert invoke(api, "nobody", {}, "DryRun")[0] == 404
