"""What is to be written of absences when a region goes or comes back, and when that holds. Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from chalicelib.core.homes import MOVES_FOR, Absence


# A container may know of a change 10 s late, another 10 s before the moment a write of 6 s begins.
LEAD = timedelta(seconds=30)
_PAST = timedelta(hours=1)  # longer than any clock is wrong, or any request takes


def without(absences: Sequence[Absence], region: str, since: datetime) -> tuple[Absence, ...]:
    """The absences with one more: a region is no home from `since` on."""
    return (*forget(absences, region), Absence(region, since))


def again(absences: Sequence[Absence], region: str, until: datetime) -> tuple[Absence, ...]:
    """The absences with the end of one: a region is a home again from `until` on."""
    return tuple(
        one._replace(until=until) if one.region == region and one.until is None else one
        for one in absences
    )


def forget(absences: Sequence[Absence], region: str) -> tuple[Absence, ...]:
    """The absences without those of a region."""
    return tuple(one for one in absences if one.region != region)


def tidy(absences: Sequence[Absence], now: datetime) -> tuple[Absence, ...]:
    """The absences without those that nobody is moved by any more."""
    return tuple(one for one in absences if one.until is None or now < one.until + _PAST)


def is_away(absences: Sequence[Absence], region: str, now: datetime) -> bool:
    """Whether all who decide know by now that a region is no home, and no end is planned."""
    return any(
        one.region == region and one.since + MOVES_FOR <= now and one.until is None
        for one in absences
    )


def is_planned(absences: Sequence[Absence], region: str) -> bool:
    """Whether a region is no home, or won't be, with no end of that planned."""
    return any(one.region == region and one.until is None for one in absences)


def holds_from(moment: datetime) -> datetime:
    """When writes go on: until then keys that move have no home."""
    return moment + MOVES_FOR
