"""Answers as DAX's clients read them."""

from typing import Any

from local.dax.cbor import Encoded, dumps
from local.dax.values import Json, item_of


SUCCESS = b"\x80"  # no error codes
ITEM, CAPACITY, ATTRIBUTES, METRICS, ITEMS, COUNT, LAST_KEY, SCANNED = 0, 1, 2, 3, 7, 8, 9, 10
_NUMBERS = {
    "CapacityUnits": 1,
    "ReadCapacityUnits": 2,
    "WriteCapacityUnits": 3,
    "TableName": 4,
    "Table": 5,
    "GlobalSecondaryIndexes": 6,
    "LocalSecondaryIndexes": 7,
}


def success(*items: Any) -> bytes:
    """An answer of some items."""
    return SUCCESS + dumps(*items)


def costs(answer: Json, table: str, *, wanted: bool) -> dict[int, bytes]:
    """The field of an answer that has its cost; a read that a cache answered cost nothing."""
    if not wanted:
        return {}
    return {CAPACITY: capacity(answer.get("ConsumedCapacity") or {"TableName": table})}


def capacity(consumed: Json) -> bytes:
    """What one table's part in a request cost."""
    table = consumed.get("Table")
    return dumps(
        consumed["TableName"],
        float(consumed.get("CapacityUnits", 0)),
        float(table["CapacityUnits"]) if table else None,
        _by_index(consumed.get("GlobalSecondaryIndexes")),
        _by_index(consumed.get("LocalSecondaryIndexes")),
    )


def capacities(answer: Json) -> list[bytes]:
    """What a batch cost, by table."""
    return [capacity(consumed) for consumed in answer.get("ConsumedCapacity") or ()]


def transaction_capacities(answer: Json) -> list[dict[int, Any]]:
    """What a transaction cost, by table."""
    return [_numbered(consumed) for consumed in answer.get("ConsumedCapacity") or ()]


def metrics(found: Json | None) -> bytes | None:
    """How large an item collection is."""
    if not found:
        return None
    (key,) = found["ItemCollectionKey"].values()
    low, high = found["SizeEstimateRangeGB"]
    return dumps(item_of(key), float(low), float(high))


def metrics_by_table(answer: Json) -> dict[str, list[bytes | None]]:
    """How large the item collections are that a batch or a transaction wrote to."""
    by_table = answer.get("ItemCollectionMetrics") or {}
    return {table: [metrics(one) for one in found] for table, found in by_table.items()}


def text_keyed(key: Json) -> bytes:
    """A key with its names: of an index, where a page ends."""
    return dumps({name: item_of(value) for name, value in key.items()})


def _by_index(indexes: Json | None) -> dict[str, float] | None:
    if not indexes:
        return None
    return {name: float(cost["CapacityUnits"]) for name, cost in indexes.items()}


def _numbered(consumed: Json) -> dict[int, Any]:
    return {_NUMBERS[name]: _content(name, content) for name, content in consumed.items()}


def _content(name: str, content: Any) -> Any:
    if name == "TableName":
        return content
    if name == "Table":
        return _numbered(content)
    if isinstance(content, dict):
        return {index: _numbered(cost) for index, cost in content.items()}
    return float(content)


def encoded(fields: dict[int, Any]) -> dict[int, Encoded]:
    """Fields that many answers will have in them."""
    return {number: Encoded(dumps(content)) for number, content in fields.items()}
