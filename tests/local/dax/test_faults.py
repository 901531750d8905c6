"""What a node does wrong on demand, and the errors that clients are told."""

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from botocore.exceptions import ClientError

from local.dax.cbor import Reader, dumps
from local.dax.clusters import Caching, Cluster
from local.dax.faults import Fault
from local.dax.threads import ClusterThread, run_cluster
from tests.conftest import ROOT
from tests.local.dax.clients import dax_client, dynamodb_client, make_table
from tests.local.dax.databases import (
    canned_database,
    forward,
    forwarding_database,
    served,
    slow_database,
)
from tests.local.dax.wires import Wire


@pytest.fixture
def running(database: str) -> Iterator[ClusterThread]:
    """Two nodes."""
    with run_cluster(Cluster(database, ports=(0, 0))) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def name(database: str) -> str:
    """A table with one item."""
    client = dynamodb_client(database)
    table = make_table(client, "S")
    client.put_item(TableName=table, Item={"pk": {"S": "a"}, "n": {"N": "1"}})
    return table


def test_a_silent_node(running: ClusterThread, name: str) -> None:
    """It takes connections and requests and answers none, until it is healed: then late."""
    running.behave(Fault.SILENT, 0)
    with Wire(running.endpoint) as wire:
        wire.get(name)
        assert wire.silent()
        running.behave(Fault.HEALTHY)
        assert wire.answer().startswith(b"\x80")


def test_a_node_that_falls_silent_while_it_is_asked(name: str, database: str) -> None:
    """An answer that is under way then waits as well."""
    with (
        slow_database(database) as (url, go_on),
        run_cluster(Cluster(url)) as cluster,
        Wire(cluster.endpoint) as wire,
    ):
        wire.get(name)
        cluster.behave(Fault.SILENT)
        go_on.set()
        assert wire.silent()
        cluster.behave(Fault.HEALTHY)
        assert wire.answer().startswith(b"\x80")


