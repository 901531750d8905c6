"""Counts of clicks in this process's memory, beside the links of `memory`. Gone when it ends."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from threading import Lock

from chalicelib.core.counts import CountRow, RowKey, Span, add_counts
from chalicelib.service.ports import Receipt


class CountMemory:
    """The `CountStore` and the `FoldStore` of one region over dicts."""

    def __init__(self) -> None:
        self._rows: dict[RowKey, dict[str, int]] = {}
        self._receipts: dict[str, Receipt] = {}
        self._told: dict[str, str] = {}
        self._seen: datetime | None = None
        self._lock = Lock()

    def read(
        self,
        subject: str,
        span: Span,
        since: datetime,
        until: datetime,
        names: Sequence[str] | None = None,
    ) -> list[CountRow]:
        """See CountStore."""
        found: dict[datetime, dict[str, int]] = {}
        with self._lock:
            for row, counts in self._rows.items():
                if (row.subject, row.span) == (subject, span) and since <= row.at < until:
                    wanted = counts if names is None else {n: counts.get(n, 0) for n in names}
                    add_counts(found.setdefault(row.at, {}), wanted)
        return [CountRow(at, found[at]) for at in sorted(found)]

    def complete_as_of(self) -> datetime | None:
        """See CountStore."""
        return self._seen

    def erase(self, subject: str) -> int:
        """See CountStore."""
        with self._lock:
            gone = [row for row in self._rows if row.subject == subject]
            for row in gone:
                del self._rows[row]
        return len(gone)

    def receipt(self, name: str) -> Receipt:
        """See FoldStore."""
        return self._receipts.get(name, Receipt())

    def workspaces(self, keys: Sequence[str]) -> dict[str, str]:  # noqa: ARG002
        """See FoldStore; links are another store's here, who is asked for what this one lacks."""
        return {}

    def names(self, rows: Iterable[RowKey]) -> dict[RowKey, frozenset[str]]:
        """See FoldStore."""
        with self._lock:
            return {row: frozenset(self._rows[row]) for row in rows if row in self._rows}

    def fold(
        self, receipts: Mapping[str, Receipt], upto: str, rows: Mapping[RowKey, Mapping[str, int]]
    ) -> Mapping[str, Receipt] | None:
        """See FoldStore."""
        with self._lock:
            for name, receipt in receipts.items():
                there = self._receipts.get(name, Receipt())
                if there.ended or there.mine != receipt.mine:
                    return None
            for row, counts in rows.items():
                add_counts(self._rows.setdefault(row, {}), counts)
            after = {name: receipt.move(upto) for name, receipt in receipts.items()}
            self._receipts.update(after)
            return after

    def end(self, name: str, receipt: Receipt, told: str, seen_at: datetime | None) -> None:
        """See FoldStore."""
        with self._lock:
            if seen_at is not None:
                self._seen = max(self._seen or seen_at, seen_at)
            there = self._receipts.get(name, Receipt())
            if there.mine == receipt.mine:
                self._receipts[name] = receipt._replace(mine=receipt.chunks, ended=True)
                self._told[name] = told
