"""What rules are read: every problem named where it is, limits, and the one form that is stored."""

import string
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.config import load
from chalicelib.core.errors import Invalid
from chalicelib.core.fields import read_fields
from chalicelib.core.rules import DAYS, Rules
from chalicelib.store.memory import LinkMemory
from chalicelib.wiring import make_link_service
from tests.api.driver import BASE
from tests.json_schema import accepts


FIELDS = make_link_service(load(BASE), LinkMemory()).edit_fields
SCHEMA = FIELDS["rules"].kind.schema
D = "https://example.com/"
ZONE = {"time_zone": "Europe/Berlin"}


def read(rules: Any) -> Rules:
    found: Rules = read_fields({"rules": rules}, FIELDS)["rules"]
    return found


def problems(rules: Any) -> dict[str, str]:
    try:
        read(rules)
    except Invalid as invalid:
        return {one.pointer.removeprefix("/rules"): one.code for one in invalid.problems}
    return {}


def test_every_problem_is_named_at_once() -> None:
    """Each has the pointer of its own value, however deep."""
    rules = [
        {"if": {"countries": ["DE", "UK", 7]}, "destination": "javascript:alert(1)"},
        {"if": {"country": "DE"}, "destination": D},
        {"if": {"hours": {"from": "25:00", "days": ["mo"]}}, "destination": D},
        {"variants": [{"destination": D, "weight": 0}, {"weight": 1.0}]},
        {"if": {"query": [{"name": ""}, {"value": "x"}]}, "destination": D, "variants": []},
        7,
    ]

    assert problems(rules) == {
        "/0/if/countries/1": "country",
        "/0/if/countries/2": "country",
        "/0/destination": "destination_scheme",
        "/1/if/country": "unknown_field",
        "/2/if/hours/time_zone": "required",
        "/2/if/hours/from": "time_of_day",
        "/2/if/hours/days/0": "choice",
        "/3/variants/0/weight": "out_of_range",
        "/3/variants/1/destination": "required",
        "/3/variants/1/weight": "type",
        "/4/if/query/0/name": "length",
        "/4/if/query/1/name": "required",
        "/4/variants": "too_few",
        "/5": "type",
    }


@pytest.mark.parametrize(
    ("rule", "pointer", "code"),
    [
        ({}, "", "rule_outcome"),
        ({"destination": D, "variants": [{"destination": D, "weight": 1}]}, "", "rule_outcome"),
        ({"destination": None}, "/destination", "required"),
        ({"destination": "http://10.0.0.1/"}, "/destination", "destination_private"),
        ({"destination": "https://links.example.org/x"}, "/destination", "destination_loop"),
        ({"if": {"countries": []}}, "/if/countries", "too_few"),
        ({"if": {"countries": ["EU"]}}, "/if/countries/0", "country"),
        ({"if": {"languages": ["german"] * 51}}, "/if/languages", "too_many"),
        ({"if": {"languages": ["d"]}}, "/if/languages/0", "language"),
        ({"if": {"devices": ["mobile"]}}, "/if/devices/0", "choice"),
        ({"if": {"starts_at": "tomorrow"}}, "/if/starts_at", "time"),
        ({"if": {"hours": {"time_zone": "Berlin"}}}, "/if/hours/time_zone", "time_zone"),
        ({"if": {"hours": {"time_zone": "../etc/passwd"}}}, "/if/hours/time_zone", "time_zone"),
        ({"if": {"hours": {"time_zone": "Europe"}}}, "/if/hours/time_zone", "time_zone"),
        ({"if": {"hours": {**ZONE, "from": "24:00"}}}, "/if/hours/from", "time_of_day"),
        ({"if": {"hours": {**ZONE, "from": "9:00"}}}, "/if/hours/from", "time_of_day"),
        ({"if": {"query": [{"name": "a"}, {"name": "a"}]}}, "/if/query", "repeated"),
        ({"if": {"query": [{"name": "\ud800"}]}}, "/if/query/0/name", "characters"),
        ({"name": "x" * 65}, "/name", "too_long"),
    ],
)
def test_refusals(rule: dict[str, Any], pointer: str, code: str) -> None:
    """Each mistake has its place and its code."""
    whole = (
        rule if {"destination", "variants"} & set(rule) or not rule else {**rule, "destination": D}
    )

    assert problems([whole]) == {f"/0{pointer}": code}


