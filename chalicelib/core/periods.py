"""Which stretch of time stats are of, how finely, and which rows of counts have it.

A row counts for where its middle lies. So days of zones that are half an hour off, and days of
which only UTC's are kept, need no rules of their own.
"""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import NamedTuple

from chalicelib.core.counts import KEPT_FOR, Span
from chalicelib.core.errors import Refused
from chalicelib.core.times import parse_time


HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MONTH = timedelta(days=30)
# From a row's beginning to its middle; of months about.
_HALF = {"hour": HOUR / 2, "day": DAY / 2, "month": MONTH / 2}
# As many points as a chart has room for, and a reader patience.
LONGEST = {"hour": 31 * DAY, "day": 400 * DAY, "month": 3660 * DAY}
# What an interval is chosen for when none is named.
_FINE, _MIDDLING = 2 * DAY + HOUR, 100 * DAY
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
DEFAULT_DAYS = 30


class Period(NamedTuple):
    """From `since` until just before `until`, both UTC."""

    since: datetime
    until: datetime


class Piece(NamedTuple):
    """Rows to read: those of a span that begin in [since, until)."""

    span: Span
    since: datetime
    until: datetime


def parse_bound(value: object) -> datetime | date:
    """A moment (RFC 3339 with its offset), or a whole day (2026-11-23) of whichever zone."""
    text = str(value)
    if not _DATE.fullmatch(text):
        return parse_time(text)
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Refused("time", "There is no such day; write one like 2026-11-23.") from None


def begin_of(bound: datetime | date, zone: tzinfo) -> datetime:
    """When it begins; Refused when that is beyond all calendars."""
    if isinstance(bound, datetime):
        return bound
    return _in_utc(bound, zone)


def end_of(bound: datetime | date, zone: tzinfo) -> datetime:
    """When it is over: a day at its end; Refused when that is beyond all calendars."""
    if isinstance(bound, datetime):
        return bound
    if bound == date.max:
        raise Refused("time", "There is no day after that.")
    return _in_utc(bound + DAY, zone)


def period_before(period: Period, zone: tzinfo) -> Period:
    """The same hours by the zone's clocks, so many days earlier that the two have none in common.

    So half a day is held against the same half of the day before.
    """
    since, until = (moment.astimezone(zone).replace(tzinfo=None) for moment in period)
    days = max(-((since - until) // DAY), 1) * DAY
    start, end = ((local - days).replace(tzinfo=zone).astimezone(UTC) for local in (since, until))
    return Period(start, max(start, end))


def _in_utc(day: date, zone: tzinfo) -> datetime:
    # A midnight that clocks skip is the moment at which they do.
    try:
        return datetime.combine(day, time(), zone).astimezone(UTC)
    except OverflowError:
        raise Refused("time", "That is beyond all calendars.") from None


def next_hour(now: datetime) -> datetime:
    """The end of the hour that is under way."""
    return now.replace(minute=0, second=0, microsecond=0) + HOUR


def default_since(until: datetime, zone: tzinfo) -> datetime:
    """The beginning of the last 30 days, of which the one that ends at `until` is the last."""
    last = (until - timedelta(microseconds=1)).astimezone(zone).date()
    return _in_utc(last - (DEFAULT_DAYS - 1) * DAY, zone)


def fitting_interval(period: Period, now: datetime) -> Span:
    """How finely a period is looked at when nothing is said of it."""
    length = period.until - period.since
    if length <= _FINE and period.since >= hours_since(now):
        return "hour"
    return "day" if length <= _MIDDLING else "month"


def hours_since(now: datetime) -> datetime:
    """From when on hours are kept: a midnight, so that days reach up to it."""
    return _kept_since("hour", now) + DAY


def _days_since(now: datetime) -> datetime:
    return (_kept_since("day", now).replace(day=1) + 32 * DAY).replace(day=1)


def _kept_since(span: Span, now: datetime) -> datetime:
    return _midnight(now - (KEPT_FOR[span] or timedelta()))


def _midnight(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def bucket_starts(period: Period, interval: Span, zone: tzinfo) -> list[datetime]:
    """Where the hours, days or months that the period touches begin, by the zone's clocks; UTC.

    The first may begin before the period does.
    """
    return sorted({start.astimezone(UTC) for start in _starts(period, interval, zone)})


def _starts(period: Period, interval: Span, zone: tzinfo) -> Iterator[datetime]:
    local = period.since.astimezone(zone)
    if interval == "hour":
        start = period.since - timedelta(
            minutes=local.minute, seconds=local.second, microseconds=local.microsecond
        )
        while start < period.until:
            yield start
            start += HOUR
        return
    day = local.date() if interval == "day" else local.date().replace(day=1)
    start = _in_utc(day, zone)
    while start < period.until:
        yield start
        day = day + DAY if interval == "day" else (day + 32 * DAY).replace(day=1)
        start = _in_utc(day, zone)


def plan_reads(period: Period, now: datetime, *, by_hours: bool) -> list[Piece]:
    """The rows that together are the period: hours, or as few rows as will do.

    Of what is older than hours are kept it is days, and before that months.
    """
    days, hours = _days_since(now), hours_since(now)
    recent = _cut(period, since=hours)
    parts: list[tuple[Span, Period]] = [
        ("month", _cut(period, until=days)),
        ("day", _cut(period, since=days, until=hours)),
        *([("hour", recent)] if by_hours else _with_days(recent)),
    ]
    return [_piece(span, part) for span, part in parts if part.since < part.until]


def _with_days(period: Period) -> list[tuple[Span, Period]]:
    first = _midnight(period.since + DAY - timedelta(microseconds=1))
    last = _midnight(period.until)
    if first >= last:
        return [("hour", period)]
    before, after = Period(period.since, first), Period(last, period.until)
    return [("hour", before), ("day", Period(first, last)), ("hour", after)]


def _cut(period: Period, since: datetime | None = None, until: datetime | None = None) -> Period:
    return Period(
        max(period.since, since or period.since), min(period.until, until or period.until)
    )


def _piece(span: Span, part: Period) -> Piece:
    return Piece(span, part.since - _HALF[span], part.until - _HALF[span])


def middle_of(piece: Piece, at: datetime) -> datetime:
    """The middle of a row of this piece that begins `at`."""
    return at + _HALF[piece.span]


def is_whole_in_utc(starts: list[datetime]) -> bool:
    """Whether these are midnights of UTC, so that UTC's days are the zone's."""
    return all(start == _midnight(start) for start in starts)
