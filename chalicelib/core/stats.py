"""Stats: sums of counts, as totals, as a series, and by dimension."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from chalicelib.core.counts import LINK, REST, CountRow, name_of
from chalicelib.core.times import format_time


# What each dimension is called where its values are listed.
TOPS: Mapping[str, str] = {
    "countries": "country",
    "devices": "device",
    "browsers": "browser",
    "systems": "system",
    "referrers": "referrer",
    "languages": "language",
    "variants": "variant",
    "utm_sources": "utm_source",
    "utm_mediums": "utm_medium",
    "utm_campaigns": "utm_campaign",
}
GONE = "(removed)"
LINK_TOPS: Mapping[str, str] = {"links": LINK, **TOPS}
SERIES_NAMES = ("clicks", "bots")
KINDS_SHOWN = ("clicks", "bots", "heads", "previews")


class Point(NamedTuple):
    """What was counted in the hour, day or month that begins `at`."""

    at: datetime
    clicks: int
    bots: int


class Share(NamedTuple):
    """How many of the clicks one value of a dimension has."""

    value: str
    clicks: int
    share: float


class Compared(NamedTuple):
    """The clicks of the period before; `change` is None when there were none to compare with."""

    since: datetime
    until: datetime
    clicks: int
    change: float | None


@dataclass(frozen=True, slots=True)
class Sums:
    """All rows of a period added up, and in the order of time."""

    counts: Mapping[str, int]
    series: tuple[Point, ...]

    @property
    def clicks(self) -> int:
        """Of people."""
        return self.counts.get("clicks", 0)


def sum_rows(rows: Iterable[CountRow], starts: Sequence[datetime]) -> Sums:
    """The sums of rows that are `at` their middle; each counts for the last start before it.

    Where there is no row the series has zeros.
    """
    totals: Counter[str] = Counter()
    clicks, bots = [0] * len(starts), [0] * len(starts)
    for at, counts in rows:
        totals.update(counts)
        if starts:
            bucket = max(bisect_right(starts, at) - 1, 0)
            clicks[bucket] += counts.get("clicks", 0)
            bots[bucket] += counts.get("bots", 0)
    return Sums(totals, tuple(map(Point, starts, clicks, bots)))


def top_values(counts: Mapping[str, int], dimension: str, most: int) -> list[Share]:
    """The values with the most clicks, and then all others together as `(other)`."""
    prefix = f"{dimension}:"
    found = {name[len(prefix) :]: n for name, n in counts.items() if name.startswith(prefix) and n}
    rest = found.pop(REST, 0)
    ranked = sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))
    rest += sum(clicks for _, clicks in ranked[most:])
    listed = [*ranked[:most], *([(REST, rest)] if rest else [])]
    # Clicks on several links are several clicks; no more than all of them is ever one value's.
    whole = max(counts.get("clicks", 0), 1)
    return [Share(value, clicks, round(min(clicks / whole, 1), 4)) for value, clicks in listed]


def name_variants(counts: Mapping[str, int], names: Mapping[str, str]) -> dict[str, int]:
    """The counts with variants by what they are called now, and not by their ids.

    Those whose destination the link no longer has are GONE.
    """
    shown: Counter[str] = Counter()
    for name, count in counts.items():
        dimension, _, value = name.partition(":")
        if dimension == "variant" and value != REST:
            name = name_of(dimension, names.get(value, GONE))  # noqa: PLW2901
        shown[name] += count
    return shown


def compare(since: datetime, until: datetime, clicks: int, clicks_then: int) -> Compared:
    """The period before, and by which part of itself its clicks have changed."""
    change = round((clicks - clicks_then) / clicks_then, 4) if clicks_then else None
    return Compared(since, until, clicks_then, change)


def describe_sums(sums: Sums, tops: Mapping[str, str], most: int) -> dict[str, Any]:
    """Totals, series and top values as the API shows them."""
    return {
        **{kind: sums.counts.get(kind, 0) for kind in KINDS_SHOWN},
        "series": [{**point._asdict(), "at": format_time(point.at)} for point in sums.series],
        "top": {
            name: [share._asdict() for share in top_values(sums.counts, dimension, most)]
            for name, dimension in tops.items()
        },
    }


def describe_compared(compared: Compared | None) -> dict[str, Any] | None:
    """The comparison as the API shows it."""
    return compared and {
        "from": format_time(compared.since),
        "to": format_time(compared.until),
        "clicks": compared.clicks,
        "change": compared.change,
    }
