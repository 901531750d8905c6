"""Destinations with fragments, at the limits of length, private ones, and queries: rows 23 to 31 of our list."""

import json

import pytest

from tests.api.driver import Api, make_api


@pytest.mark.parametrize(
    ("destination", "location"),
    [
        ("https://example.com/#frag", "https://example.com/?a=1#frag"),
        (
            "https://example.com/p?x=0#/spa/route?y=1",
            "https://example.com/p?x=0&a=1#/spa/route?y=1",
        ),
    ],
)
def test_row_23(api: Api, destination: str, location: str) -> None:
    """A fragment stays, and a forwarded query goes in front of it."""
    api.made(destination, slug="frag", forward_query=True)

    assert api.follow("frag?a=1").headers["Location"] == location


@pytest.mark.parametrize(
    ("length", "status"), [(2048, 201), (2049, 422), (8192, 422), (32000, 422)]
)
def test_row_24(api: Api, length: int, status: int) -> None:
    """A destination has at most 2,048 characters, counted as it is stored."""
    start = "https://example.com/"
    answer = api.create(start + "a" * (length - len(start)))

    assert answer.status_code == status
    if status == 422:
        assert json.loads(answer.body)["errors"][0]["code"] == "destination_too_long"


def test_row_24_encoded(api: Api) -> None:
    """Characters that grow when they are encoded count as they are sent."""
    assert api.refusal("https://example.com/" + "ü" * 800) == {
        "/destination": "destination_too_long"
    }


def test_row_25(api: Api) -> None:
    """A huge body is refused before it is parsed; deep nesting is not JSON to us."""
    assert api.keyed("POST", "/links", b'{"a":"' + b"x" * 1_000_000 + b'"}').status_code == 413
    keys = {f"k{number}": number for number in range(10_000)}
    assert api.keyed("POST", "/links", keys).status_code == 413
    assert api.keyed("POST", "/links", b"[" * 30_000 + b"]" * 30_000).status_code == 400


@pytest.mark.parametrize(
    "destination",
    [
        "https://sho.rt/other",
        "https://SHO.RT/other",
        "http://sho.rt:8443/x",
        "https://sho.rt./x",
        "https://www.sho.rt/x",
        "https://links.example.org/x",
    ],
)
def test_row_26(api: Api, destination: str) -> None:
    """A destination on any of our own hosts would loop, however it is spelled."""
    assert api.refusal(destination) == {"/destination": "destination_loop"}


def test_row_26_addresses() -> None:
    """Our own address and port loop; another port of the same machine does not."""
    with make_api(
        EVERHOP_PUBLIC_URL="http://127.0.0.1:8080", EVERHOP_PRIVATE_DESTINATIONS="allow"
    ) as api:
        for own in ("http://127.0.0.1:8080/x", "http://2130706433:8080/x", "http://127.1:8080/"):
            assert api.refusal(own) == {"/destination": "destination_loop"}
        assert api.create("http://127.0.0.1:9000/x").status_code == 201


def test_row_27(api: Api) -> None:
    """An edit can't make the loop that a create can't."""
    api.made(slug="edited")
    answer = api.keyed("PATCH", "/links/edited", {"destination": "https://sho.rt/edited"})

    assert answer.status_code == 422
    assert json.loads(answer.body)["errors"][0]["code"] == "destination_loop"


def test_row_28(api: Api) -> None:
    """Other shorteners are refused where the deployment says so."""
    assert api.create("https://bit.ly/abc").status_code == 201
    with make_api(EVERHOP_DENY_SHORTENERS="on", EVERHOP_DENIED_HOSTS="bad.example") as strict:
        assert strict.refusal("https://bit.ly/abc") == {"/destination": "destination_shortener"}
        assert strict.refusal("https://a.bad.example/") == {"/destination": "destination_denied"}
        assert strict.create("https://notbad.example/").status_code == 201


@pytest.mark.parametrize(
    "query", ["1=a&2=b", "a=1&a=2&b&c=", "a[]=1&a[]=2", "x=a+b&y=a%20b&z=%C3%BC"]
)
def test_row_29(api: Api, query: str) -> None:
    """A forwarded query is passed on as it was typed: order, repeats, empty values and encoding."""
    api.made("https://example.com/", slug="forward", forward_query=True)

    followed = api.follow("forward", Everhop_Query=query)

    assert followed.headers["Location"] == f"https://example.com/?{query}"


def test_row_29_without_the_edge(api: Api) -> None:
    """Where only API Gateway's decoded query is to be had, every key and value still arrives."""
    api.made("https://example.com/", slug="forward", forward_query=True)

    location = api.follow("forward?1=a&k=a%26b&k=%C3%BC&e=").headers["Location"]

    assert location == "https://example.com/?1=a&k=a%26b&k=%C3%BC&e="


@pytest.mark.parametrize("name", ["redir_url", "url", "destination", "target", "next", "Location"])
def test_row_30(api: Api, name: str) -> None:
    """No query parameter leads a visitor anywhere but to the destination."""
    api.made("https://example.com/safe", slug="fixed")
    api.made("https://example.com/safe", slug="open", forward_query=True)
    query = f"?{name}=https://evil.example"

    assert api.follow("fixed" + query).headers["Location"] == "https://example.com/safe"
    assert api.follow("open" + query).headers["Location"].startswith("https://example.com/safe?")


@pytest.mark.parametrize(
    ("winner", "location"),
    [
        ("destination", "https://example.com/?utm=mine&k=1&new=3"),
        ("visitor", "https://example.com/?k=1&utm=yours&new=3"),
    ],
)
def test_row_31(api: Api, winner: str, location: str) -> None:
    """A key that both have is the winner's, and the link says who wins."""
    api.made(
        "https://example.com/?utm=mine&k=1", slug="both", forward_query=True, query_winner=winner
    )

    followed = api.follow("both", Everhop_Query="utm=yours&new=3")

    assert followed.headers["Location"] == location
