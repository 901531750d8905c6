"""The log of a region's changes, in its file beside the items: written, read by many, trimmed."""

import json
import secrets
import sqlite3
from collections.abc import Callable
from itertools import takewhile
from typing import Any, NamedTuple

from local.replication.changes import NEVER, Change, Version


Clock = Callable[[], int]
KEPT_FOR = 24 * 3600 * 1000  # ms, as DynamoDB's streams
GRAVES_FOR = 7 * KEPT_FOR
PAGE = 200
_PAGE_CHARS = 4_000_000  # of images: no answer should be too large to hold
_READ = (
    "select table_name, key, old, new, stamp, origin, at, by_ttl, sequence from changes"
    " where sequence > ? and (? is null or origin = ?) order by sequence limit ?"
)
_WRITE = (
    "insert into changes (table_name, key, old, new, stamp, origin, at, by_ttl)"
    " values (?, ?, ?, ?, ?, ?, ?, ?)"
)
_EVERYTHING = (
    "select table_name, key, item, stamp, origin from items where (table_name, key) > (?, ?)"
    " union all"
    " select table_name, key, null, stamp, origin from graves where (table_name, key) > (?, ?)"
    " order by 1, 2 limit ?"
)


class Letter(NamedTuple):
    """A record of the stream that could not be handed on."""

    sequence: int
    at: int  # ms
    reason: str
    record: str  # JSON


class Place(NamedTuple):
    """How far a reader is: in which log, up to which sequence."""

    log: str
    sequence: int


class Page(NamedTuple):
    """What a reader gets; `position` is where it is after that."""

    changes: list[Change]
    position: int
    behind: int  # changes after `position` that are not due yet, or did not fit
    oldest_at: int | None  # when the first of those was made


