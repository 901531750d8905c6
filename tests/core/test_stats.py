"""Stats against a count by hand: each click is in one point, and in the day it was made on."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.counts import DIMENSIONS, CountRow, Span
from chalicelib.core.errors import Invalid
from chalicelib.core.periods import (
    HOUR,
    Period,
    bucket_starts,
    is_whole_in_utc,
    middle_of,
    period_before,
    plan_reads,
)
from chalicelib.core.stat_queries import StatQuery, read_stat_query, stat_fields
from chalicelib.core.stats import TOPS, Sums, compare, sum_rows, top_values
from chalicelib.time_zones import find_zone


NOW = datetime(2026, 11, 23, 12, 20, tzinfo=UTC)
FIELDS = stat_fields(find_zone)
ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Pacific/Kiritimati", "America/St_Johns"]


def rows_of(clicks: list[datetime], span: Span) -> dict[datetime, int]:
    """The rows that these clicks make."""
    starts = {"hour": {}, "day": {"hour": 0}, "month": {"day": 1, "hour": 0}}[span]
    return Counter(one.replace(minute=0, second=0, microsecond=0, **starts) for one in clicks)


def summed(
    clicks: list[datetime], period: Period, *, by_hours: bool, starts: list[datetime]
) -> Sums:
    rows = [
        CountRow(middle_of(piece, at), {"clicks": n})
        for piece in plan_reads(period, NOW, by_hours=by_hours)
        for at, n in rows_of(clicks, piece.span).items()
        if piece.since <= at < piece.until
    ]
    return sum_rows(rows, starts)


minutes = st.integers(0, 60 * 24 * 1000)
moments = minutes.map(lambda ago: NOW - timedelta(minutes=ago))
hours = st.integers(0, 24 * 900).map(lambda ago: NOW.replace(minute=0) + HOUR - ago * HOUR)


@given(st.lists(moments), hours, hours, st.booleans())
def test_every_click_is_read_once(
    clicks: list[datetime], one: datetime, other: datetime, by_hours: bool
) -> None:
    """Pieces have no gap and no overlap: of two adjoining periods each click is in one."""
    start, middle = sorted([one, other])
    end = NOW + timedelta(days=1)
    periods = [Period(datetime(2000, 1, 1, tzinfo=UTC), start), Period(start, middle)]
    total = sum(
        summed(clicks, period, by_hours=by_hours, starts=[]).clicks
        for period in [*periods, Period(middle, end)]
    )

    assert total == len(clicks)


@given(
    st.lists(
        st.integers(0, 60 * 24 * 43).map(lambda ago: NOW - timedelta(minutes=ago)), min_size=1
    ),
    st.sampled_from(ZONES[:4]),
    st.sampled_from(["hour", "day", "month"]),
)
def test_points_are_the_zones_own(clicks: list[datetime], name: str, interval: Span) -> None:
    """What is kept as hours is in the day and month that the zone's clocks showed."""
    zone = ZoneInfo(name)
    period = Period((NOW - timedelta(days=44)).replace(hour=0, minute=0), NOW + HOUR)
    starts = bucket_starts(period, interval, zone)
    sums = summed(clicks, period, by_hours=True, starts=starts)
    form = {"hour": "%F %H %z", "day": "%F", "month": "%Y-%m"}[interval]
    by_hand = Counter(one.astimezone(zone).strftime(form) for one in clicks)
    found = {point.at.astimezone(zone).strftime(form): point.clicks for point in sums.series}

    assert len(found) == len(starts)
    assert {label: n for label, n in found.items() if n} == by_hand


@pytest.mark.parametrize(
    ("name", "day", "length"),
    [
        ("Europe/Berlin", "2026-03-29", 23),
        ("Europe/Berlin", "2026-10-25", 25),
        ("America/Sao_Paulo", "2018-11-04", 23),  # there is no midnight on that day
        ("Asia/Kolkata", "2026-11-23", 24),
    ],
)
def test_days_are_as_long_as_they_are(name: str, day: str, length: int) -> None:
    """A day on which clocks change has 23 or 25 hours, and as many points."""
    query = ask(time_zone=name, to=day, **{"from": day}, interval="day")

    assert query.period.until - query.period.since == length * HOUR
    assert len(bucket_starts(query.period, "day", query.zone)) == 1
    assert len(bucket_starts(query.period, "hour", query.zone)) == length


def ask(**parameters: str) -> StatQuery:
    return read_stat_query(parameters, NOW, FIELDS)


def test_what_nobody_named() -> None:
    """The last 30 days by the zone's clocks, today among them, until the end of this hour."""
    query = ask(time_zone="Europe/Berlin")

    assert query.period == Period(
        datetime(2026, 10, 24, 22, tzinfo=UTC), datetime(2026, 11, 23, 13, tzinfo=UTC)
    )
    assert (query.interval, query.top, query.compared) == ("day", 10, False)
    assert len(bucket_starts(query.period, "day", query.zone)) == 30
    before = period_before(query.period, query.zone)
    assert before == Period(
        datetime(2026, 9, 24, 22, tzinfo=UTC), datetime(2026, 10, 24, 12, tzinfo=UTC)
    )


@pytest.mark.parametrize(
    ("since", "interval"),
    [
        ("2026-11-23", "hour"),
        ("2026-11-01", "day"),
        ("2026-01-01", "month"),
        ("2025-11-23", "month"),
    ],
)
def test_the_interval_fits(since: str, interval: str) -> None:
    """Hours for two days, days for some months, months beyond."""
    assert ask(**{"from": since}).interval == interval


