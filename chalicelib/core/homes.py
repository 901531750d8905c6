"""Which region is the home of a key: the only one that may accept a create or a change of it.

Rendezvous hashing: every region and every key have a weight together, and the heaviest wins. So
when a region comes or goes, only the keys that it wins or had won move, about one in n.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, TypeVar


T = TypeVar("T")
DRAWS = 500  # of 20 regions, so many draws all miss one with a chance of 1e-11
# Who decides may know of a change of the regions so much later than others, or by so wrong a clock.
MOVES_FOR = timedelta(seconds=10)


class Absence(NamedTuple):
    """A region is no home of anything from `since` on, until it comes back (None: not planned)."""

    region: str
    since: datetime
    until: datetime | None = None


def home_of(key: str, regions: Iterable[str]) -> str:
    """The home of a key among these regions, in whatever order; ValueError when there are none."""
    return max(regions, key=lambda region: (_weight(region, key), region))


def _weight(region: str, key: str) -> bytes:
    return hashlib.blake2b(
        f"{region}/{key}".encode("utf-8", "surrogatepass"), digest_size=8
    ).digest()


def present(regions: Sequence[str], absences: Iterable[Absence], at: datetime) -> tuple[str, ...]:
    """The regions that are homes at a time; all of them when none would be left."""
    absent = {
        one.region for one in absences if one.since <= at and (one.until is None or at < one.until)
    }
    return tuple(region for region in regions if region not in absent) or tuple(regions)


def is_elsewhere(key: str, regions: Sequence[str]) -> bool:
    """Whether the home of the key is not the first of these regions, whoever may be absent."""
    return len(regions) > 1 and home_of(key, regions) != regions[0]


def draw_at_home(draw: Callable[[], T], key_of: Callable[[T], str], regions: Sequence[str]) -> T:
    """The first that is drawn whose home is the first of the regions, whoever may be absent.

    One of another home in the end, for which all goes as for any other of that home.
    """
    drawn = draw()
    for _ in range(DRAWS):
        if not is_elsewhere(key_of(drawn), regions):
            break
        drawn = draw()
    return drawn


def home_at(
    key: str, regions: Sequence[str], absences: Sequence[Absence], now: datetime
) -> str | None:
    """The home of a key now; None while it moves, when not all may know of its new one yet."""
    if not absences:
        return home_of(key, regions)
    moments = (now - MOVES_FOR, now + MOVES_FOR)
    before, after = (home_of(key, present(regions, absences, moment)) for moment in moments)
    return before if before == after else None
