"""Whatever is asked, DAX and DynamoDB answer the same: AWS's DAX client beside boto3."""

import itertools
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.dax.clusters import Caching, Cluster
from local.dax.threads import run_cluster
from tests.local.dax.clients import comparable, dax_client, dynamodb_client, index, make_table


numbers = itertools.count()


def S(text: str) -> dict[str, str]:  # noqa: N802 - as DynamoDB calls them
    return {"S": text}


def N(number: str) -> dict[str, str]:  # noqa: N802
    return {"N": number}


def B(data: bytes) -> dict[str, bytes]:  # noqa: N802
    return {"B": data}


EVERYTHING = {
    "text": {"S": "grüße.🙂"},
    "empty": {"S": ""},
    "whole": {"N": "-12345678901234567890123456789012345678"},
    "half": {"N": "0.5"},
    "small": {"N": "0.00000000000000000001"},
    "data": {"B": b"\x00\xff"},
    "true": {"BOOL": True},
    "none": {"NULL": True},
    "list": {"L": [{"S": "a"}, {"N": "2"}, {"L": []}, {"M": {"deep.er": {"N": "3"}}}]},
    "map": {
        "M": {"a": {"M": {"b": {"L": [{"N": "1"}, {"N": "2"}, {"S": "x"}]}}}, "size": {"S": "y"}}
    },
    "texts": {"SS": ["b", "a"]},
    "numbers": {"NS": ["3", "1.5"]},
    "blobs": {"BS": [b"z", b"y"]},
}


@dataclass(frozen=True)
class Pair:
    """Two tables that are alike, one for each client, and an item's key that nobody else uses."""

    plain: Any
    dax: Any
    names: tuple[str, str]
    key: dict[str, Any]

    def same(self, operation: str, **asked: Any) -> Any:
        """Ask both: the answer, or the refusal, that both give. "T" is the table."""
        told = [
            _outcome(client, operation, _renamed(asked, "T", name), name)
            for client, name in zip((self.plain, self.dax), self.names, strict=True)
        ]
        assert told[1] == told[0]
        return told[0]

    def put(self, **attributes: Any) -> None:
        """Put the item."""
        self.same("put_item", TableName="T", Item={**self.key, **attributes})

    def get(self) -> Any:
        """The item as both clients read it."""
        return self.same("get_item", TableName="T", Key=self.key)

    def check_tables(self) -> None:
        """Both tables have the same items."""
        contents = [self.plain.scan(TableName=name)["Items"] for name in self.names]
        assert comparable(contents[1]) == comparable(contents[0])


def _outcome(client: Any, operation: str, asked: Any, name: str) -> Any:
    try:
        answer = getattr(client, operation)(**asked)
    except ClientError as error:
        return error.response["Error"]["Code"], _renamed(
            error.response["Error"]["Message"], name, "T"
        )
    answer = {field: content for field, content in answer.items() if field != "ResponseMetadata"}
    # moto tells some of this though nobody asked.
    if asked.get("ReturnConsumedCapacity", "NONE") == "NONE":
        answer.pop("ConsumedCapacity", None)
    if not answer.get("ItemCollectionMetrics"):
        answer.pop("ItemCollectionMetrics", None)
    return comparable(_renamed(answer, name, "T"))


def _renamed(value: Any, old: str, new: str) -> Any:
    if isinstance(value, dict):
        return {_renamed(key, old, new): _renamed(one, old, new) for key, one in value.items()}
    if isinstance(value, list):
        return [_renamed(one, old, new) for one in value]
    return new if value == old else value


@pytest.fixture(scope="module")
def clients(database: str) -> Iterator[tuple[Any, Any]]:
    """Of DynamoDB and of DAX, whose item cache has what it can; the query cache has tests of its own."""
    cluster = Cluster(database, ports=(0, 0), caching=Caching(queries_fresh_for=0))
    with run_cluster(cluster) as running, dax_client(running.endpoint) as client:
        yield dynamodb_client(database), client


@pytest.fixture(scope="module")
def tables(clients: tuple[Any, Any]) -> Iterator[Pair]:
    pair = make_pair(clients, "S", "S")
    yield pair
    pair.check_tables()


@pytest.fixture
def pair(tables: Pair) -> Pair:
    return replace(tables, key={"pk": S(f"a.{next(numbers)}"), "sk": S("ü")})


def make_pair(clients: tuple[Any, Any], *kinds: str, **more: Any) -> Pair:
    names = [make_table(clients[0], *kinds, **deepcopy(more)) for _ in range(2)]
    return Pair(*clients, (names[0], names[1]), {})


