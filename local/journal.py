"""Makes moto's DynamoDB durable: every item written is on disk before its write is acknowledged.

moto forgets everything when it ends. After each write the item is kept as it is then in a SQLite
file, from which the next start restores it.
"""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from moto.core import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.models.table import Table


Touched = Iterator[tuple[str, dict[str, Any]]]
_SCHEMA = """
create table if not exists items (
  table_name text not null, key text not null, item text not null, primary key (table_name, key)
) without rowid
"""
_KEEP = "insert or replace into items values (?, ?, ?)"
_FORGET = "delete from items where table_name = ? and key = ?"


class Journal:
    """The items of one region's tables, on disk."""

    def __init__(self, file: Path, region: str) -> None:
        self._region = region
        self._database = sqlite3.connect(file, check_same_thread=False, isolation_level=None)
        self._database.execute("pragma journal_mode=wal")
        # full: what was acknowledged is on the disk itself, also when the power goes.
        self._database.execute("pragma synchronous=full")
        self._database.execute(_SCHEMA)

    def _table(self, name: str) -> Table:
        return dynamodb_backends[DEFAULT_ACCOUNT_ID][self._region].get_table(name)

    def restore(self, name: str) -> int:
        """Put back every item of a table that moto has just made; how many there were."""
        table = self._table(name)
        rows = self._database.execute("select item from items where table_name = ?", (name,))
        count = 0
        for (item,) in rows:
            table.put_item(json.loads(item), overwrite=True)
            count += 1
        return count

    def save(self, name: str, item_or_key: dict[str, Any]) -> None:
        """Keep an item as the table has it now, or forget it when the table has none."""
        table = self._table(name)
        names = [part for part in (table.hash_key_attr, table.range_key_attr) if part]
        key = {part: item_or_key[part] for part in names}
        found = table.get_item(*(DynamoType(key[part]) for part in names))
        text = json.dumps(key, sort_keys=True)
        if found is None:
            self._database.execute(_FORGET, (name, text))
        else:
            item = json.dumps(found.to_json()["Attributes"])
            self._database.execute(_KEEP, (name, text, item))


def touched_by(operation: str, body: dict[str, Any]) -> Touched:
    """The table and the item or key of everything that a request may have written."""
    if operation in ("PutItem", "UpdateItem", "DeleteItem"):
        yield body["TableName"], body.get("Item") or body["Key"]
    elif operation == "BatchWriteItem":
        for name, requests in body["RequestItems"].items():
            for request in requests:
                for write in request.values():
                    yield name, write.get("Item") or write["Key"]
    elif operation == "TransactWriteItems":
        for entry in body["TransactItems"]:
            for write in entry.values():
                yield write["TableName"], write.get("Item") or write["Key"]


def record(journal: Journal, operation: str, body: bytes) -> None:
    """Keep what a request has written; after a refused write that is what was there before."""
    if operation.endswith(("Item", "Items")) and operation not in _READS:
        for name, item in touched_by(operation, json.loads(body)):
            journal.save(name, item)


_READS = frozenset({"GetItem", "BatchGetItem", "TransactGetItems"})
