"""Counters of many regions: each region adds to rows of its own, and a total is their sum.

A row that two regions add to would lose clicks: the last writer wins. A limit that must be exact
is one row, at the home of the slug that the counter's name begins with. The row that bears no
region is that one, and what a deployment has counted as long as it had one region.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from chalicelib.core.errors import Unavailable
from chalicelib.service.memos import Memo
from chalicelib.service.ports import CounterStore, OtherRegions
from chalicelib.service.regions import Regions
from chalicelib.service.threads import ask_within


FRESH_FOR = timedelta(seconds=1)
REMEMBERED = 1000
AT_HOME = 1.0  # seconds that a visitor waits for an exact count in another region
AskWithin = Callable[[float, Callable[[], int | None]], int | None]


def row_of(name: str, region: str) -> str:
    """The counter of one region, of those that have this name together."""
    return f"{name}#{region}"


@dataclass(frozen=True, slots=True)
class OwnRows:
    """The `CounterStore` of what each region counts by itself: in rows of its own, never summed."""

    local: CounterStore
    here: str

    def add(
        self, name: str, amount: int, *, until: datetime | None = None, most: int | None = None
    ) -> int | None:
        """See CounterStore."""
        return self.local.add(row_of(name, self.here), amount, until=until, most=most)

    def read(self, name: str) -> int:
        """See CounterStore."""
        return self.local.read(row_of(name, self.here))


@dataclass(frozen=True, slots=True)
class SummedCounters:
    """The `CounterStore` of what all regions count together.

    Without a `most` an add never leaves the region, and others see it with replication. With one
    it is made at home, or not at all.
    """

    local: CounterStore
    regions: Regions
    others: OtherRegions[CounterStore]
    ask_within: AskWithin = ask_within
    _rows: Memo[tuple[int, ...]] = field(default_factory=lambda: Memo(FRESH_FOR, REMEMBERED))

    def add(
        self, name: str, amount: int, *, until: datetime | None = None, most: int | None = None
    ) -> int | None:
        """See CounterStore."""
        if most is not None:
            return self._add_at_home(name, amount, until, most)
        own = self.local.add(row_of(name, self.regions.here), amount, until=until)
        total, _, others = self._parts(name)
        return None if own is None else total + own + others

    def _add_at_home(self, name: str, amount: int, until: datetime | None, most: int) -> int | None:
        # What was counted about before the limit was exact, in any region, is used up as well.
        _, own, others = self._parts(name)
        left = most - own - others
        home = self.regions.home_of(name.partition("#")[0])
        if home == self.regions.here:
            total = self.local.add(name, amount, until=until, most=left)
        else:
            add = partial(self._far_add, home, name, amount, until, left)
            total = self.ask_within(AT_HOME, add)
        return None if total is None else total + own + others

    def _far_add(
        self, home: str, name: str, amount: int, until: datetime | None, most: int
    ) -> int | None:
        try:
            return self.others(home, lambda far: far.add(name, amount, until=until, most=most))
        except Unavailable as error:
            raise Unavailable(f"{home}, where this is counted, does not answer: {error}") from error

    def read(self, name: str) -> int:
        """See CounterStore; of other regions, what has come from there."""
        return sum(self._read_parts(name))

    def _parts(self, name: str) -> tuple[int, ...]:
        known = self._rows.get(name, self.regions.clock())
        return self._read_parts(name) if known is None else known

    def _read_parts(self, name: str) -> tuple[int, ...]:
        """What the row without a region has, this region's own, and those of the others."""
        now, here = self.regions.clock(), self.regions.here
        others = sum(self.local.read(row_of(name, one)) for one in self.regions.others)
        parts = (self.local.read(name), self.local.read(row_of(name, here)), others)
        self._rows.put(name, parts, now)
        return parts