class ChangeLog:
    """Items' versions and the log of their changes. Calls are of one thread.

    What it writes is in the transaction of its caller. Without readers nothing is logged.
    """

    def __init__(self, database: sqlite3.Connection, region: str) -> None:
        self._database = database
        self.region = region
        self.readers: dict[str, int] = {}
        self.reload()
        if not self.id:
            self._begin_anew()

    def reload(self) -> None:
        """Know what the file says, after a transaction was undone too."""
        self.id: str = self.fact("log", "")
        self._missed: bool = self.fact("missed", default=False)
        self.trimmed_to: int = self.fact("trimmed_to", 0)

    # Facts

    def fact(self, name: str, default: Any) -> Any:
        """What was noted under a name, as JSON."""
        row = self._database.execute("select fact from facts where name = ?", (name,)).fetchone()
        return json.loads(row[0]) if row else default

    def note(self, name: str, fact: Any) -> None:
        """Keep a fact; None forgets it."""
        if fact is None:
            self._database.execute("delete from facts where name = ?", (name,))
        else:
            self._database.execute(
                "insert or replace into facts values (?, ?)", (name, json.dumps(fact))
            )

    def place(self, reader: str) -> Place | None:
        """How far this region is as the reader of a log; None when it has not begun."""
        found = self.fact(f"place in {reader}", None)
        return Place(*found) if found else None

    def move(self, reader: str, place: Place | None) -> None:
        """Note how far it is."""
        self.note(f"place in {reader}", place)

    # Writing

    def current(self, table: str, key: str) -> tuple[str | None, Version]:
        """An item's text, and its version or that of its deletion; NEVER when it never was."""
        row = self._database.execute(
            "select item, stamp, origin from items where table_name = ? and key = ?", (table, key)
        ).fetchone()
        if row:
            return row[0], Version(row[1], row[2])
        grave = self._database.execute(
            "select stamp, origin from graves where table_name = ? and key = ?", (table, key)
        ).fetchone()
        return None, Version(*grave) if grave else NEVER

    def write(self, change: Change) -> None:
        """Have the item be so from now on, and log it for those who read."""
        self._settle(change)
        if not self.readers:
            self._miss()
        elif change.version.origin == self.region or change.old != change.new:
            self._database.execute(_WRITE, (*change[:4], *change.version, change.at, change.by_ttl))

    def _settle(self, change: Change) -> None:
        key = (change.table, change.key)
        if change.old is None:
            self._database.execute("delete from graves where table_name = ? and key = ?", key)
        if change.new is not None:
            self._database.execute(
                "insert or replace into items values (?, ?, ?, ?, ?)",
                (*key, change.new, *change.version),
            )
            return
        self._database.execute("delete from items where table_name = ? and key = ?", key)
        self._database.execute(
            "insert or replace into graves values (?, ?, ?, ?, ?)",
            (*key, *change.version, change.at),
        )

    def _miss(self) -> None:
        if not self._missed:
            self.note("missed", fact=True)
            self._missed = True

    # Readers

    def follow(self, reader: str, position: int) -> None:
        """Keep what comes after `position` for a reader, who has all up to there."""
        if not self.readers and self._missed:
            self._begin_anew()
        self.readers[reader] = position

    def leave(self, reader: str) -> None:
        """Keep nothing for it any more."""
        self.readers.pop(reader, None)

    def _begin_anew(self) -> None:
        # Another id tells everyone who reads later that there is a gap.
        with self._database:
            self._database.execute("begin")
            self._database.execute("delete from changes")
            self.note("log", secrets.token_hex(8))
            self.note("missed", None)
        self.reload()

    @property
    def last(self) -> int:
        """The sequence of the last change that was ever logged."""
        row = self._database.execute(
            "select seq from sqlite_sequence where name = 'changes'"
        ).fetchone()
        return int(row[0]) if row else 0

    def has(self, place: Place | None) -> bool:
        """Whether all that comes after a place is still there."""
        return (
            place is not None
            and place.log == self.id
            and not self._missed
            and self.trimmed_to <= place.sequence <= self.last
        )

    def page(
        self, after: int, origin: str | None = None, due: int | None = None, most: int = PAGE
    ) -> Page:
        """The next changes, of one origin or of all, that were made up to `due` (ms)."""
        rows = self._database.execute(_READ, (after, origin, origin, most + 1)).fetchall()
        found = [_change(row) for row in rows]
        ready = _fitting(takewhile(lambda it: due is None or it.at <= due, found), most)
        if len(ready) == len(found):
            return Page(ready, self.last, 0, None)
        position = ready[-1].sequence if ready else after
        return Page(ready, position, self._count(position, origin), found[len(ready)].at)

    def _count(self, after: int, origin: str | None) -> int:
        statement = "select count(*) from changes where sequence > ? and (? is null or origin = ?)"
        return int(self._database.execute(statement, (after, origin, origin)).fetchone()[0])

    def everything(self, after: tuple[str, str], most: int = PAGE) -> list[Change]:
        """Items and deletions in the order of their keys, as changes from nothing."""
        rows = self._database.execute(_EVERYTHING, (*after, *after, most)).fetchall()
        return _fitting(
            (Change(table, key, None, item, Version(*it), 0) for table, key, item, *it in rows),
            most,
        )

    # Dead letters

    def bury(self, letter: Letter) -> None:
        """Keep a record that could not be handed on."""
        self._database.execute("insert or replace into dead_letters values (?, ?, ?, ?)", letter)

    def count_dead(self) -> int:
        """How many there are."""
        return int(self._database.execute("select count(*) from dead_letters").fetchone()[0])

    def dead(self, most: int = 20) -> list[dict[str, Any]]:
        """The last of them."""
        rows = self._database.execute(
            "select sequence, at, reason, record from dead_letters order by sequence desc limit ?",
            (most,),
        )
        return [{**Letter(*row)._asdict(), "record": json.loads(row[-1])} for row in rows]

    # Trimming

    def trim(self, now: int) -> int:
        """Forget what all readers have, and what is too old for any; how many changes."""
        done = min(self.readers.values(), default=self.last)
        (old,) = self._database.execute(
            "select max(sequence) from changes where at < ?", (now - KEPT_FOR,)
        ).fetchone()
        upto = max(done, old or 0)
        gone = self._database.execute("delete from changes where sequence <= ?", (upto,)).rowcount
        if gone:
            self.trimmed_to = max(self.trimmed_to, upto)
            self.note("trimmed_to", self.trimmed_to)
        self._database.execute("delete from graves where at < ?", (now - GRAVES_FOR,))
        return gone


def _change(row: tuple[Any, ...]) -> Change:
    table, key, old, new, stamp, origin, at, by_ttl, sequence = row
    return Change(table, key, old, new, Version(stamp, origin), at, bool(by_ttl), sequence)


def _fitting(changes: Any, most: int) -> list[Change]:
    """As many of them as make one answer, at least one."""
    fitting: list[Change] = []
    size = 0
    for change in changes:
        size += len(change.old or "") + len(change.new or "")
        if fitting and (size > _PAGE_CHARS or len(fitting) == most):
            break
        fitting.append(change)
    return fitting
