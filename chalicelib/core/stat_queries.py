"""What stats are asked for: the query's fields, and the period they mean."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any

from chalicelib.core.counts import Span
from chalicelib.core.errors import Invalid, Problem, Refused
from chalicelib.core.fields import Field, Kind, choice, pointer_to, read_fields
from chalicelib.core.periods import (
    LONGEST,
    Period,
    begin_of,
    default_since,
    end_of,
    fitting_interval,
    hours_since,
    next_hour,
    parse_bound,
)
from chalicelib.core.rules import ZoneFinder
from chalicelib.core.times import TIME_PATTERN, format_time


MOST_TOP, DEFAULT_TOP = 100, 10
# Nothing is counted in the future, but the end of a month may well be.
_AHEAD = timedelta(days=366)
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_DIGITS = re.compile(r"\d{1,4}", re.ASCII)


@dataclass(frozen=True, slots=True)
class StatQuery:
    """What is asked for, as of `now`; `zone_name` is how `zone` was called."""

    period: Period
    interval: Span
    zone: tzinfo
    zone_name: str
    now: datetime
    top: int = DEFAULT_TOP
    compared: bool = False


def _top(value: object) -> int:
    text = str(value)
    if not _DIGITS.fullmatch(text) or not 1 <= int(text) <= MOST_TOP:
        raise Refused("limit", f"A whole number from 1 to {MOST_TOP}.")
    return int(text)


_BOUND = Kind(
    parse_bound,
    {"type": "string", "pattern": f"^({TIME_PATTERN}|[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}})$"},
)
_ZONE = {"type": "string", "minLength": 1, "maxLength": 64, "default": "UTC"}
_TOP = {"type": "integer", "minimum": 1, "maximum": MOST_TOP, "default": DEFAULT_TOP}


def stat_fields(find_zone: ZoneFinder) -> Mapping[str, Field]:
    """The fields of a query, each of which may be left out."""

    def parse_zone(value: object) -> tuple[str, tzinfo]:
        name = str(value)
        zone = find_zone(name) if 1 <= len(name) <= 64 else None
        if zone is None:
            raise Refused("time_zone", "A time zone of IANA, like Europe/Berlin.")
        return name, zone

    return {
        "from": Field(
            _BOUND,
            about="From when on: a time (RFC 3339), or a day (2026-11-23) from its beginning. "
            "30 days before `to` unless named.",
        ),
        "to": Field(
            _BOUND,
            about="Until just before this time, or until the end of this day; now unless named.",
        ),
        "interval": Field(
            choice("hour", "day", "month"),
            about="What each point of the series is; chosen to fit the period unless named.",
        ),
        "time_zone": Field(
            Kind(parse_zone, _ZONE), about="By whose clocks days and months begin (IANA)."
        ),
        "top": Field(Kind(_top, _TOP), about="How many values of each dimension to name."),
        "compare": Field(
            choice("previous"),
            about="With the clicks of as much time before: the same hours of the days before.",
        ),
        "format": Field(choice("json", "csv"), about="JSON unless named; CSV for spreadsheets."),
    }


def read_stat_query(
    parameters: Mapping[str, str], now: datetime, fields: Mapping[str, Field]
) -> StatQuery:
    """The query that parameters ask; Invalid names every one that can't be used."""
    values = read_fields(dict(parameters), fields)
    name, zone = values.get("time_zone", ("UTC", UTC))
    period = _read_period(values, zone, now)
    interval = values.get("interval") or fitting_interval(period, now)
    _check_period(period, interval, now)
    compared = values.get("compare") == "previous"
    return StatQuery(period, interval, zone, name, now, values.get("top", DEFAULT_TOP), compared)


def _read_period(values: Mapping[str, Any], zone: tzinfo, now: datetime) -> Period:
    until = _bound(values, "to", end_of, zone) or next_hour(now)
    if not _EARLIEST < until <= now + _AHEAD:
        raise _refused("/to", "This is more than a year ahead, or before there was anything.")
    since = _bound(values, "from", begin_of, zone)
    if since and since < _EARLIEST:
        raise _refused("/from", "This is before there was anything.")
    return Period(since or default_since(until, zone), until)


def _bound(values: Mapping[str, Any], name: str, read: Any, zone: tzinfo) -> datetime | None:
    bound: datetime | date | None = values.get(name)
    try:
        return None if bound is None else read(bound, zone)
    except Refused as refused:
        raise Invalid([refused.at(pointer_to(name))]) from None


def _check_period(period: Period, interval: Span, now: datetime) -> None:
    since, until = period
    if since >= until:
        raise _refused("/to", "The period is empty: this has to be after `from`.")
    if interval == "hour" and since < hours_since(now):
        first = format_time(hours_since(now))
        raise _refused("/from", f"Hours are kept from {first} on; ask for days before that.")
    longest = LONGEST[interval]
    if until - since > longest:
        detail = f"At most {longest.days:,} days by the {interval}; this is more."
        raise _refused("/from", detail)


def _refused(pointer: str, detail: str) -> Invalid:
    return Invalid([Problem(pointer, "period", detail)])
