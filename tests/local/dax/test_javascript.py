"""AWS's client for JavaScript against the server: a reader of the protocol that is not Python's.

It needs node, and once `npm ci --prefix tests/local/dax/javascript`.
"""

import json
import shutil
import subprocess
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.dax.clusters import Cluster
from local.dax.threads import ClusterThread, run_cluster
from tests.local.dax.clients import comparable, dynamodb_client, index, make_table


HERE = Path(__file__).parent / "javascript"
CLIENT = HERE / "node_modules" / ".package-lock.json"  # written last: all of it is there
NODE = shutil.which("node")
pytestmark = pytest.mark.skipif(
    not NODE or not CLIENT.exists(),
    reason="NOT RUN: AWS's JavaScript client is not here. It takes node, and "
    "`npm ci --prefix tests/local/dax/javascript`.",
)
Ask = Callable[..., Any]
KEY = {"pk": {"S": "ü"}, "sk": {"N": "50"}}
ITEM = {
    **KEY,
    "text": {"S": "🙂"},
    "n": {"N": "1.5"},
    "exact": {"N": "0.12345678901234567890123456789012345678"},
    "large": {"N": "-123456789012345678901234567890"},
    "small": {"N": "0.0000001"},
    "data": {"B": b"\x00\xff"},
    "all": {"L": [{"NULL": True}, {"BOOL": False}, {"M": {"a.b": {"N": "7"}}}]},
    "texts": {"SS": ["a", "b"]},
    "numbers": {"NS": ["1", "2.5"]},
    "blobs": {"BS": [b"\x01"]},
}