@pytest.mark.parametrize(
    ("parameters", "pointer", "code"),
    [
        ({"from": "yesterday"}, "/from", "time"),
        ({"from": "2026-11-31"}, "/from", "time"),
        ({"to": "9999-12-31"}, "/to", "time"),
        ({"to": "9999-12-31T23:59:59Z"}, "/to", "period"),
        ({"to": "0001-01-01"}, "/to", "period"),
        ({"from": "0001-01-01", "time_zone": "Asia/Tokyo"}, "/from", "time"),
        ({"from": "1999-12-31"}, "/from", "period"),
        ({"from": "2026-11-23", "to": "2026-11-22"}, "/to", "period"),
        ({"from": "2026-11-24"}, "/to", "period"),
        ({"from": "2026-10-09", "interval": "hour"}, "/from", "period"),
        ({"from": "2026-10-10", "interval": "hour"}, "/from", "period"),
        ({"from": "2025-01-01", "interval": "day"}, "/from", "period"),
        ({"from": "2010-01-01"}, "/from", "period"),
        ({"interval": "week"}, "/interval", "choice"),
        ({"compare": "last"}, "/compare", "choice"),
        ({"format": "xlsx"}, "/format", "choice"),
        ({"time_zone": "Mars/Olympus"}, "/time_zone", "time_zone"),
        ({"time_zone": ""}, "/time_zone", "time_zone"),
        ({"top": "0"}, "/top", "limit"),
        ({"top": "101"}, "/top", "limit"),
    ],
    ids=str,
)
def test_what_is_refused(parameters: dict[str, str], pointer: str, code: str) -> None:
    """Each parameter that can't be used is named, with why."""
    with pytest.raises(Invalid) as caught:
        ask(**parameters)

    assert [(one.pointer, one.code) for one in caught.value.problems] == [(pointer, code)]


def test_an_hour_over_midnight_is_the_new_days() -> None:
    """Where midnight is at half past, the hour around it counts for the day that begins in it."""
    clicks = [datetime(2026, 11, 21, 18, 45, tzinfo=UTC)]  # a quarter past midnight in Kolkata
    found = {}
    for day in ("2026-11-21", "2026-11-22"):
        query = ask(time_zone="Asia/Kolkata", to=day, **{"from": day}, interval="day")
        starts = bucket_starts(query.period, "day", query.zone)
        found[day] = summed(clicks, query.period, by_hours=True, starts=starts).series[0].clicks

    assert found == {"2026-11-21": 0, "2026-11-22": 1}


@given(
    st.one_of(st.dates(), st.datetimes(timezones=st.just(UTC))).map(str),
    st.one_of(st.dates(), st.datetimes(timezones=st.just(UTC))).map(str),
    st.sampled_from(ZONES),
    st.sampled_from([{}, {"interval": "hour"}, {"interval": "day"}, {"interval": "month"}]),
)
def test_any_period_is_answered_or_refused(
    since: str, until: str, zone: str, interval: dict[str, str]
) -> None:
    """No date is so far off that it is a mistake of ours, and no series is endless."""
    try:
        query = ask(**{"from": since, "to": until, "time_zone": zone}, **interval)
    except Invalid:
        return
    starts = bucket_starts(query.period, query.interval, query.zone)
    assert 1 <= len(starts) <= 750
    before = period_before(query.period, query.zone)
    assert before.since <= before.until


@pytest.mark.parametrize(
    ("day", "hours_before"), [("2026-03-29", 24), ("2026-03-30", 23), ("2026-10-26", 25)]
)
def test_a_day_is_compared_with_the_day_before(day: str, hours_before: int) -> None:
    """All of that day, however long it was, and none of this."""
    query = ask(time_zone="Europe/Berlin", to=day, **{"from": day})
    before = period_before(query.period, query.zone)

    assert before.until == query.period.since
    assert before.until - before.since == hours_before * HOUR


def test_a_month_is_few_rows() -> None:
    """Where days of UTC will do, no hours are read but those at the ends."""
    query = ask(**{"from": "2026-10-25", "to": "2026-11-23"})
    pieces = plan_reads(query.period, NOW, by_hours=False)

    assert [piece.span for piece in pieces] == ["day"]
    assert is_whole_in_utc(bucket_starts(query.period, "day", query.zone))


def test_top_values_are_all_there() -> None:
    """The most first, equal ones by name, and the rest together at the end, named or not."""
    counts = {"clicks": 20, "country:DE": 9, "country:AT": 4, "country:FR": 4, "country:(other)": 1}
    counts |= {"country:IT": 2, "device:phone": 20, "country:ES": 0}
    found = top_values(counts, "country", 2)

    assert found == [("DE", 9, 0.45), ("AT", 4, 0.2), ("(other)", 7, 0.35)]
    assert sum(one.clicks for one in top_values(counts, "country", 100)) == 20
    assert top_values(counts, "browser", 2) == []


def test_every_dimension_is_listed() -> None:
    """What is counted can be seen."""
    assert {*TOPS.values()} == {*DIMENSIONS}


def test_change() -> None:
    """A part of what was; of nothing there is none."""
    assert compare(NOW, NOW, 15, 10).change == 0.5
    assert compare(NOW, NOW, 0, 10).change == -1
    assert compare(NOW, NOW, 10, 0).change is None
