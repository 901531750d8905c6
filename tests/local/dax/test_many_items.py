"""Queries, scans, batches and transactions through DAX: every answer is DynamoDB's own."""

from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local.dax.clients import index, make_table
from tests.local.dax.pairs import EVERYTHING, B, N, Pair, S, make_pair


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


def test_batches_that_are_refused(clients: tuple[Any, Any]) -> None:
    """One item twice, in any form of its key, or too many: refused, also when the cache has it all."""
    _, dax = clients
    dax.put_item(TableName=(name := make_table(clients[0], "S", "N")), Item=row("a", "1"))
    dax.get_item(TableName=name, Key=row("a", "1"))
    alike = [row("a", "1"), row("a", "1.0")]
    many = [row("a", str(number)) for number in range(101)]
    for keys in (alike, many):
        with pytest.raises(ClientError) as caught:
            dax.batch_get_item(RequestItems={name: {"Keys": keys}})
        assert caught.value.response["Error"]["Code"] == "ValidationException"
    writes = [{"PutRequest": {"Item": alike[0]}}, {"DeleteRequest": {"Key": alike[1]}}]
    with pytest.raises(ClientError, match="duplicates"):
        dax.batch_write_item(RequestItems={name: writes})
    assert (
        len(dax.batch_get_item(RequestItems={name: {"Keys": many[:100]}})["Responses"][name]) == 1
    )


def row(first: str, second: str) -> dict[str, Any]:
    """The key of an item whose sort key is a number."""
    return {"pk": S(first), "sk": N(second)}


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
