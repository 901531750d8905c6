"""Rules: the compiled matcher decides as reading them one by one would, and shares exactly.

What could break for an owner: a later rule wins; a condition is skipped or too wide; a window ends
a minute late, or on the wrong day; half of a 50:50 test sees nothing of one side; a visitor who
comes back sees the other page; a change of the rules is followed late.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from chalicelib.core.matchers import compile_rules
from chalicelib.core.rules import (
    DAYS,
    NO_RULES,
    Rules,
    destinations_of,
    dimensions,
    is_variant_id,
    only_utc,
    variant_id,
    variant_names,
)
from chalicelib.core.visitors import Visitor
from chalicelib.time_zones import find_zone


IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) Version/18.5 Mobile/15E148"
ANDROID_TABLET = "Mozilla/5.0 (Linux; Android 14; SM-X910) Chrome/140.0.0.0 Safari/537.36"
LINUX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
GOOGLEBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)  # a Monday

COUNTRIES = st.sampled_from(["DE", "AT", "US"])
LANGUAGES = st.sampled_from(["de", "de-AT", "pt-BR", "en"])
DEVICES = st.sampled_from(["phone", "tablet", "desktop", "bot", "ios", "android", "linux"])
ZONES = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu"])
MOMENTS = st.datetimes(
    datetime(2026, 10, 20), datetime(2026, 11, 5), timezones=st.just(UTC)
)  # with the end of summer time in two of the zones
TIMES = st.sampled_from(["00:00", "00:01", "01:30", "02:30", "12:00", "22:00", "23:59"])
STAMPS = MOMENTS.map(lambda at: at.replace(microsecond=0).isoformat().replace("+00:00", "Z"))


def some(values: st.SearchStrategy[str]) -> st.SearchStrategy[list[str]]:
    return st.lists(values, min_size=1, max_size=3, unique=True)


HOURS = st.fixed_dictionaries(
    {
        "days": some(st.sampled_from(DAYS)),
        "from": TIMES,
        "until": TIMES | st.just("24:00"),
        "time_zone": ZONES,
    }
)
PARAMETERS = st.lists(
    st.fixed_dictionaries(
        {"name": st.sampled_from(["a", "b"])}, optional={"value": st.sampled_from(["", "1", "2"])}
    ),
    min_size=1,
    max_size=2,
    unique_by=lambda one: str(one["name"]),
)
CONDITIONS = st.fixed_dictionaries(
    {},
    optional={
        "countries": some(COUNTRIES),
        "devices": some(DEVICES),
        "languages": some(LANGUAGES),
        "starts_at": STAMPS,
        "expires_at": STAMPS,
        "hours": HOURS,
        "query": PARAMETERS,
    },
)
RULES = st.lists(CONDITIONS, max_size=8).map(
    lambda every: [
        {"if": one, "destination": f"https://e.example/{number}"}
        for number, one in enumerate(every)
    ]
)
VISITORS = st.builds(
    lambda query, country, agent, languages: Visitor(
        query,
        headers={
            "cloudfront-viewer-country": country,
            "user-agent": agent,
            "accept-language": languages,
        },
    ),
    st.sampled_from(["", "a=1", "a=2&b=1", "a=1&a=2", "a", "b=&a=1", "c=1"]),
    COUNTRIES | st.just(""),
    st.sampled_from([IPHONE, ANDROID_TABLET, LINUX, GOOGLEBOT, ""]),
    st.sampled_from(["de", "de-AT,de;q=0.9,en;q=0.8", "en", "pt-PT", "pt-BR", "de_AT,en", "*", ""]),
)


def naive(rules: list[dict[str, Any]], visitor: Visitor, now: datetime) -> str | None:
    """The rules as they are described: the first whose conditions all hold."""
    for rule in rules:
        if holds(rule["if"], visitor, now):
            return str(rule["destination"])
    return None


def holds(asked: Mapping[str, Any], visitor: Visitor, now: datetime) -> bool:
    stamp = now.replace(tzinfo=UTC)
    wanted = [one.lower() for one in asked.get("languages", ())]
    checks = {
        "countries": lambda: visitor.country in asked["countries"],
        "devices": lambda: any(one in visitor.devices for one in asked["devices"]),
        "languages": lambda: any(one in wanted for one in visitor.languages),
        "starts_at": lambda: stamp >= datetime.fromisoformat(asked["starts_at"]),
        "expires_at": lambda: stamp < datetime.fromisoformat(asked["expires_at"]),
        "hours": lambda: in_hours(asked["hours"], now),
        "query": lambda: all(
            one["name"] in visitor.parameters
            and ("value" not in one or one["value"] in visitor.parameters[one["name"]])
            for one in asked["query"]
        ),
    }
    return all(checks[name]() for name in asked)


def in_hours(hours: Mapping[str, Any], now: datetime) -> bool:
    local = now.astimezone(ZoneInfo(hours["time_zone"]))
    clock, today = local.strftime("%H:%M"), DAYS[local.weekday()]
    yesterday = DAYS[local.weekday() - 1]
    start, end, days = hours["from"], hours["until"], hours["days"]
    if start < end:
        return today in days and start <= clock < end
    return (today in days and clock >= start) or (yesterday in days and clock < end)


def compiled(rules: list[dict[str, Any]], visitor: Visitor, now: datetime) -> str | None:
    matcher = compile_rules(Rules.of(rules), find_zone)
    lead = matcher.lead_for(visitor, now, "slug")
    return lead and lead.destination


@settings(deadline=None, max_examples=1500)
@given(RULES, VISITORS, MOMENTS)
def test_compiled_rules_decide_as_described(
    rules: list[dict[str, Any]], visitor: Visitor, now: datetime
) -> None:
    """For any rules, visitor and moment the matcher has the first rule of which all holds."""
    assert compiled(rules, visitor, now) == naive(rules, visitor, now)


def test_the_comparison_would_notice() -> None:
    """Rules in the other order, without a kind of condition, or later, are told from the real."""
    cases = st.tuples(RULES, VISITORS, MOMENTS)

    def without(name: str, rules: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [
            {**rule, "if": {one: it for one, it in rule["if"].items() if one != name}}
            for rule in rules
        ]

    # Any case will do: the smallest would take ten times as long to find.
    notice = partial(find, cases, settings=settings(phases=[Phase.generate], max_examples=2000))
    notice(lambda case: compiled(*case) != naive(case[0][::-1], *case[1:]))
    notice(lambda case: compiled(*case) != naive(case[0], case[1], case[2] + timedelta(days=1)))
    for name in ("countries", "devices", "languages", "starts_at", "expires_at", "hours", "query"):
        notice(lambda case, name=name: compiled(*case) != naive(without(name, case[0]), *case[1:]))


WINDOW = {"starts_at": "2026-11-23T12:00:00Z", "expires_at": "2026-11-23T13:00:00Z"}


@pytest.mark.parametrize(
    ("milliseconds", "held"), [(-1, False), (0, True), (3_599_999, True), (3_600_000, False)]
)
def test_a_window_is_exact(milliseconds: int, held: bool) -> None:
    """It holds from its first moment until just before its last."""
    rules = [{"if": WINDOW, "destination": "https://e.example/in"}]

    found = compiled(rules, Visitor(), NOW + timedelta(milliseconds=milliseconds))
    assert (found is not None) == held


@pytest.mark.parametrize(
    ("at", "held"),
    [
        ("2026-11-27T20:59:59+00:00", False),  # Friday 21:59 in Berlin
        ("2026-11-27T21:00:00+00:00", True),
        ("2026-11-28T04:59:59+00:00", True),  # still that night, on Saturday
        ("2026-11-28T05:00:00+00:00", False),
        ("2026-11-28T22:00:00+00:00", False),  # a night that begins on Saturday
        ("2026-07-03T20:00:00+00:00", True),  # in summer Berlin is an hour further
        ("2026-07-03T19:59:00+00:00", False),
    ],
)
def test_a_night_belongs_to_the_day_it_begins_on(at: str, held: bool) -> None:
    """Hours that pass midnight go on in the morning after, by the clocks of the place."""
    hours = {"days": ["fri"], "from": "22:00", "until": "06:00", "time_zone": "Europe/Berlin"}
    rules = [{"if": {"hours": hours}, "destination": "https://e.example/"}]

    assert (compiled(rules, Visitor(), datetime.fromisoformat(at)) is not None) == held


def test_a_zone_that_is_gone_holds_at_no_time() -> None:
    """A region that does not know a stored zone leaves its rule out, and the others in."""
    hours = {"days": [*DAYS], "from": "00:00", "until": "24:00", "time_zone": "Europe/Berlin"}
    rules = Rules.of(
        [
            {"if": {"hours": hours}, "destination": "https://e.example/1"},
            {"if": {}, "destination": "https://e.example/2"},
        ]
    )

    matcher = compile_rules(rules, only_utc)
    assert matcher.lead_for(Visitor(), NOW, "s") == ("https://e.example/2", False)


def test_a_change_is_followed_at_once() -> None:
    """What is compiled is known by the rules themselves, so no old matcher answers for new ones."""
    one = [{"if": {}, "destination": "https://e.example/1"}]
    two = [{"if": {}, "destination": "https://e.example/2"}]

    assert [compiled(rules, Visitor(), NOW) for rules in (one, two, one)] == [
        "https://e.example/1",
        "https://e.example/2",
        "https://e.example/1",
    ]
    again = compile_rules(Rules.of(one), find_zone)
    assert compile_rules(Rules(bytes(bytearray(Rules.of(one).packed))), find_zone) is again


def test_what_is_compiled_is_bounded() -> None:
    """A container that serves many links with rules does not keep them all."""
    for number in range(200):
        compiled([{"if": {}, "destination": f"https://e.example/{number}"}], Visitor(), NOW)

    assert compile_rules.cache_info().currsize <= 64


SPLIT = Rules.of(
    [
        {
            "if": {},
            "variants": [
                {"destination": f"https://e.example/{name}", "weight": weight}
                for name, weight in (("a", 70), ("b", 30))
            ],
        }
    ]
)


@given(RULES)
def test_rules_come_back_as_they_were(rules: list[dict[str, Any]]) -> None:
    """Packing loses nothing, whether it is deflated or not."""
    for plain in (rules, rules * 40):
        assert Rules.of(plain).plain() == plain
        assert bool(Rules.of(plain)) == bool(plain)


def test_a_thousand_rules_are_small() -> None:
    """As an item holds 400 KB, and each read of it is paid by the 4 KB."""
    rules = [
        {"if": {"countries": ["DE", "AT"]}, "destination": f"https://example.com/campaign/{n}"}
        for n in range(1000)
    ]

    assert len(Rules.of(rules).text) > 80_000
    assert len(Rules.of(rules).packed) < 8_000


@pytest.mark.parametrize(
    ("asked", "read"),
    [
        ({}, set()),
        ({"countries": ["DE"], "devices": ["phone"]}, {"country", "device"}),
        ({"languages": ["de"], "starts_at": "2026-01-01T00:00:00Z"}, {"language", "time"}),
        ({"query": [{"name": "ref"}, {"name": "x", "value": "1"}]}, {"query:ref", "query:x"}),
    ],
)
def test_what_a_cache_must_tell_apart(asked: dict[str, Any], read: set[str]) -> None:
    """The dimensions are what the conditions read, and the visitor where variants share."""
    assert dimensions(Rules.of([{"if": asked, "destination": "https://e.example/"}])) == read
    assert dimensions(SPLIT) == {"visitor"}
    assert dimensions(NO_RULES) == set()


@settings(deadline=None)
@given(RULES, VISITORS, VISITORS, MOMENTS)
def test_equal_dimensions_are_equal_redirects(
    rules: list[dict[str, Any]], one: Visitor, other: Visitor, now: datetime
) -> None:
    """Two visitors who agree in every dimension that is read are led to the same place."""
    values = {
        "country": lambda visitor: visitor.country,
        "device": lambda visitor: visitor.devices,
        "language": lambda visitor: visitor.languages,
        "time": lambda visitor: None,
        "query:a": lambda visitor: visitor.parameters.get("a"),
        "query:b": lambda visitor: visitor.parameters.get("b"),
    }
    read = dimensions(Rules.of(rules))
    if all(values[name](one) == values[name](other) for name in read):
        assert compiled(rules, one, now) == compiled(rules, other, now)


def test_destinations_are_told_once() -> None:
    """Those of variants too, for what searches them."""
    rules = [{"if": {}, "destination": "https://e.example/a"}, *SPLIT.plain()]

    assert [*destinations_of(Rules.of(rules))] == ["https://e.example/a", "https://e.example/b"]


def test_variants_are_called_by_their_names() -> None:
    """Or by where they lead; one destination is one variant, by the first name that it has."""
    a, b, c = (f"https://e.example/{side}" for side in "abc")
    rules = [
        {"if": {}, "destination": c},
        {"if": {}, "variants": [{"destination": a, "weight": 1}, {"destination": b, "weight": 1}]},
        {"if": {}, "variants": [{"name": "Blue", "destination": a, "weight": 1}]},
        {"if": {}, "variants": [{"name": "Red", "destination": a, "weight": 1}]},
    ]
    assert variant_names(Rules.of(rules)) == {variant_id(a): "Blue", variant_id(b): b}
    assert variant_names(NO_RULES) == {}
    assert all(map(is_variant_id, variant_names(Rules.of(rules))))
    # It is in logs and counts of years: the same in every release.
    assert variant_id("https://e.example/a") == "9b08c3fa0172"


@pytest.mark.parametrize(
    "name", ["localtime", "posixrules", "Factory", "right/UTC", "posix/UTC", "../UTC", "", "/UTC"]
)
def test_zones_are_the_same_everywhere(name: str) -> None:
    """What is the machine's own, or is not on every machine, is no zone of a rule."""
    assert find_zone(name) is None
    assert find_zone("America/Argentina/Ushuaia") is not None
