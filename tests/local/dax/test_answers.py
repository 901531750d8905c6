"""Whatever is asked, DAX and DynamoDB answer the same: AWS's DAX client beside boto3."""

from dataclasses import replace
from typing import Any

import pytest

from tests.local.dax.clients import comparable
from tests.local.dax.pairs import EVERYTHING, N, Pair, S, make_pair


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
