"""Makes moto's DynamoDB durable: every item written is on disk before its write is acknowledged.

moto forgets everything when it ends. After each write the item is kept as it is then in a SQLite
file, from which the next start restores it. In the same transaction its version and the change go
into the log that replication and streams read (local/replication).
"""

import base64
import json
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from moto.core import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.models.table import Table

from local.replication.changes import Change, Loss, Version
from local.replication.logs import ChangeLog, Clock, Place
from local.replication.schemas import open_file


Touched = Iterator[tuple[str, dict[str, Any]]]
_FIND = "select item from items where table_name = ? and key = ?"
_EXPIRED = (
    "select key from items where table_name = ? and json_extract(item, '$.ttl.N') is not null"
    " and cast(json_extract(item, '$.ttl.N') as integer) < ? limit ?"
)


def true_time() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000


class Journal:
    """The items of one region's tables, on disk, and the log of their changes."""

    def __init__(self, file: Path, region: str, clock: Clock = true_time) -> None:
        self._region = region
        self.clock = clock
        self.skew = 0  # ms that this region's clock is ahead, as its stamps show it
        self._database = open_file(file, region)
        self.log = ChangeLog(self._database, region)

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

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All that is written inside is kept, or nothing of it; sqlite3.Error when it can't be."""
        try:
            with self._database:
                self._database.execute("begin")
                yield
        except sqlite3.Error:
            self.log.reload()
            raise

    def keep(self, written: list[tuple[str, dict[str, Any]]], *, accepted: bool = True) -> None:
        """Keep items as the tables have them now, all or none.

        When the disk refuses (it is full, say) the tables are put back to what the disk has, and
        sqlite3.Error is raised: nothing that could be lost is ever shown to anyone.
        """
        try:
            with self.transaction():
                for name, item_or_key in written:
                    self._keep(name, self._key(name, item_or_key), accepted=accepted)
        except sqlite3.Error:
            for name, item_or_key in written:
                self._put_back(name, self._key(name, item_or_key))
            raise

    def _keep(
        self, name: str, key: dict[str, Any], *, accepted: bool = True, by_ttl: bool = False
    ) -> None:
        found = self._table(name).get_item(*map(DynamoType, key.values()))
        new = None if found is None else _text(found.to_json()["Attributes"])
        old, version = self.log.current(name, _text(key))
        # A write that is accepted counts as the last one, also when it changes nothing here:
        # another region may have written something else meanwhile.
        if old != new or (accepted and new is not None):
            now = self.clock()
            # Later than what it replaces, whatever the clocks say: regions would never agree
            # if a write that was accepted here lost to the one that it was made upon.
            stamp = max(now + self.skew, version.stamp + 1)
            change = Change(name, _text(key), old, new, Version(stamp, self._region), now, by_ttl)
            self.log.write(change)

    def apply(self, changes: Sequence[Change], reader: str, place: Place | None) -> list[Loss]:
        """Do what another region did, where its version wins, and note how far that reader is.

        Both or nothing, so that no change is done twice or left out; sqlite3.Error when the disk
        refuses. What lost is told.
        """
        done: list[Change] = []
        losses: list[Loss] = []
        with self.transaction():
            for change in changes:
                old, version = self.log.current(change.table, change.key)
                if change.version > version:
                    self.log.write(change._replace(old=old, at=self.clock()))
                    done.append(change)
                elif _is_loss(change, old, version):
                    losses.append(Loss(change.key, change.version, version))
            self.log.move(reader, place)
        for change in done:
            self._put_back(change.table, self._key(change.table, json.loads(change.key)))
        return losses

    def sweep(self, name: str, most: int = 100) -> int:
        """Delete what expired, as DynamoDB's time to live does; how many items."""
        rows = self._database.execute(_EXPIRED, (name, self.clock() // 1000, most)).fetchall()
        keys = [self._key(name, json.loads(key)) for (key,) in rows]
        for key in keys:
            self._table(name).delete_item(*map(DynamoType, key.values()))
        try:
            with self.transaction():
                for key in keys:
                    self._keep(name, key, by_ttl=True)
        except sqlite3.Error:
            for key in keys:
                self._put_back(name, key)
            raise
        return len(keys)

    def _put_back(self, name: str, key: dict[str, Any]) -> None:
        row = self._database.execute(_FIND, (name, _text(key))).fetchone()
        if row is None:
            self._table(name).delete_item(*map(DynamoType, key.values()))
        else:
            self._table(name).put_item(json.loads(row[0]), overwrite=True)

    def _key(self, name: str, item_or_key: dict[str, Any]) -> dict[str, Any]:
        table = self._table(name)
        parts = (table.hash_key_attr, table.range_key_attr)
        return {part: item_or_key[part] for part in parts if part}


def _is_loss(change: Change, old: str | None, version: Version) -> bool:
    """Whether somebody's write is undone: not when it is here already, or both deleted the item."""
    known = change.version == version or change.version.origin == version.origin
    return not known and (old is not None or change.new is not None)


def _as_sent(data: bytes) -> str:
    # moto shows binary values decoded, and takes them as they came over the wire.
    return base64.b64encode(data).decode()


def _text(said: dict[str, Any]) -> str:
    return json.dumps(said, sort_keys=True, default=_as_sent)


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
            for kind, write in entry.items():
                if kind != "ConditionCheck":  # it writes nothing
                    yield write["TableName"], write.get("Item") or write["Key"]


def record(journal: Journal, operation: str, body: bytes, *, accepted: bool = True) -> bool:
    """Keep what a request has written, and say whether it may have.

    After a refused write that is what was there before.
    """
    writes = operation.endswith(("Item", "Items")) and operation not in _READS
    if writes:
        journal.keep(list(touched_by(operation, json.loads(body))), accepted=accepted)
    return writes


_READS = frozenset({"GetItem", "BatchGetItem", "TransactGetItems"})
