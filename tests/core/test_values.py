"""Times, slugs, queries and destinations under whatever may come in."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.access import bearer_of, digest_key, draw_key, is_key
from chalicelib.core.destinations import DestinationPolicy, is_safe_location, parse_destination
from chalicelib.core.errors import Refused
from chalicelib.core.queries import MAX_LOCATION, merge_query
from chalicelib.core.slugs import SlugPolicy, can_be_slug, decode_slug, parse_slug, slug_key
from chalicelib.core.times import format_time, parse_time, sortable_time
from chalicelib.urls import parse_url


MOMENTS = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC)).map(
    lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000)
)


@given(MOMENTS)
def test_times_round_trip(moment: datetime) -> None:
    """A time that was written is read back as it was."""
    assert parse_time(format_time(moment)) == moment


@given(MOMENTS, MOMENTS)
def test_sortable_times_sort(one: datetime, other: datetime) -> None:
    """As text they are in the order of time, and all of one length."""
    assert (sortable_time(one) < sortable_time(other)) == (one < other)
    assert len(sortable_time(one)) == len(sortable_time(other)) == 24


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("2026-12-01T10:00:00+02:00", "2026-12-01T08:00:00Z"),
        ("2026-12-01t10:00:00z", "2026-12-01T10:00:00Z"),
        ("2026-12-01 10:00:00Z", "2026-12-01T10:00:00Z"),
        ("2026-12-01T10:00:00.1239Z", "2026-12-01T10:00:00.123Z"),
        ("2024-02-29T00:00:00Z", "2024-02-29T00:00:00Z"),
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"),
        ("2026-12-01T00:00:00-00:00", "2026-12-01T00:00:00Z"),
    ],
)
def test_times_that_are_read(text: str, read: str) -> None:
    """What RFC 3339 allows is read, and written in UTC."""
    assert format_time(parse_time(text)) == read


@pytest.mark.parametrize(
    "value",
    [
        "2026-12-01T10:00",
        "2026-12-01T10:00:00",
        "2026-12-01",
        "2026-02-30T10:00:00Z",
        "2023-02-29T00:00:00Z",
        "2026-12-01T24:00:00Z",
        "2026-12-01T10:00:00+25:00",
        "+102028-12-12T09:31:00Z",
        "9999-12-31T23:59:59-01:00",
        "0001-01-01T00:00:00+01:00",
        "２026-12-01T10:00:00Z",
        "1764583200",
        1764583200,
        1764583200000,
        True,
        "",
        "tomorrow",
    ],
)
def test_times_that_are_refused(value: object) -> None:
    """What has no offset, does not exist or is a number is refused with an example."""
    with pytest.raises(Refused, match="like 2026-12-01T10:00:00Z"):
        parse_time(value)


@given(st.text(max_size=80), st.booleans(), st.booleans())
def test_slugs_that_are_taken_are_found(text: str, strict: bool, unicode: bool) -> None:
    """A slug that may be created can be followed, by itself and in another case of itself."""
    policy = SlugPolicy(case_sensitive=strict, unicode=unicode)
    try:
        slug = parse_slug(text, policy)
    except Refused:
        return

    assert can_be_slug(slug, policy)
    assert slug_key(slug, policy) == slug_key(slug_key(slug, policy), policy)
    assert decode_slug("".join(f"%{byte:02x}" for byte in slug.encode())) == slug
    if not strict:
        assert slug_key(slug.swapcase(), SlugPolicy()) == slug_key(slug, SlugPolicy()) or unicode


@given(st.binary(max_size=30))
def test_any_segment_decodes_or_does_not(raw: bytes) -> None:
    """Decoding a path segment never raises."""
    decode_slug(raw.decode("latin-1"))
    decode_slug(raw.decode("utf-8", "surrogateescape"))


@pytest.mark.parametrize(
    ("segment", "slug"),
    [("%6fne", "one"), ("%256fne", "%6fne"), ("%", None), ("%zz", None), ("%E0%A4%A", None)]
    + [("%ff", None), ("one%0d%0a", "one\r\n"), ("%00", "\0"), ("a+b", "a+b")],
)
def test_segments_decode_once(segment: str, slug: str | None) -> None:
    """Percent-encoding is undone once, strictly, and + stays +."""
    assert decode_slug(segment) == slug


QUERIES = st.text(st.characters(codec="utf-8"), max_size=60)
WINNERS = st.sampled_from(["destination", "visitor"])


@given(QUERIES, WINNERS)
def test_merged_queries_are_headers(query: str, winner: str) -> None:
    """Whatever a visitor types, the location is visible ASCII and keeps its host and fragment."""
    location = merge_query("https://example.com/p?a=1#f", query, winner)  # type: ignore[arg-type]

    assert is_safe_location(location, DestinationPolicy())
    assert location.startswith("https://example.com/p?")
    assert location.endswith("#f")


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("123")), max_size=6))
def test_visitors_keep_their_order(pairs: list[tuple[str, str]]) -> None:
    """With nothing stored, the visitor's query arrives exactly as it was."""
    query = "&".join(f"{name}={value}" for name, value in pairs)
    merged = merge_query("https://example.com/", query, "destination")

    assert merged == ("https://example.com/" + (f"?{query}" if query else ""))


def test_a_query_too_long_is_left_out() -> None:
    """A location that caches would refuse is not made: the destination alone still works."""
    assert merge_query("https://e.example/", "a=" + "x" * MAX_LOCATION, "visitor") == (
        "https://e.example/"
    )


@given(st.text(max_size=60) | st.text("htps:/\\@.%0da1[]#? \t", max_size=30).map("http://".__add__))
def test_destinations_are_refused_or_safe(text: str) -> None:
    """A destination that is stored is a safe header, and reading it again changes nothing."""
    policy = DestinationPolicy()
    try:
        stored = parse_destination(text, policy, parse_url)
    except Refused:
        return

    assert is_safe_location(stored, policy)
    assert parse_destination(stored, policy, parse_url) == stored


def test_keys() -> None:
    """A key is known by its digest alone, and nothing else has it."""
    key = draw_key(lambda below: below - 1)

    assert is_key(key, digest_key(key))
    assert not is_key(key + "x", digest_key(key))
    assert key not in digest_key(key)
    assert not is_key("\ud800", digest_key(key))


@pytest.mark.parametrize(
    ("header", "key"),
    [
        ("Bearer eh_x", "eh_x"),
        ("bearer  eh_x ", "eh_x"),
        ("Basic eh_x", None),
        ("eh_x", None),
        ("Bearer", None),
        ("", None),
        (None, None),
    ],
)
def test_bearer(header: str | None, key: str | None) -> None:
    """Only a bearer token is a key."""
    assert bearer_of(header) == key


def test_an_offset_is_converted() -> None:
    """A time in any offset is the same moment."""
    moment = datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=5, minutes=45)))

    assert format_time(moment) == "2025-12-31T18:15:00Z"