@pytest.mark.parametrize(
    ("kinds", "key"),
    [
        (("S",), {"pk": {"S": "a"}}),
        (("N",), {"pk": {"N": "-1.5"}}),
        (("B",), {"pk": {"B": b"\x80"}}),
        (("S", "S"), {"pk": {"S": "a"}, "sk": {"S": "b"}}),
        (("S", "N"), {"pk": {"S": "a"}, "sk": {"N": "50"}}),
        (("S", "N"), {"pk": {"S": "a"}, "sk": {"N": "-0.025"}}),
        (("N", "B"), {"pk": {"N": "7"}, "sk": {"B": b"\x00\xff"}}),
        (("B", "S"), {"pk": {"B": b"\x00"}, "sk": {"S": "c"}}),
    ],
)
def test_every_type_of_key_and_value(
    clients: tuple[Any, Any], kinds: tuple[str, ...], key: dict[str, Any]
) -> None:
    """An item of every type goes into the table and comes out of it, whatever its key is."""
    pair = replace(make_pair(clients, *kinds), key=key)
    assert pair.get() == {}
    pair.put(**EVERYTHING)
    assert pair.get()["Item"]
    pair.same("get_item", TableName="T", Key=key, ConsistentRead=True)
    assert pair.same("scan", TableName="T")["Count"] == 1
    pair.same("delete_item", TableName="T", Key=key, ReturnValues="ALL_OLD")
    assert pair.get() == {}


def test_an_item_of_a_key_alone(pair: Pair) -> None:
    """An item without attributes is no item that is not there."""
    pair.put()

    assert pair.get() == {"Item": pair.key}


PROJECTIONS = [
    ("sk, half", {"sk": S("ü"), "half": N("0.5")}),
    (
        "#list[1], #list[3].#deeper, #list[9]",
        {"list": {"L": [N("2"), {"M": {"deep.er": N("3")}}]}},
    ),
    (
        "#map.a.b[2], #map.a.b[0], #map.#size, absent, #map.absent.b, half.x",
        {
            "map": {
                "M": {"a": {"M": {"b": {"L": [N("1"), S("x")]}}}, "size": S("y")},
            }
        },
    ),
    ("blobs, #list[2]", {"blobs": {"BS": [b"y", b"z"]}, "list": {"L": [{"L": []}]}}),
    ("absent", {}),
]


@pytest.mark.parametrize(("projection", "parts"), PROJECTIONS)
@pytest.mark.parametrize("consistent", [True, False])
def test_projections(
    pair: Pair, projection: str, parts: dict[str, Any], *, consistent: bool
) -> None:
    """All operations that read show the parts that are asked for, as DynamoDB's manual has it.

    moto refuses the paths of lists and shows a transaction all of the item, so it is no measure.
    """
    pair.put(**EVERYTHING)
    names = {"#list": "list", "#map": "map", "#size": "size", "#deeper": "deep.er"}
    used = {one: names[one] for one in names if one in projection}
    asked = {
        "ProjectionExpression": projection,
        **({"ExpressionAttributeNames": used} if used else {}),
    }
    dax, table = pair.dax, pair.names[1]
    one = {"TableName": table, "ConsistentRead": consistent, **asked}

    for _ in range(2):
        assert comparable(dax.get_item(Key=pair.key, **one)["Item"]) == parts
    found = dax.query(
        KeyConditionExpression="pk = :k", ExpressionAttributeValues={":k": pair.key["pk"]}, **one
    )
    assert comparable(found["Items"]) == [parts]
    request = {"Keys": [pair.key], "ConsistentRead": consistent, **asked}
    found = dax.batch_get_item(RequestItems={table: request})
    assert comparable(found["Responses"][table]) == [parts]
    get = {"Get": {"TableName": table, "Key": pair.key, **asked}}
    assert comparable(dax.transact_get_items(TransactItems=[get])["Responses"]) == [{"Item": parts}]


CONDITIONS = [
    ("attribute_exists(pk)", {}),
    ("attribute_not_exists(pk)", {}),
    ("attribute_exists(absent) OR half = :half", {":half": {"N": "0.5"}}),
    ("NOT (half < :one AND contains(texts, :a))", {":one": {"N": "1"}, ":a": {"S": "a"}}),
    ("half BETWEEN :low AND :high", {":low": {"N": "0"}, ":high": {"N": "1"}}),
    ("half IN (:one, :half)", {":one": {"N": "1"}, ":half": {"N": "0.5"}}),
    ("size(texts) >= :one AND size(#map) > :one", {":one": {"N": "1"}}),
    ("attribute_type(#map.a.b, :type)", {":type": {"S": "L"}}),
    ("begins_with(#text, :start) AND #list[0] <> :start", {":start": {"S": "gr"}}),
    ("#map.a.b[1] <= :two AND (whole < half OR half > :two)", {":two": {"N": "2"}}),
]


