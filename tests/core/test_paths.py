"""Paths and UTM fields on the way to the destination: what is added, and what can't be reached."""

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.paths import join_path
from chalicelib.core.queries import MAX_LOCATION, merge_query
from chalicelib.core.utm import NO_UTM, PARAMETERS, Utm
from chalicelib.urls import parse_url


BASE = "https://example.com/docs"
# What attackers build paths of.
PIECES = st.sampled_from(
    ["/", "\\", ".", "..", "%2e", "%2E%2e", "%2f", "%5c", "%252e", "%252f", ";", "@", "a", "é"]
    + ["evil.example", ":", "//", "?", "#", "%", "%00", "%0d%0a", "\t", "%c0%ae", "．", "%ef%bc%8e"]
)
PATHS = st.lists(PIECES, max_size=8).map(lambda parts: "/" + "".join(parts)) | st.text()


@pytest.mark.parametrize(
    ("destination", "path", "location"),
    [
        (BASE, "/more/path", "https://example.com/docs/more/path"),
        ("https://example.com/", "/a", "https://example.com/a"),
        ("https://example.com/docs/", "/a/", "https://example.com/docs/a/"),
        ("https://example.com/docs?x=1#f", "/a", "https://example.com/docs/a?x=1#f"),
        ("https://example.com/docs#f?x", "/a", "https://example.com/docs/a#f?x"),
        (BASE, "/", "https://example.com/docs/"),
        (BASE, "/%C3%BC%20x", "https://example.com/docs/%C3%BC%20x"),
        (BASE, "/ü", "https://example.com/docs/%C3%BC"),
        (BASE, "/a%3Fb%23c", "https://example.com/docs/a%3Fb%23c"),
        (BASE, "/%252e%252e/x", "https://example.com/docs/%252e%252e/x"),  # decoded exactly once
        (BASE, "/a..b/...", "https://example.com/docs/a..b/..."),
        (BASE, "/@evil.example", "https://example.com/docs/@evil.example"),
        (BASE, "/https:/x", "https://example.com/docs/https:/x"),
    ],
)
def test_a_path_goes_below_the_destination(destination: str, path: str, location: str) -> None:
    """Before the query and the fragment, encoded as a path is."""
    assert join_path(destination, path) == location


@pytest.mark.parametrize(
    "path",
    ["", "a", "//", "//evil.example", "/a//b", "/..", "/../x", "/a/../../x", "/%2e%2e/x"]
    + ["/.%2E", "/%2e", "/.", "/..;/x", "/..;a=b/x", "/..%2fx", "/a%2fb", "/a%2Fb", "/a\\b"]
    + ["/%5c%5cevil.example", "/a%00", "/a%0d%0aX:%20y", "/a\nb", "/%", "/%zz", "/%ff", "/%c0%ae"],
)
def test_a_path_that_could_lead_elsewhere_is_none(path: str) -> None:
    """Nothing that a browser or a server could take for upwards, or for another host."""
    assert join_path(BASE, path) is None


def test_only_the_web_has_paths() -> None:
    """Below mailto: and the like there is nothing."""
    assert join_path("mailto:a@example.com", "/x") is None


def test_a_location_has_an_end() -> None:
    """What caches on the way would cut is refused rather than led elsewhere."""
    assert join_path(BASE, "/" + "a" * MAX_LOCATION) is None


@given(PATHS, st.sampled_from([BASE, "https://example.com/", "http://example.com:8080/a/b/?q#f"]))
def test_no_path_leaves_the_destination(path: str, destination: str) -> None:
    """As a browser reads the location, it is on the same host and below the same path."""
    location = join_path(destination, path)
    if location is not None:
        read, base = parse_url(location), urlsplit(destination)
        assert read is not None
        assert location.isascii()
        found = urlsplit(read.href)
        assert (found.scheme, found.netloc) == (base.scheme, base.netloc)
        assert found.path.startswith(base.path.rstrip("/") + "/")
        assert (found.query, found.fragment) == (base.query, base.fragment)


TEXTS = st.none() | st.text(st.characters(codec="utf-8"), max_size=20)


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(PARAMETERS, TEXTS)))
def test_utm_fields_come_back(fields: dict[str, str | None]) -> None:
    """The stored query tells the fields again, whatever is in them."""
    given_ones = {name: text for name, text in fields.items() if text}

    assert Utm.of(fields).plain() == (given_ones or None)
    assert bool(Utm.of(fields)) == bool(given_ones)


def test_utm_fields_never_double() -> None:
    """A parameter that the destination has stays as it is; the rest is added before the fragment."""
    utm = Utm.of({"medium": "email", "source": "a b&c", "campaign": "ü#"})
    with_one = "https://example.com/?utm_source=own&x=1#part"

    assert merge_query("https://example.com/#part", utm.query, "destination") == (
        "https://example.com/?utm_source=a%20b%26c&utm_medium=email&utm_campaign=%C3%BC%23#part"
    )
    assert merge_query(with_one, utm.query, "destination") == (
        "https://example.com/?utm_source=own&x=1&utm_medium=email&utm_campaign=%C3%BC%23#part"
    )
    assert NO_UTM.plain() is None
