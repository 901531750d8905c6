"""The local DynamoDB's transactions: whole or not at all, whatever moto does to be so."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalicelib.store.models import bind
from tests.store.conftest import dynamodb, running  # noqa: F401
from tests.store.tables import REGION, point_to


@pytest.fixture
def client(dynamodb: str, monkeypatch: pytest.MonkeyPatch) -> Any:  # noqa: F811
    """A client of the stack's own DynamoDB process."""
    point_to(dynamodb, monkeypatch)
    return bind("links", REGION)._get_connection().connection.client


def update(name: str, expression: str, values: dict[str, Any], **more: Any) -> dict[str, Any]:
    key = {"pk": {"S": name}, "sk": {"S": "a"}}
    change = {"TableName": "links", "Key": key, "UpdateExpression": expression, **more}
    return {"Update": {**change, "ExpressionAttributeValues": values}}


def attributes(client: Any, name: str) -> dict[str, Any]:
    found = client.get_item(TableName="links", Key={"pk": {"S": name}, "sk": {"S": "a"}})
    return {k: v for k, v in found.get("Item", {}).items() if k not in ("pk", "sk")}


def add(name: str, amount: int, **more: Any) -> dict[str, Any]:
    values = {":a": {"N": str(amount)}, ":t": {"N": "7"}}
    names = {"#a": "device:phone", "#t": "ttl"}
    return update(name, "ADD #a :a SET #t = :t", values, ExpressionAttributeNames=names, **more)


def test_sums_are_added_up(client: Any) -> None:
    """To an item that is there, and to one that is not; what else it has stays."""
    client.put_item(TableName="links", Item={"pk": {"S": "s1"}, "sk": {"S": "a"}, "x": {"S": "y"}})
    for _ in range(2):
        client.transact_write_items(TransactItems=[add("s1", 2), add("s2", 3)])

    assert attributes(client, "s1") == {
        "device:phone": {"N": "4"},
        "ttl": {"N": "7"},
        "x": {"S": "y"},
    }
    assert attributes(client, "s2") == {"device:phone": {"N": "6"}, "ttl": {"N": "7"}}


@pytest.mark.parametrize("last", [0, 1], ids=["refused first", "refused last"])
def test_a_refused_transaction_leaves_no_trace(client: Any, last: int) -> None:
    """Items that were there are as before, those that were not are not; also what is new."""
    there, new = f"there{last}", f"new{last}"
    client.transact_write_items(TransactItems=[add(there, 2)])
    refused = update(
        f"never{last}",
        "SET x = :x",
        {":x": {"N": "1"}},
        ConditionExpression="attribute_exists(pk)",
    )
    items = [add(there, 5), add(new, 5)]
    items.insert(2 * last, refused)

    with pytest.raises(ClientError) as caught:
        client.transact_write_items(TransactItems=items)

    reasons = caught.value.response["CancellationReasons"]
    assert [one["Code"] for one in reasons].count("ConditionalCheckFailed") == 1
    assert attributes(client, there)["device:phone"] == {"N": "2"}
    assert attributes(client, new) == attributes(client, f"never{last}") == {}


def test_what_is_no_sum_is_motos(client: Any) -> None:
    """Other updates, and sums with a condition, are read by moto's own parser."""
    client.transact_write_items(TransactItems=[add("m", 2)])
    client.transact_write_items(
        TransactItems=[add("m", 1, ConditionExpression="attribute_exists(pk)")]
    )
    client.transact_write_items(
        TransactItems=[update("m", "SET x = :x REMOVE y", {":x": {"N": "1"}})]
    )

    assert attributes(client, "m")["device:phone"] == {"N": "3"}
    assert attributes(client, "m")["x"] == {"N": "1"}