@pytest.mark.parametrize(("condition", "values"), CONDITIONS)
def test_conditions(pair: Pair, condition: str, values: dict[str, Any]) -> None:
    """A condition and a filter mean what they say, and a refused write changes nothing."""
    pair.put(**EVERYTHING)
    names = {"#list": "list", "#map": "map", "#text": "text"}
    asked = {"ExpressionAttributeNames": {one: names[one] for one in names if one in condition}}
    asked["ExpressionAttributeValues"] = values
    asked = {field: content for field, content in asked.items() if content}

    values = {**values, ":pk": pair.key["pk"]}
    filtered = {**asked, "ExpressionAttributeValues": values, "FilterExpression": condition}
    pair.same("query", TableName="T", KeyConditionExpression="pk = :pk", **filtered)
    where = {"TableName": "T", "ConditionExpression": condition, **asked}
    values = {**asked.get("ExpressionAttributeValues", {}), ":new": S("new")}
    changed = {**where, "UpdateExpression": "SET added = :new", "ExpressionAttributeValues": values}
    pair.same("update_item", Key=pair.key, **changed)
    pair.get()
    pair.same("put_item", Item={**pair.key, **EVERYTHING, "put": {"BOOL": True}}, **where)
    pair.get()
    pair.same("delete_item", Key=pair.key, **where)
    pair.get()


UPDATES = [
    ("SET half = half + :one, #list[0] = :text", {":one": {"N": "1"}, ":text": {"S": "x"}}),
    ("SET half = :one - half REMOVE whole, #map.a.b[1]", {":one": {"N": "1"}}),
    (
        "SET added = if_not_exists(added, :one), half = if_not_exists(half, :one)",
        {":one": {"N": "1"}},
    ),
    ("SET #list = list_append(#list, :more)", {":more": {"L": [{"N": "9"}, {"NULL": True}]}}),
    ("ADD half :one, texts :more", {":one": {"N": "2.25"}, ":more": {"SS": ["c"]}}),
    ("DELETE numbers :less SET #map.a.c = :map", {":less": {"NS": ["3"]}, ":map": {"M": {}}}),
    ("REMOVE blobs ADD fresh :one", {":one": {"N": "1"}}),
]


@pytest.mark.parametrize(("update", "values"), UPDATES)
@pytest.mark.parametrize("wanted", ["NONE", "ALL_OLD", "UPDATED_OLD", "ALL_NEW", "UPDATED_NEW"])
def test_updates(pair: Pair, update: str, values: dict[str, Any], wanted: str) -> None:
    """An update changes the same, and shows the same of it."""
    pair.put(**EVERYTHING)
    names = {"#list": "list", "#map": "map"}
    asked = {"ExpressionAttributeNames": {one: names[one] for one in names if one in update}}
    asked = {field: content for field, content in asked.items() if content}
    answer = pair.same(
        "update_item",
        TableName="T",
        Key=pair.key,
        UpdateExpression=update,
        ExpressionAttributeValues=values,
        ReturnValues=wanted,
        **asked,
    )
    assert isinstance(answer, dict)
    pair.get()


def test_updates_that_make_an_item(pair: Pair) -> None:
    """An update of nothing makes an item, be it one of a key alone."""
    assert pair.get() == {}
    pair.same("update_item", TableName="T", Key=pair.key, UpdateExpression="REMOVE half")
    assert pair.get() == {"Item": pair.key}


@pytest.mark.parametrize("wanted", ["NONE", "ALL_OLD"])
def test_what_a_write_replaced(pair: Pair, wanted: str) -> None:
    """A put and a delete show the item before them, if there was one and it is wanted."""
    for item in (EVERYTHING, {}, {"other": {"N": "1"}}):
        pair.same("put_item", TableName="T", Item={**pair.key, **item}, ReturnValues=wanted)
    for _ in range(2):
        pair.same("delete_item", TableName="T", Key=pair.key, ReturnValues=wanted)


