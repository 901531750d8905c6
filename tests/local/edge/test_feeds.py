"""The feed of clicks at a place: what the log has of short links, numbered, and nothing else."""

from datetime import UTC, datetime

import pytest

from chalicelib.core.slugs import SlugPolicy
from local.edge.access_logs import FIELDS
from local.edge.feeds import Feed, make_first
from local.edge.messages import Request


NOW = datetime(2026, 11, 23, 19, 5, 7, tzinfo=UTC)
FIREFOX = "Mozilla/5.0%20(X11;%20Linux%20x86_64;%20rv:127.0)%20Firefox/127.0"


def line(stem: str, **said: str) -> str:
    known = {"date": f"{NOW:%Y-%m-%d}", "time": f"{NOW:%H:%M:%S}", "cs-method": "GET"}
    values = {**known, "cs-uri-stem": stem, "sc-status": "302", "cs(User-Agent)": FIREFOX, **said}
    return "\t".join(values.get(name, "-") for name in FIELDS)


@pytest.fixture
def feed() -> Feed:
    return Feed(SlugPolicy(), most=3)


def test_a_click_is_told_as_it_is_counted(feed: Feed) -> None:
    """With what is known of the visitor, and no address."""
    feed.note(line("/Promo", **{"c-country": "DE", "c-ip": "192.0.2.7", "x-edge-location": "X1"}))
    (told,) = feed.tell(0)["clicks"]
    assert (told["at"], told["slug"], told["counted"]) == (
        "2026-11-23T19:05:07Z",
        "promo",
        "clicks",
    )
    assert (told["country"], told["browser"], told["place"]) == ("DE", "Firefox", "X1")
    assert "192.0.2.7" not in repr(told)


@pytest.mark.parametrize(
    ("stem", "said", "counted"),
    [
        ("/gone", {"sc-status": "404"}, ["orphans"]),
        ("/promo+", {"sc-status": "200"}, ["previews"]),
        ("/promo", {"cs-method": "HEAD"}, ["heads"]),
        ("/promo", {"cs(User-Agent)": "Googlebot/2.1"}, ["bots"]),
        ("/promo", {"sc-status": "303"}, []),
        ("/api/v1/links", {"sc-status": "200"}, []),
    ],
)
def test_what_is_no_click_is_told_as_what_it_is(
    feed: Feed, stem: str, said: dict[str, str], counted: list[str]
) -> None:
    """And what is not counted at all is not told."""
    feed.note(line(stem, **said))
    assert [told["counted"] for told in feed.tell(0)["clicks"]] == counted
    assert feed.tell(0)["next"] == 1


def test_nothing_is_told_twice(feed: Feed) -> None:
    """Who goes on after `next` is told what is new, and of a place that began anew all of it."""
    for slug in ("a1", "a2", "a3", "a4"):
        feed.note(line(f"/{slug}"))

    def slugs(after: int) -> list[str]:
        return [told["slug"] for told in feed.tell(after)["clicks"]]

    assert (slugs(0), slugs(3), slugs(4), slugs(900)) == (
        ["a2", "a3", "a4"],
        ["a4"],
        [],
        ["a2", "a3", "a4"],
    )
    assert Feed(SlugPolicy()).tell(900) == {"next": 0, "clicks": []}


def test_who_asks_oddly_is_refused(feed: Feed) -> None:
    """Other methods 405, odd numbers 400, other addresses not at all, other hosts by their door."""

    def asked(method: str, path: str, query: str = "") -> object:
        answer = make_first(feed, lambda _: None)(Request(method, path, query))
        return answer and getattr(answer, "status", None)

    assert asked("GET", "/_local/clicks") == 200
    assert asked("POST", "/_local/clicks") == 405
    assert {asked("GET", "/_local/clicks", f"after={it}") for it in ("", "-1", "x", "9" * 40)} == {
        400
    }
    assert asked("GET", "/promo") is None
