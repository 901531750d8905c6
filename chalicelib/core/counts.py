"""What is counted of clicks, and under which names: one flat mapping of names to numbers.

A row holds the counts of one subject in one span of time by one region; stats are sums of rows.
Names are `clicks` (by people), `bots`, `heads`, `previews` and `checks` (of health), apart from
each other; and of `clicks` alone, `<dimension>:<value>`, such as `country:DE`. A workspace's rows
also have `link:<slug key>`, which of its links were followed.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Literal, NamedTuple


Span = Literal["hour", "day", "month"]
SPANS: tuple[Span, ...] = ("hour", "day", "month")
KINDS = ("clicks", "bots", "heads", "previews", "checks")
LINK = "link"  # the dimension of workspaces alone, as bounded as the others
# The values of each dimension that one row has; what comes after them is counted as REST. All of
# them are one update, whose expression is 4 KB at most, and a row stays far below an item's 400.
MOST_VALUES = {
    "country": 100,
    "device": 8,
    "browser": 24,
    "system": 16,
    "referrer": 80,
    "language": 40,
    "variant": 20,
    "utm_source": 30,
    "utm_medium": 20,
    "utm_campaign": 40,
    LINK: 100,
}
DIMENSIONS = [name for name in MOST_VALUES if name != LINK]
LONGEST_VALUE = 64  # what is longer is cut
REST = "(other)"
UNKNOWN = "(unknown)"  # the visitor did not say, or it can't be told

# How long rows stay after their span began. Hours are for looking closely at what goes on, days for
# this year beside the last; months are few, and stay.
KEPT_FOR: Mapping[Span, timedelta | None] = {
    "hour": timedelta(days=45),
    "day": timedelta(days=800),
    "month": None,
}


class CountRow(NamedTuple):
    """The counts of one subject in the span that begins `at` (UTC), all regions summed."""

    at: datetime
    counts: Mapping[str, int]


class RowKey(NamedTuple):
    """Which row: one of a subject, or one of its shards when many write it at once."""

    subject: str
    span: Span
    at: datetime
    shard: int = 0

    @property
    def forgotten_at(self) -> datetime | None:
        """When it is swept; None for never."""
        kept_for = KEPT_FOR[self.span]
        return None if kept_for is None else self.at + kept_for


def link_subject(workspace: str, slug_key: str) -> str:
    """What the counts of a link are kept under.

    The workspace is in it as a slug may be another's one day, who is told nothing of before.
    """
    return f"link/{workspace}/{slug_key}"


def workspace_subject(workspace: str) -> str:
    """What the counts of all links of a workspace are kept under."""
    return f"workspace/{workspace}"


# Clicks that followed nothing: there was no such link.
ORPHANS = "orphans"


def name_of(dimension: str, value: str) -> str:
    """The name under which a value of a dimension is counted."""
    return f"{dimension}:{value}"


def sum_counts(counts: Mapping[str, int], more: Mapping[str, int]) -> dict[str, int]:
    """Both together, in a new mapping."""
    both = dict(counts)
    add_counts(both, more)
    return both


@lru_cache(1024)
def begin_of(span: Span, at: datetime) -> datetime:
    """When the span that a time is in began."""
    hour = at.replace(minute=0, second=0, microsecond=0)
    if span == "hour":
        return hour
    day = hour.replace(hour=0)
    return day if span == "day" else day.replace(day=1)


def add_counts(counts: dict[str, int], more: Mapping[str, int]) -> None:
    """Add to counts what more there is of each name."""
    for name, count in more.items():
        counts[name] = counts.get(name, 0) + count


def bound_counts(counts: Mapping[str, int], there: Collection[str] = ()) -> Mapping[str, int]:
    """The counts as a row takes them that has names already: REST for values beyond the bounds.

    Of new values those with most clicks are named, then those first in the alphabet.
    """
    if len(counts) + len(there) <= _FEW:
        return counts
    room, names = _room(there), set(there)
    new = Counter(_dimension_of(name) for name in counts if name not in names)
    if all(room.get(dimension, count) >= count for dimension, count in new.items()):
        return counts
    bounded: dict[str, int] = {}
    for name, count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])):
        dimension = "" if name in names else _dimension_of(name)
        fits = room.get(dimension, 1) > 0
        if fits and dimension in room:
            room[dimension] -= 1
        shown = name if fits else name_of(dimension, REST)
        bounded[shown] = bounded.get(shown, 0) + count
    return bounded


# Values of the few dimensions with lower bounds are words of ours, fewer than those.
_FEW = min(most for most in MOST_VALUES.values() if most >= 20)


def _room(there: Iterable[str]) -> dict[str, int]:
    taken = Counter(map(_dimension_of, there))
    return {dimension: most - taken[dimension] for dimension, most in MOST_VALUES.items()}


@lru_cache(8192)
def _dimension_of(name: str) -> str:
    """The dimension of a name that takes room among its values; empty for others."""
    dimension, _, value = name.partition(":")
    return "" if value in ("", REST, UNKNOWN) else dimension