@pytest.fixture
def full(clients: tuple[Any, Any]) -> Pair:
    """Ten items in two partitions, with a local and a global index."""
    pair = make_pair(
        clients,
        "S",
        "N",
        types={"score": "N", "team": "S"},
        LocalSecondaryIndexes=[index("by_score", "pk", "score", ProjectionType="KEYS_ONLY")],
        GlobalSecondaryIndexes=[index("by_team", "team", "score")],
    )
    for number in range(10):
        one = replace(pair, key={"pk": S(f"p{number % 2}"), "sk": N(str(number * 5 - 20))})
        one.put(
            score={"N": str(-number)},
            team={"S": "g"},
            note={"S": "x" * number},
        )
    return pair


RANGES = [
    ("pk = :pk", {}),
    ("pk = :pk AND sk > :low", {":low": {"N": "-5"}}),
    ("pk = :pk AND sk BETWEEN :low AND :high", {":low": {"N": "-10"}, ":high": {"N": "10"}}),
]


@pytest.mark.parametrize(("condition", "values"), RANGES)
@pytest.mark.parametrize("forward", [True, False])
def test_queries_page_by_page(
    full: Pair, condition: str, values: dict[str, Any], forward: bool
) -> None:
    """A query has the same pages in the same order, each beginning where the last one ended."""
    values = {":pk": {"S": "p0"}, **values}
    asked = {"ScanIndexForward": forward, "ExpressionAttributeValues": values, "Limit": 2}
    pages(full, "query", KeyConditionExpression=condition, **asked)


@pytest.mark.parametrize(
    ("name", "condition"), [("by_score", "pk = :one"), ("by_team", "team = :one")]
)
def test_queries_of_an_index(full: Pair, name: str, condition: str) -> None:
    """An index is queried and scanned page by page."""
    asked: dict[str, Any] = {
        "IndexName": name,
        "KeyConditionExpression": condition,
        "ExpressionAttributeValues": {":one": {"S": "g" if "team" in condition else "p1"}},
        "Limit": 3,
    }
    pages(full, "query", **asked)
    pages(full, "query", **asked, ProjectionExpression="score, sk")
    pages(full, "scan", IndexName=name, Limit=4)


def test_scans(full: Pair) -> None:
    """A scan pages, filters, counts and is done in segments."""
    pages(full, "scan", Limit=3)
    filtered = {
        "FilterExpression": "score < :score",
        "ExpressionAttributeValues": {":score": N("-4")},
    }
    pages(full, "scan", Limit=4, **filtered)
    full.same("scan", TableName="T", Select="COUNT", **filtered)
    for segment in range(2):
        full.same("scan", TableName="T", Segment=segment, TotalSegments=2)


def test_counts_and_selections(full: Pair) -> None:
    """COUNT has no items; SPECIFIC_ATTRIBUTES has those."""
    asked = {"ExpressionAttributeValues": {":pk": {"S": "p0"}}}
    full.same("query", TableName="T", KeyConditionExpression="pk = :pk", Select="COUNT", **asked)
    full.same(
        "query", TableName="T", KeyConditionExpression="pk = :pk", Select="ALL_ATTRIBUTES", **asked
    )
    full.same(
        "query",
        TableName="T",
        KeyConditionExpression="pk = :pk",
        Select="SPECIFIC_ATTRIBUTES",
        ProjectionExpression="note",
        **asked,
    )
    full.same(
        "query",
        TableName="T",
        KeyConditionExpression="pk = :pk",
        ReturnConsumedCapacity="TOTAL",
        **asked,
    )


def pages(pair: Pair, operation: str, **asked: Any) -> None:
    """Ask for all pages of a query or a scan."""
    page = pair.same(operation, TableName="T", **asked)
    for _ in range(9):
        if "LastEvaluatedKey" not in page:
            return
        start = page["LastEvaluatedKey"]
        page = pair.same(operation, TableName="T", ExclusiveStartKey=start, **asked)
    pytest.fail("The pages do not end.")


def test_batches(clients: tuple[Any, Any], pair: Pair) -> None:
    """Batches write and read items of a table at once, in the cache or not, there or not."""
    items = [
        {"pk": pair.key["pk"], "sk": S(str(number)), "n": N(str(number))} for number in range(6)
    ]
    puts = [{"PutRequest": {"Item": item}} for item in items]
    keys = [{"pk": item["pk"], "sk": item["sk"]} for item in items]
    pair.same("batch_write_item", RequestItems={"T": puts[:4]})
    replace(pair, key=keys[0]).get()
    for _ in range(2):
        for consistent in (False, True):
            request = {"Keys": keys, "ConsistentRead": consistent}
            pair.same("batch_get_item", RequestItems={"T": request})
    mixed = [*puts[4:], {"DeleteRequest": {"Key": keys[0]}}, {"DeleteRequest": {"Key": keys[5]}}]
    pair.same("batch_write_item", RequestItems={"T": [*mixed[:1], *mixed[2:]]})
    pair.same("batch_get_item", RequestItems={"T": {"Keys": keys}})


