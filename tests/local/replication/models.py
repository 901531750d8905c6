"""Regions in this process, over real tables and files, whose every step a test decides."""

import json
from pathlib import Path
from typing import Any

from moto.core import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends

from local.database import make_table
from local.journal import Journal
from local.replication.changes import Change, Loss, Version
from local.replication.logs import Place


TABLE = "modelled"


class Model:
    """One region: a journal over moto's table, told what others did by hand."""

    def __init__(self, folder: Path, name: str) -> None:
        self.name, self.file, self.time = name, folder / f"{name}.sqlite", 1_000
        self.peers: set[str] = set()
        self.open()

    def open(self) -> None:
        tables = dynamodb_backends[DEFAULT_ACCOUNT_ID][self.name].tables
        if TABLE not in tables:  # reading the template takes longer than all else here
            make_table(self.name, TABLE)
        tables[TABLE].items.clear()
        self.journal = Journal(self.file, self.name, lambda: self.time)
        self.journal._database.execute("pragma synchronous=off")  # no test pulls the plug
        self.journal.restore(TABLE)

    def close(self) -> None:
        self.journal.close()

    def restart(self) -> None:
        skew = self.journal.skew
        self.close()
        self.open()
        self.journal.skew = skew
        self.follow(*self.peers)

    def follow(self, *peers: str) -> None:
        """Be read by these."""
        self.peers = set(peers)
        for peer in peers:
            self.journal.log.follow(peer, 0)

    @property
    def table(self) -> Any:
        return dynamodb_backends[DEFAULT_ACCOUNT_ID][self.name].get_table(TABLE)

    def put(self, key: str, text: str, **more: Any) -> Version:
        item = {**key_of(key), "text": {"S": text}, **more}
        self.table.put_item(item)
        self.journal.keep([(TABLE, item)])
        return self.version(key)

    def delete(self, key: str) -> Version:
        from moto.dynamodb.models.dynamo_type import DynamoType

        self.table.delete_item(*map(DynamoType, key_of(key).values()))
        self.journal.keep([(TABLE, key_of(key))])
        return self.version(key)

    def version(self, key: str) -> Version:
        return self.journal.log.current(TABLE, json.dumps(key_of(key), sort_keys=True))[1]

    def items(self) -> dict[str, str]:
        """What a reader of the table gets."""
        return {one.attrs["pk"].value: one.attrs["text"].value for one in self.table.all_items()}

    def on_disk(self) -> dict[str, str]:
        rows = self.journal._database.execute("select item from items").fetchall()
        items = [json.loads(row[0]) for row in rows]
        return {it["pk"]["S"]: it["text"]["S"] for it in items}

    def hear(self, other: "Model", most: int = 200) -> list[Loss]:
        """Take the next changes of another region, or all that it has."""
        log = other.journal.log
        place = self.journal.log.place(other.name)
        if not log.has(place):
            start, after = Place(log.id, log.last), ("", "")
            while found := log.everything(after, most):
                after = (found[-1].table, found[-1].key)
                self.journal.apply(wired(found), other.name, None)
            return self.journal.apply([], other.name, start)
        page = log.page(place.sequence, other.name, most=most)
        log.follow(self.name, place.sequence)
        return self.journal.apply(wired(page.changes), other.name, Place(log.id, page.position))

    def behind(self, other: "Model") -> bool:
        log = other.journal.log
        place = self.journal.log.place(other.name)
        return not log.has(place) or bool(log.page(place.sequence, other.name).changes)


def wired(changes: list[Change]) -> list[Change]:
    """As they are after a way over a wire."""
    return [Change.from_wire(json.loads(json.dumps(one.to_wire()))) for one in changes]


def key_of(key: str) -> dict[str, Any]:
    return {"pk": {"S": key}, "sk": {"S": "link"}}
