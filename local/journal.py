"""Makes moto's DynamoDB durable: every item written is on disk before its write is acknowledged.

moto forgets everything when it ends. After each write the item is kept as it is then in a SQLite
file, from which the next start restores it.
"""

import base64
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
_FIND = "select item from items where table_name = ? and key = ?"
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

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()

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

    def keep(self, written: list[tuple[str, dict[str, Any]]]) -> None:
        """Keep items as the tables have them now, all or none.

        When the disk refuses (it is full, say) the tables are put back to what the disk has, and
        sqlite3.Error is raised: nothing that could be lost is ever shown to anyone.
        """
        try:
            with self._database:
                self._database.execute("begin")
                for name, item_or_key in written:
                    self._keep(name, item_or_key)
        except sqlite3.Error:
            for name, item_or_key in written:
                self._put_back(name, item_or_key)
            raise

    def _keep(self, name: str, item_or_key: dict[str, Any]) -> None:
        key = self._key(name, item_or_key)
        found = self._table(name).get_item(*map(DynamoType, key.values()))
        if found is None:
            self._database.execute(_FORGET, (name, _text(key)))
        else:
            item = json.dumps(found.to_json()["Attributes"], default=_as_sent)
            self._database.execute(_KEEP, (name, _text(key), item))

    def _put_back(self, name: str, item_or_key: dict[str, Any]) -> None:
        key = self._key(name, item_or_key)
        row = self._database.execute(_FIND, (name, _text(key))).fetchone()
        if row is None:
            self._table(name).delete_item(*map(DynamoType, key.values()))
        else:
            self._table(name).put_item(json.loads(row[0]), overwrite=True)

    def _key(self, name: str, item_or_key: dict[str, Any]) -> dict[str, Any]:
        table = self._table(name)
        parts = (table.hash_key_attr, table.range_key_attr)
        return {part: item_or_key[part] for part in parts if part}


def _as_sent(data: bytes) -> str:
    # moto shows binary values decoded, and takes them as they came over the wire.
    return base64.b64encode(data).decode()


def _text(key: dict[str, Any]) -> str:
    return json.dumps(key, sort_keys=True)


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
        journal.keep(list(touched_by(operation, json.loads(body))))


_READS = frozenset({"GetItem", "BatchGetItem", "TransactGetItems"})