def test_batches_over_tables(clients: tuple[Any, Any]) -> None:
    """A batch reaches several tables, whose keys are of different types."""
    plain, dax = clients
    one, other = make_table(plain, "S"), make_table(plain, "N", "B")
    wanted = {
        one: [{"pk": S("a"), "x": N("1")}],
        other: [{"pk": N("1"), "sk": B(b"b"), "y": S("2")}],
    }
    requests = {
        table: [{"PutRequest": {"Item": item}} for item in items] for table, items in wanted.items()
    }
    dax.batch_write_item(RequestItems=requests)
    keys = {
        table: {
            "Keys": [{name: item[name] for name in ("pk", "sk") if name in item} for item in items]
        }
        for table, items in wanted.items()
    }

    assert dax.batch_get_item(RequestItems=keys)["Responses"] == wanted
    assert plain.batch_get_item(RequestItems=keys)["Responses"] == wanted


def test_transactions(pair: Pair) -> None:
    """A transaction writes all or nothing, and what it wrote is read after it."""
    keys = [{"pk": pair.key["pk"], "sk": S(str(number))} for number in range(4)]
    replace(pair, key=keys[0]).put(n=N("1"))
    replace(pair, key=keys[1]).put(n=N("1"))
    gets = [{"Get": {"TableName": "T", "Key": key}} for key in keys]
    operations: list[dict[str, Any]] = [
        {
            "Update": {
                "TableName": "T",
                "Key": keys[0],
                "UpdateExpression": "SET #n = #n + :one",
                "ConditionExpression": "#n = :one",
                "ExpressionAttributeNames": {"#n": "n"},
                "ExpressionAttributeValues": {":one": N("1")},
            }
        },
        {"Delete": {"TableName": "T", "Key": keys[1]}},
        {"Put": {"TableName": "T", "Item": {**keys[2], **EVERYTHING}}},
        {
            "ConditionCheck": {
                "TableName": "T",
                "Key": keys[3],
                "ConditionExpression": "attribute_not_exists(pk)",
            }
        },
    ]
    for key in keys:
        replace(pair, key=key).get()
    assert pair.same("transact_write_items", TransactItems=operations) == {}
    pair.same("transact_get_items", TransactItems=gets)
    for key in keys:
        replace(pair, key=key).get()
    code, _ = pair.same("transact_write_items", TransactItems=operations)
    assert code == "TransactionCanceledException"
    for key in keys:
        replace(pair, key=key).get()


@pytest.mark.parametrize("wanted", ["NONE", "TOTAL", "INDEXES"])
def test_costs(pair: Pair, wanted: str) -> None:
    """What an operation cost is told where it is wanted."""
    asked = {"TableName": "T", "ReturnConsumedCapacity": wanted}
    pair.same("put_item", Item={**pair.key, "n": N("1")}, **asked)
    pair.same("update_item", Key=pair.key, UpdateExpression="REMOVE n", **asked)
    pair.same("get_item", Key=pair.key, ConsistentRead=True, **asked)
    pair.same("delete_item", Key=pair.key, **asked)


def test_refusals(pair: Pair) -> None:
    """DynamoDB's refusals come through with their names and their words."""
    pair.put(n=S("text"))
    add = {"UpdateExpression": "ADD n :one", "ExpressionAttributeValues": {":one": N("1")}}
    code, _ = pair.same("update_item", TableName="T", Key=pair.key, **add)
    assert code == "ValidationException"
    code, _ = pair.same(
        "put_item", TableName="T", Item=pair.key, ConditionExpression="attribute_not_exists(pk)"
    )
    assert code == "ConditionalCheckFailedException"


def test_a_table_that_is_not_there(clients: tuple[Any, Any]) -> None:
    """No table is the same refusal from both, until there is one."""
    plain, dax = clients
    for client in clients:
        with pytest.raises(ClientError) as caught:
            client.get_item(TableName="later", Key={"pk": S("a")})
        assert caught.value.response["Error"]["Code"] == "ResourceNotFoundException"
    make_table(plain, "S", name="later")
    assert dax.get_item(TableName="later", Key={"pk": S("a")}) == {}
    plain.delete_table(TableName="later")