def test_a_slow_node(running: ClusterThread, name: str) -> None:
    """It answers all, as late as it is told, and one request after the other."""
    running.behave(Fault.SLOW, 0, delay_for=0.1)
    with Wire(running.endpoint) as wire:
        started = time.perf_counter()
        wire.get(name)
        wire.get(name)
        answer = wire.answer() + wire.answer()
        assert time.perf_counter() - started >= 0.2
        assert len(answer) % 2 == 0
        assert answer[: len(answer) // 2] == answer[len(answer) // 2 :]


def test_a_cut_answer(running: ClusterThread, name: str) -> None:
    """The connection is closed in the middle of an answer, though the write was done."""
    with Wire(running.endpoint) as wire:
        wire.get(name)
        whole = wire.answer()
    running.behave(Fault.CUT, 0)
    with Wire(running.endpoint) as wire:
        wire.get(name)
        part = wire.answer()
        assert whole.startswith(part)
        assert 0 < len(part) < len(whole)
        assert wire.answer() == b""


def test_a_node_that_is_gone(running: ClusterThread, name: str) -> None:
    """Nobody connects, who was connected is not any more, and the next node leads."""
    replica = running.status()["nodes"][1]["endpoint"]
    with Wire(running.endpoint) as wire, Wire(replica) as other:
        wire.get(name)
        wire.answer()
        running.behave(Fault.REFUSING, 0)
        assert wire.answer() == b""
        with pytest.raises(ConnectionRefusedError):
            Wire(running.endpoint)
        assert roles(other) == {1: 1}
        running.behave(Fault.HEALTHY, 0)
        assert roles(other) == {0: 1, 1: 2}
        with Wire(running.endpoint) as again:
            again.get(name)
            assert again.answer().startswith(b"\x80")


def roles(wire: Wire) -> dict[int, int]:
    """The role of each node, as a node has it."""
    wire.send(1, 455855874)
    success, endpoints = Reader(wire.answer()).items()
    assert success == []
    return {one[0]: one[4] for one in endpoints}


def test_endpoints(running: ClusterThread) -> None:
    """A node tells where all are: the address a client came to, and each node's port."""
    with Wire(running.endpoint) as wire:
        wire.send(1, 455855874)
        _, endpoints = Reader(wire.answer()).items()
    told = [f"dax://{'.'.join(map(str, one[2]))}:{one[3]}" for one in endpoints]

    assert told == [one["endpoint"] for one in running.status()["nodes"]]


def test_a_request_in_many_parts(running: ClusterThread, name: str) -> None:
    """A request is answered however it is cut on its way, and so are two that come at once."""
    with Wire(running.endpoint) as wire:
        request = dumps(1, 263244906, name.encode(), b"a", None)
        for place in range(len(request)):
            wire.socket.sendall(request[place : place + 1])
        first = wire.answer()
        wire.socket.sendall(request + request)
        both = b""
        while len(both) < 2 * len(first):
            both += wire.answer()
        assert both == first + first


@pytest.mark.parametrize(
    "data",
    [b"GET / HTTP/1.1\r\n\r\n", dumps("other", 0, None, {}, 0), b"\x1c", b"\xff" * 40],
)
def test_another_protocol(running: ClusterThread, data: bytes) -> None:
    """Who speaks something else is shown the door."""
    with Wire(running.endpoint, greets=False) as wire:
        wire.socket.sendall(data)
        assert wire.answer() == b""


@pytest.mark.parametrize("request_items", [(1, 12345), (1, "getItem"), (1, [], {})])
def test_an_unknown_method(running: ClusterThread, request_items: tuple[Any, ...]) -> None:
    """Nobody knows where such a request ends, so the connection does."""
    with Wire(running.endpoint) as wire:
        wire.send(*request_items)
        assert wire.answer() == b""


def test_keys_that_are_not_accepted(database: str, name: str) -> None:
    """A wrong access key is told so with the codes that clients know."""
    cluster = Cluster(database, accepts=lambda key: key == "good")
    with run_cluster(cluster) as running, Wire(running.endpoint) as wire:
        wire.send(1, 1489122155, "bad", "signature", b"text", None, None)
        wire.get(name)
        codes, _, details = Reader(wire.answer()).items()
        assert codes[:3] == [4, 23, 31]
        assert details[1] == "UnrecognizedClientException"
        wire.send(1, 1489122155, "good", "signature", b"text", None, None)
        wire.get(name)
        assert wire.answer().startswith(b"\x80")


# What DynamoDB says, and DAX's codes for it.
REFUSALS = [
    ("ProvisionedThroughputExceededException", 400, (4, 37, 38, 39, 40)),
    ("ThrottlingException", 400, (4, 37, 38, 39, 50)),
    ("RequestLimitExceeded", 400, (4, 37, 38, 39, 61)),
    ("ValidationException", 400, (4, 37, 38, 39, 46)),
    ("AccessDeniedException", 400, (4, 37, 38, 42)),
    ("TransactionConflictException", 400, (4, 37, 38, 39, 57)),
    ("InternalServerError", 500, (4, 37, 38, 39, 47)),
    ("SomethingNewException", 400, (4, 37, 38, 39, 0)),
]


@pytest.mark.parametrize(("code", "status", "codes"), REFUSALS)
def test_refusals(code: str, status: int, codes: tuple[int, ...]) -> None:
    """Each refusal has DAX's codes, DynamoDB's name, its words and its status."""
    refusal = {"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": "No."}
    with (
        canned_database(status, json.dumps(refusal)) as url,
        run_cluster(Cluster(url)) as cluster,
        Wire(cluster.endpoint) as wire,
    ):
        wire.get("links")
        assert Reader(wire.answer()).items() == [list(codes), "No.", [None, code, status]]


def test_a_client_reads_a_throttle() -> None:
    """AWS's client tells throttling by the name that retries look for."""
    throttle = {"__type": "x#ProvisionedThroughputExceededException", "message": "Slow down."}
    with (
        canned_database(400, json.dumps(throttle)) as url,
        run_cluster(Cluster(url)) as cluster,
        dax_client(cluster.endpoint) as client,
        pytest.raises(ClientError) as caught,
    ):
        client.get_item(TableName="links", Key={"pk": {"S": "a"}})
    error = caught.value.response["Error"]
    assert error == {"Code": "ProvisionedThroughputExceededException", "Message": "Slow down."}


def test_a_database_that_is_gone(database: str) -> None:
    """Without a table behind it DAX says so, and answers what it has; a lost write is forgotten."""
    client = dynamodb_client(database)
    table = make_table(client, "S")
    with (
        forwarding_database(database) as (url, gone),
        run_cluster(Cluster(url)) as cluster,
        dax_client(cluster.endpoint) as dax,
    ):
        for key in "ab":
            dax.put_item(TableName=table, Item={"pk": {"S": key}})
        gone.set()
        assert dax.get_item(TableName=table, Key={"pk": {"S": "a"}})["Item"]
        for call in (
            lambda: dax.get_item(TableName=table, Key={"pk": {"S": "c"}}),
            lambda: dax.put_item(TableName=table, Item={"pk": {"S": "b"}, "n": {"N": "2"}}),
            lambda: dax.get_item(TableName=table, Key={"pk": {"S": "b"}}),
        ):
            with pytest.raises(ClientError) as caught:
                call()
            code = caught.value.response["Error"]["Code"]
            assert code.startswith("InternalServerError")
        assert dax.get_item(TableName=table, Key={"pk": {"S": "a"}})["Item"]


def test_why_a_transaction_was_cancelled(running: ClusterThread, name: str) -> None:
    """Each operation's reason comes with the item that was in its way, if it is wanted."""
    put = {"TableName": name, "Item": {"pk": {"S": "a"}}}
    refused = {
        **put,
        "ConditionExpression": "attribute_not_exists(pk)",
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }
    other = {"TableName": name, "Item": {"pk": {"S": "b"}}}
    with dax_client(running.endpoint) as client, pytest.raises(ClientError) as caught:
        client.transact_write_items(TransactItems=[{"Put": other}, {"Put": refused}])

    assert caught.value.response["Error"]["Code"] == "TransactionCanceledException"
    reasons = caught.value.cancellation_reasons  # type: ignore[attr-defined]
    assert reasons[0] == "None"
    assert reasons[3] == "ConditionalCheckFailed"
    assert Reader(reasons[5]).items()[1:] == [1]


def test_a_cluster_by_itself(database: str, name: str) -> None:
    """`python -m local.dax` serves, counts, and is broken and healed over HTTP."""
    process = subprocess.Popen(
        [sys.executable, "-m", "local.dax", database, "--ports", "0", "0"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    with process.stdout as lines:
        ready = lines.readline().split()
        endpoint, controls = ready[3].rstrip(","), ready[5]
        with Wire(endpoint) as wire:
            wire.get(name)
            assert wire.answer().startswith(b"\x80")
            status = ask(controls)
            assert status["nodes"][0]["calls"] == {"GetItem": 1}
            assert status["nodes"][0]["item_cache"] == {"hits": 0, "misses": 1}
            status = ask(f"{controls}/faults", fault="slow", node=1, delay_for=0.5)
            assert [one["fault"] for one in status["nodes"]] == ["healthy", "slow"]
            ask(f"{controls}/faults", fault="silent")
            wire.get(name)
            assert wire.silent()
            ask(f"{controls}/faults", fault="healthy")
            assert wire.answer().startswith(b"\x80")
            for wrong in ({"fault": "broken"}, {"fault": "slow", "node": 2}, {}):
                with pytest.raises(HTTPError) as caught:
                    ask(f"{controls}/faults", **wrong)
                with caught.value as answer:
                    assert answer.code == 400
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0


def ask(url: str, **fault: Any) -> Any:
    """Read the status, or send a fault."""
    data = json.dumps(fault).encode() if "/faults" in url else None
    with urlopen(Request(url, data)) as answer:
        return json.load(answer)


def test_an_old_answer_never_overwrites_a_write(database: str) -> None:
    """A read that was under way while a write was done is not what the cache keeps."""
    client = dynamodb_client(database)
    table = make_table(client, "S")
    client.put_item(TableName=table, Item={"pk": {"S": "a"}, "n": {"N": "1"}})
    reading, go_on = threading.Event(), threading.Event()

    def reply(target: str, body: bytes) -> tuple[int, bytes]:
        answer = forward(database, target, body)
        if target.endswith("GetItem") and not go_on.is_set():
            reading.set()
            go_on.wait(5)
        return answer

    with (
        served(reply) as url,
        run_cluster(Cluster(url, caching=Caching())) as cluster,
        Wire(cluster.endpoint) as wire,
        dax_client(cluster.endpoint) as dax,
    ):
        wire.get(table)
        assert reading.wait(5)
        dax.put_item(TableName=table, Item={"pk": {"S": "a"}, "n": {"N": "2"}})
        go_on.set()
        assert wire.answer().startswith(b"\x80")
        found = dax.get_item(TableName=table, Key={"pk": {"S": "a"}})["Item"]
        assert found["n"] == {"N": "2"}
