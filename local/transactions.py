"""Transactions of moto's DynamoDB at the price of what they touch.

moto copies the whole table before each item of a transaction, to put it back when one is refused,
and reads an update in the square of its parts: seconds for one chunk of clicks.
"""

import copy
import re
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from moto.dynamodb import models
from moto.dynamodb.models import DynamoDBBackend, Table
from moto.dynamodb.models.dynamo_type import DynamoType


Json = dict[str, Any]
# An update that does nothing but add numbers to a few or many attributes, and set the time to live.
_SUM = re.compile(r"ADD ((?:#\w+ :\w+,)*#\w+ :\w+)(?: SET (#\w+) = (:\w+))?")


def spare_copies() -> None:
    """Let transactions copy the items that they write, and no others."""
    models.copy = SimpleNamespace(deepcopy=_copy_but_tables)
    transact = DynamoDBBackend.transact_write_items

    def transact_or_put_back(backend: DynamoDBBackend, items: list[dict[str, Any]]) -> None:
        before = [_place_of(backend, write) for one in items for write in one.values()]
        try:
            transact(backend, items)
        except Exception:
            for place in before:
                _put_back(*place)
            raise

    DynamoDBBackend.transact_write_items = transact_or_put_back


def spare_parsing() -> None:
    """Let updates that add numbers, and do nothing else, be done without moto's parser."""
    update = DynamoDBBackend.update_item

    def add_or_update(
        backend: DynamoDBBackend, table_name: str, key: Json, update_expression: str, **more: Any
    ) -> Any:
        match = _SUM.fullmatch(update_expression or "")
        if match is None or more.get("condition_expression"):
            return update(backend, table_name, key, update_expression, **more)
        names, values = more["expression_attribute_names"], more["expression_attribute_values"]
        found = backend.get_item(table_name, key)
        there: Json = found.to_json()["Attributes"] if found else dict(key)
        there |= _sums(match[1], names, values, there)
        if match[2]:
            there[names[match[2]]] = values[match[3]]
        return backend.put_item(table_name, there)

    DynamoDBBackend.update_item = add_or_update


def _sums(adds: str, names: Json, values: Json, there: Json) -> Json:
    pairs = [(names[mark], values[value]) for mark, value in map(str.split, adds.split(","))]
    return {
        name: {"N": str(Decimal(there.get(name, {"N": "0"})["N"]) + Decimal(more["N"]))}
        for name, more in pairs
    }


def _copy_but_tables(thing: Any) -> Any:
    return thing if isinstance(thing, Table) else copy.deepcopy(thing)


_Place = tuple[Table, DynamoType, DynamoType | None, Any]


def _place_of(backend: DynamoDBBackend, write: dict[str, Any]) -> _Place:
    table = backend.get_table(write["TableName"])
    key = write.get("Key") or write["Item"]
    first = DynamoType(key[table.hash_key_attr])
    second = DynamoType(key[table.range_key_attr]) if table.range_key_attr else None
    return table, first, second, copy.deepcopy(table.get_item(first, second))


def _put_back(table: Table, first: DynamoType, second: DynamoType | None, item: Any) -> None:
    if item is None:
        table.delete_item(first, second)
    elif second is not None:
        table.items[first][second] = item
    else:
        table.items[first] = item