def test_crossed_dates() -> None:
    """A rule that could never hold is refused."""
    asked = {"starts_at": "2026-01-02T00:00:00Z", "expires_at": "2026-01-01T00:00:00+00:00"}

    assert problems([{"if": asked, "destination": D}]) == {"/0/if/starts_at": "dates_crossed"}


def test_limits() -> None:
    """A thousand rules, 128 KiB of them, twenty variants; and no more than a hundred problems."""
    rule = {"if": {"countries": ["DE"]}, "destination": D}
    variants = [{"destination": D, "weight": 1}]

    assert problems([rule] * 1000) == {}
    assert problems([rule] * 1001) == {"": "too_many"}
    assert problems([{"destination": D + "x" * 1900}] * 66) == {}
    assert problems([{"destination": D + "x" * 1900}] * 68) == {"": "too_long"}
    assert problems([{"variants": variants * 20}]) == {}
    assert problems([{"variants": variants * 21}]) == {"/0/variants": "too_many"}
    assert len(problems([7] * 1000)) == 100


def test_what_is_stored_has_one_form() -> None:
    """Case, order, repeats and defaults do not make other rules of the same ones."""
    typed = {
        "destination": "HTTPS://EXAMPLE.com",
        "name": "  ",
        "if": {
            "languages": ["DE", "pt_br", "zh-hant-tw", "de"],
            "countries": ["de", "AT", "DE"],
            "hours": {"time_zone": "UTC", "from": "09:00"},
            "starts_at": "2026-01-01T01:00:00.000+01:00",
        },
    }

    (stored,) = read([typed]).plain()
    assert stored == {
        "if": {
            "languages": ["de", "pt-BR", "zh-hant-TW"],
            "countries": ["DE", "AT"],
            "hours": {"days": [*DAYS], "from": "09:00", "until": "24:00", "time_zone": "UTC"},
            "starts_at": "2026-01-01T00:00:00Z",
        },
        "destination": "https://example.com/",
    }
    assert read([stored]) == read([typed])
    assert read([]) == read(None) == Rules()


def test_a_name_of_nothing_is_none() -> None:
    """Of rules and variants alike: what a link answers can be sent back, also from before this."""
    variant = {"destination": D, "weight": 1}
    bare = read([{"variants": [variant]}])

    for name in (None, "", "  "):
        assert read([{"name": name, "variants": [{"name": name, **variant}]}]) == bare


WORDS = st.text(string.ascii_letters + "-_:/0189 é", max_size=8)
SCALARS = st.none() | st.booleans() | st.integers(-1, 1001) | WORDS


def shaped(like: Any) -> st.SearchStrategy[Any]:
    """JSON of the shape of the example, with any part of it missing or wrong."""
    if isinstance(like, dict):
        parts = {name: shaped(part) for name, part in like.items()}
        return SCALARS | st.fixed_dictionaries({}, optional={**parts, "other": SCALARS})
    if isinstance(like, list):
        return SCALARS | st.lists(st.one_of(*map(shaped, like)), max_size=3)
    return st.just(like) | st.just(like) | st.just(like) | SCALARS


PARTS = [
    {
        "name": "N",
        "if": {
            "countries": ["DE", "zz"],
            "devices": ["phone"],
            "languages": ["de", "pt-BR"],
            "starts_at": "2026-01-01T00:00:00Z",
            "expires_at": "2027-01-01T00:00:00Z",
        },
        "destination": D,
    },
    {
        "if": {
            "hours": {"days": ["mon"], "from": "09:00", "until": "24:00", "time_zone": "UTC"},
            "query": [{"name": "a", "value": ""}, {"name": "b"}],
        },
        "variants": [{"name": "a", "destination": D, "weight": 1}],
    },
    {"name": None, "variants": [{"name": None, "destination": D, "weight": 1}]},
]
# What no schema says of a rule.
UNSAID = {"country", "time", "time_zone", "dates_crossed", "repeated", "rule_outcome"}


@settings(deadline=None, max_examples=1000)
@given(shaped(PARTS))
def test_schema_and_parser_agree(rules: Any) -> None:
    """Whatever is sent, the schema refuses what the parser refuses, but for what it can't say."""
    if rules is None:
        return
    said = accepts(SCHEMA, rules)
    codes = set(problems(rules).values())

    if not codes:
        assert problems(read(rules).plain()) == {}
    if said:
        assert {one for one in codes if not one.startswith("destination_")} <= UNSAID
    else:
        assert codes
