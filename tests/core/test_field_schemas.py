"""What the API's document says of a field is what reading it does, wherever a schema can say it.

What a schema can't say is listed here, and nothing else may differ.
"""

import json
import string
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.api.openapi.schemas import body_of
from chalicelib.config import load
from chalicelib.core.errors import Invalid
from chalicelib.core.fields import Field, read_fields
from chalicelib.core.links import plain
from chalicelib.core.passwords import Cost
from chalicelib.store.memory import LinkMemory
from chalicelib.wiring import make_link_service
from tests.api.driver import BASE
from tests.json_schema import accepts


SERVICE = replace(make_link_service(load(BASE), LinkMemory()), password_cost=Cost(1, 1, 1))
FIELDS = SERVICE.create_fields
SCHEMAS = body_of(FIELDS, ["destination"])["properties"]
NAMES = sorted(FIELDS)
EXAMPLES = 150

SLUGGISH = st.text(string.ascii_letters + string.digits + "-_ .é\n", max_size=70)
NUMBERS = (
    st.integers(300, 310)
    | st.integers(-1, 2)
    | st.integers(10**9 - 1, 10**9 + 1)
    | st.sampled_from([302, 302.0, 301.5, True, 0, "302"])
)
TIMES = st.from_regex(
    r"\A\d{4}-[01]\d-[0-3]\d[Tt ][0-2]\d:[0-5]\d:[0-6]\d(\.\d+)?(Z|[+-]\d\d:\d\d)?\Z"
)
SIZED = st.builds(
    lambda text, most, more: text * (most + more),
    st.sampled_from("aé\x00 "),
    st.sampled_from([1, 32, 64, 200, 2000, 2048]),
    st.integers(-1, 1),
)
URLS = st.builds(
    lambda scheme, rest: scheme + rest,
    st.sampled_from(["http://", "HTTPS://", "https:", "ftp://", "javascript:", ""]),
    st.text(max_size=20),
)
LISTS = st.lists(SLUGGISH | SIZED | st.none(), max_size=12)
JSON = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.just({})
)
VALUES = (
    JSON
    | SLUGGISH
    | NUMBERS
    | TIMES
    | SIZED
    | URLS
    | LISTS
    | st.sampled_from(["destination", "visitor"])
)


def code_of(field: Field, value: Any) -> str | None:
    """The code with which the field is refused; None when it is read."""
    try:
        read_fields({"it": value}, {"it": field})
    except Invalid as invalid:
        return invalid.problems[0].code
    return None


def unsaid(value: Any, code: str | None) -> bool:
    """Whether no schema could have told that this value is refused."""
    # To JSON Schema 302.0 is the integer 302.
    if code in {"choice", "type"}:
        return isinstance(value, float) and value.is_integer()
    # No invisible letters in a tag, and none that are more when lower-cased (`ß`).
    if code == "tag":
        return any(
            not all(c.isprintable() and len(c.casefold()) == 1 for c in one) for one in value
        )
    # The calendar; words that are kept; hosts, and what a browser could open.
    return code in {"time", "slug_reserved"} or str(code).startswith("destination_")


@pytest.mark.parametrize("name", NAMES)
def test_schema_and_parser_agree(name: str) -> None:
    """Whatever is sent, the schema of the field refuses what its parser refuses, and only that."""

    @settings(deadline=None, max_examples=EXAMPLES)
    @given(VALUES)
    def agree(value: Any) -> None:
        said = accepts(SCHEMAS[name], value)
        code = code_of(FIELDS[name], value)

        assert said == (code is None) or (said and unsaid(value, code)), (value, code)

    agree()


@pytest.mark.parametrize("name", NAMES)
def test_the_two_are_told_apart(name: str) -> None:
    """Each field has values that both take and values that both refuse: agreeing is not vacuous."""
    taken, refused = SCHEMAS[name]["examples"][0], {"an": "object"}

    assert accepts(SCHEMAS[name], taken)
    assert code_of(FIELDS[name], taken) is None
    assert not accepts(SCHEMAS[name], refused)
    assert code_of(FIELDS[name], refused) is not None


def test_a_letter_that_becomes_another() -> None:
    """The one slug that is read and not in the schema: the Kelvin sign is a K once normalised."""
    assert code_of(FIELDS["slug"], "\u212a") is None
    assert not accepts(SCHEMAS["slug"], "\u212a")


def test_defaults_are_what_a_create_makes() -> None:
    """The default in the document is what a link has when the field is left out."""
    link = SERVICE.create("default", {"destination": "https://example.com/"})
    made = {
        name: plain(getattr(link, name)) for name in FIELDS if name not in ("destination", "slug")
    }
    said = {name: SCHEMAS[name]["default"] for name in made}

    assert said == json.loads(json.dumps(made))


@pytest.mark.parametrize(("unicode", "taken"), [("off", False), ("on", True)])
def test_schemas_follow_the_deployment(unicode: str, taken: bool) -> None:
    """A deployment with slugs in any script, or with another scheme, says so."""
    settings = {**BASE, "EVERHOP_UNICODE_SLUGS": unicode, "EVERHOP_EXTRA_SCHEMES": "mailto"}
    fields = make_link_service(load(settings), LinkMemory()).create_fields

    assert accepts(fields["slug"].kind.schema, "日本語") == taken
    assert accepts(fields["destination"].kind.schema, "MailTo:a@example.com")
    assert code_of(fields["destination"], "MailTo:a@example.com") is None
    assert not accepts(SCHEMAS["destination"], "mailto:a@example.com")
