"""Counts of clicks, read from the links' own table: rows of all regions, summed."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from chalicelib.core.counts import CountRow, Span, add_counts
from chalicelib.store.keys import LOGS_PK, counts_pk, counts_since
from chalicelib.store.models import LinkItem
from chalicelib.store.raw_tables import RawTable


OWN = frozenset({"pk", "sk", "ttl"})  # what a row has besides counts


class CountTable:
    """The `CountStore` over one region's table, which has the rows of the others too."""

    def __init__(self, model: type[LinkItem]) -> None:
        self._table = RawTable(model)

    def read(
        self,
        subject: str,
        span: Span,
        since: datetime,
        until: datetime,
        names: Sequence[str] | None = None,
    ) -> list[CountRow]:
        """A Query for each MB; see CountStore."""
        # The last span may begin before `until`; what follows it in its keys is less than this.
        between = (counts_since(span, since), counts_since(span, until) + "$")
        found: dict[datetime, dict[str, int]] = {}
        for item in self._table.query(counts_pk(subject), between, names):
            at = datetime.fromisoformat(item["sk"]["S"].split("#")[1] + ":00:00+00:00")
            if since <= at < until:
                add_counts(found.setdefault(at, {}), _counts_of(item))
        return [CountRow(at, found[at]) for at in sorted(found)]

    def complete_as_of(self) -> datetime | None:
        """One Query; see CountStore."""
        seen = [int(item["seen"]["N"]) for item in self._table.query(LOGS_PK)]
        return datetime.fromtimestamp(max(seen), UTC) if seen else None

    def erase(self, subject: str) -> int:
        """A Query for each MB, and a BatchWriteItem for each 25 rows; see CountStore."""
        items = self._table.query(counts_pk(subject))
        keys = [(item["pk"]["S"], item["sk"]["S"]) for item in items]
        self._table.delete_all(keys)
        return len(keys)


def _counts_of(item: Mapping[str, Any]) -> dict[str, int]:
    return {name: int(value["N"]) for name, value in item.items() if name not in OWN}