@pytest.fixture(scope="module")
def running(database: str) -> Iterator[ClusterThread]:
    with run_cluster(Cluster(database, ports=(0, 0))) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def ask(running: ClusterThread) -> Iterator[Ask]:
    """Asks DAX by the JavaScript client; an error is a text."""
    process = subprocess.Popen(
        [str(NODE), "operations.mjs", running.endpoint, str(HERE / "node_modules")],
        cwd=HERE,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin
    assert process.stdout

    def ask(operation: str, **parameters: Any) -> Any:
        first, *words = operation.split("_")
        name = first + "".join(map(str.title, words))
        line = json.dumps({"operation": name, "parameters": sent(parameters)})
        process.stdin.write(f"{line}\n")
        process.stdin.flush()
        answer = received(json.loads(process.stdout.readline()))
        return answer["code"] if "error" in answer else answer

    yield ask
    process.communicate(timeout=10)


def sent(value: Any) -> Any:
    if isinstance(value, bytes):
        return {"bytes": b64encode(value).decode()}
    if isinstance(value, list):
        return [sent(one) for one in value]
    return {k: sent(v) for k, v in value.items()} if isinstance(value, dict) else value


def received(value: Any) -> Any:
    if isinstance(value, list):
        return [received(one) for one in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {"bytes"}:
        return b64decode(value["bytes"])
    return {key: received(one) for key, one in value.items()}


@pytest.fixture(scope="module")
def pair(ask: Ask, database: str) -> "Pair":
    return Pair(ask, database)


class Pair:
    """Two tables, one for each client, in which the same is done."""

    def __init__(self, ask: Ask, database: str) -> None:
        self.ask = ask
        self.plain = dynamodb_client(database)
        more = {
            "types": {"text": "S"},
            "GlobalSecondaryIndexes": [index("by_text", "text", "sk")],
        }
        self.tables = [make_table(self.plain, "S", "N", **dict(more)) for _ in range(2)]

    def same(self, operation: str, **parameters: Any) -> Any:
        """What both answer; "T" is the table."""
        try:
            plain = getattr(self.plain, operation)(**named(parameters, "T", self.tables[0]))
        except ClientError as error:
            plain = error.response["Error"]["Code"]
        dax = self.ask(operation, **named(parameters, "T", self.tables[1]))
        if isinstance(plain, dict):
            for field in ("ResponseMetadata", "ConsumedCapacity", "ItemCollectionMetrics"):
                plain.pop(field, None)
            dax.pop("ItemCollectionMetrics", None)
        assert comparable(named(dax, self.tables[1], "T")) == comparable(
            named(plain, self.tables[0], "T")
        )
        return plain


def named(value: Any, old: str, new: str) -> Any:
    if isinstance(value, list):
        return [named(one, old, new) for one in value]
    if isinstance(value, dict):
        return {named(key, old, new): named(one, old, new) for key, one in value.items()}
    return new if value == old else value


def test_items_of_every_type(pair: Pair, running: ClusterThread) -> None:
    """What JavaScript writes is in the table, and what it reads is what boto3 reads."""
    assert pair.same("get_item", TableName="T", Key=KEY) == {}
    pair.same("put_item", TableName="T", Item=ITEM)
    written, meant = (
        pair.plain.get_item(TableName=table, Key=KEY)["Item"] for table in pair.tables
    )
    assert comparable(written) == comparable(meant)
    for consistent in (False, True):
        pair.same("get_item", TableName="T", Key=KEY, ConsistentRead=consistent)
    assert running.counters.calls["GetItem"] == 3
    assert running.counters.item_hits == 1


def test_expressions(pair: Pair) -> None:
    """Conditions, updates and projections are understood as JavaScript writes them."""
    pair.same("put_item", TableName="T", Item=ITEM)
    one = {"TableName": "T", "Key": KEY}
    values = {":one": {"N": "1"}, ":more": {"L": [{"S": "x"}]}, ":texts": {"SS": ["c"]}}
    for wanted in ("ALL_OLD", "UPDATED_NEW", "ALL_NEW"):
        pair.same(
            "update_item",
            **one,
            UpdateExpression="SET n = n + :one, #all = list_append(#all, :more) ADD texts :texts",
            ConditionExpression="attribute_exists(pk) AND n BETWEEN :one AND exact OR NOT n < :one",
            ExpressionAttributeNames={"#all": "all"},
            ExpressionAttributeValues=values,
            ReturnValues=wanted,
        )
    refused = pair.same(
        "put_item", TableName="T", Item=KEY, ConditionExpression="attribute_not_exists(pk)"
    )
    assert refused == "ConditionalCheckFailedException"
    names = {"#all": "all", "#ab": "a.b"}
    asked = {"ProjectionExpression": "n, #all[2].#ab", "ExpressionAttributeNames": names}
    found = pair.ask("get_item", TableName=pair.tables[1], Key=KEY, **asked)
    assert found["Item"] == {"n": {"N": "4.5"}, "all": {"L": [{"M": {"a.b": {"N": "7"}}}]}}


def test_many_items(pair: Pair) -> None:
    """Batches, queries page by page, an index, scans and counts."""
    items = [
        {"pk": {"S": "many"}, "sk": {"N": str(number - 2)}, "text": {"S": "t"}}
        for number in range(5)
    ]
    keys = [{name: item[name] for name in ("pk", "sk")} for item in items]
    puts = [{"PutRequest": {"Item": item}} for item in items]
    pair.same("batch_write_item", RequestItems={"T": puts})
    pair.same("batch_write_item", RequestItems={"T": [{"DeleteRequest": {"Key": keys[0]}}]})
    found = pair.ask("batch_get_item", RequestItems={pair.tables[1]: {"Keys": keys}})
    found = sorted(found["Responses"][pair.tables[1]], key=lambda item: int(item["sk"]["N"]))
    assert found == items[1:]
    for index_name, condition, value in ((None, "pk", "many"), ("by_text", "#text", "t")):
        asked: dict[str, Any] = {
            "TableName": "T",
            "KeyConditionExpression": f"{condition} = :one AND sk > :low",
            "ExpressionAttributeValues": {":one": {"S": value}, ":low": {"N": "-9"}},
            "Limit": 3,
        }
        if index_name:
            asked |= {"IndexName": index_name, "ExpressionAttributeNames": {"#text": "text"}}
        page = pair.same("query", **asked)
        pair.same("query", **asked, ExclusiveStartKey=page["LastEvaluatedKey"])
    pair.same("scan", TableName="T", Select="COUNT")


def test_transactions(pair: Pair) -> None:
    """All of a transaction or nothing, and why."""
    key = {"pk": {"S": "t"}, "sk": {"N": "-0.5"}}
    put = {"Put": {"TableName": "T", "Item": {**key, "n": {"N": "1"}}}}
    put["Put"]["ConditionExpression"] = "attribute_not_exists(pk)"
    for _ in range(2):
        outcome = pair.same("transact_write_items", TransactItems=[put])
    assert outcome == "TransactionCanceledException"
    pair.same("get_item", TableName="T", Key=key)
    gets = [{"Get": {"TableName": "T", "Key": one}} for one in (key, {**key, "sk": {"N": "9"}})]
    pair.same("transact_get_items", TransactItems=gets)


def test_no_table(ask: Ask) -> None:
    """A table that is not there is told by its name."""
    assert ask("get_item", TableName="nowhere", Key=KEY) == "ResourceNotFoundException"
