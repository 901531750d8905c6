"""Public paths and methods through the edge, the API cache and the app: rows 52 to 65 and 84.

Raw bytes wherever a client's library would make the path a better one.
"""

import re

import pytest

from tests.conftest import RunningStack
from tests.edge_cases.roads import (
    BROWSER,
    FORM,
    D,
    keep,
    make,
    raw,
    send,
    status_of,
    visit,
    wait_for,
    where,
)


pytestmark = pytest.mark.stack
# What browsers are told: to ask again each time, whatever the edge may keep.
ASKS_AGAIN = re.compile(r"(private, )?max-age=0\b|no-store")


def test_row_52(road: RunningStack) -> None:
    """No link is 404 each time, with a page, nowhere to go, and kept for two seconds at most."""
    for _ in range(2):
        answer = road.ask("GET", "/row52-nothing")
        kept = re.search(r"s-maxage=(\d+)", answer.headers["Cache-Control"])
        assert (answer.status, answer.headers.get("Location")) == (404, None)
        assert kept
        assert int(kept[1]) <= 2
        assert b"There is no link here" in answer.body


def test_row_53(road: RunningStack) -> None:
    """A link that was asked for before it was made works when the visitor tries again."""
    for _ in range(3):
        assert road.ask("GET", "/row53").status == 404
    make(road, "row53")
    wait_for(lambda: road.ask("GET", "/row53").status == 302)


def test_row_54(road: RunningStack) -> None:
    """An edit is seen by who followed the link before: browsers keep nothing, caches not for long."""
    make(road, "row54")
    first = road.ask("GET", "/row54")
    assert ASKS_AGAIN.match(first.headers["Cache-Control"])
    assert road.api("PATCH", "/links/row54", {"destination": f"{D}edited"}).status == 200
    wait_for(lambda: road.ask("GET", "/row54").headers["Location"] == f"{D}edited")


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_row_55(road: RunningStack, status: int) -> None:
    """302 unless the link says otherwise; no browser keeps a permanent one for good either."""
    chosen = {} if status == 302 else {"status": status}
    make(road, f"row55-{status}", **chosen)
    for _ in range(2):
        answer = road.ask("GET", f"/row55-{status}")
        assert answer.status == status
        assert ASKS_AGAIN.match(answer.headers["Cache-Control"])


def test_row_56(road: RunningStack) -> None:
    """HEAD is GET without the body, before and after GET was kept, and burns no click."""
    make(road, "row56")
    first = road.ask("HEAD", "/row56", **BROWSER)
    got = road.ask("GET", "/row56", **BROWSER)
    kept = road.ask("HEAD", "/row56", **BROWSER)
    for head in (first, kept):
        assert (head.status, head.headers["Location"], head.body) == (302, f"{D}row56", b"")
    assert got.headers["Location"] == f"{D}row56"
    for page in ("/row56+", "/row56-nothing"):
        assert raw(road, page.encode(), method=b"HEAD").endswith(b"\r\n\r\n")
        assert road.ask("HEAD", page).status == road.ask("GET", page).status
    make(road, "row56-once", max_clicks=1, max_clicks_exact=True)
    for _ in range(3):
        assert visit(road, "/row56-once", "HEAD", **BROWSER).status == 200
    assert where(road, "/row56-once", **BROWSER) == f"{D}row56-once"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "get"])
def test_row_57(road: RunningStack, method: str) -> None:
    """CloudFront refuses what a short link does not take: 403, as it says it, and nothing is done."""
    make(road, f"row57-{method}")
    body = b"x=1" if method in ("POST", "PUT", "PATCH") else None
    refused = road.ask(method, f"/row57-{method}", body, Content_Type=FORM)
    assert (refused.status, refused.headers.get("Location")) == (403, None)
    assert road.ask("GET", f"/row57-{method}").status == 302


def test_row_57_what_is_allowed_is_true(road: RunningStack) -> None:
    """OPTIONS names the methods that the edge lets through, and no other; the API names its own."""
    make(road, "row57")
    told = road.ask("OPTIONS", "/row57")
    assert (told.status, told.headers["Allow"]) == (204, "GET, HEAD, OPTIONS")
    for method in ("GET", "HEAD", "OPTIONS"):
        assert road.ask(method, "/row57").status in (204, 302)
    assert "POST" in road.ask("OPTIONS", "/api/v/row57").headers["Allow"]
    refused = road.ask("DELETE", "/api/r/row57")
    assert (refused.status, "GET" in refused.headers["Allow"]) == (405, True)


@pytest.mark.parametrize("path", ["/row58", "/row58/", "/row58//", "//row58", "///row58//"])
def test_row_58(road: RunningStack, path: str) -> None:
    """Slashes around a slug mean nothing."""
    keep(road, "row58")
    assert b"\r\nLocation: https://example.com/row58\r\n" in raw(road, path.encode())


@pytest.mark.parametrize(
    "path", ["//evil.example", "//evil.example/row58", "///evil.example//", "/\\evil.example", "//"]
)
def test_row_58_no_host_of_a_path(road: RunningStack, path: str) -> None:
    """What a browser would take for another host is 404, and never where we send it."""
    answer = raw(road, path.encode())
    assert status_of(answer) == 404
    assert b"\r\nlocation:" not in answer.lower()


@pytest.mark.parametrize("path", ["/%6fne59", "/%6Fne59", "/ONE59", "/o%6ee59/"])
def test_row_59(road: RunningStack, path: str) -> None:
    """Every spelling of a slug is that slug, and the same one in the cache."""
    keep(road, "one59")
    assert b"\r\nLocation: https://example.com/one59\r\n" in raw(road, path.encode())
    assert b"edge; hit" in raw(road, b"/one59")


@pytest.mark.parametrize("path", ["/%256fne60", "/%25256fne60", "/one60%2525"])
def test_row_60(road: RunningStack, path: str) -> None:
    """A path is decoded once, whoever stands between; what was encoded twice is no link."""
    keep(road, "one60")
    assert [status_of(raw(road, path.encode())) for _ in range(2)] == [404, 404]


@pytest.mark.parametrize(
    "path",
    [
        "/%E0%A4%A",
        "/%",
        "/%zz",
        "/%00",
        "/one61%00",
        "/one61%0d%0a",
        "/one61%0d%0aSet-Cookie:%20x=y",
        "/%u006fne61",
        "/one61%c0%80",
        "/%ff",
        "/./one61",
        "/../one61",
        "/x/../one61",
        "/one61/../one61",
        "/%2e%2e/one61",
        "/one61%2f",
        "/%2fone61",
        "/..%2f..%2fapp.py",
        "/;one61",
        "/one61;x=y",
        "/one61#x",
        "/{one61}",
        '/<one61>"',
        "/api",
        "/api/",
        "/api/../one61",
        "/api//v1/health",
        "/API/v1/health",
        "/index.html/",
        "/assets/../one61",
        "/.env",
        "/.git/config",
        "/wp-login.php",
        pytest.param("/" + "a" * 4000, id="long"),
        pytest.param("/one61/" + "b/" * 2000, id="deep"),
    ],
)
def test_row_61(road: RunningStack, path: str) -> None:
    """What can be no link is 404 each time, without a word of what went wrong inside."""
    keep(road, "one61")
    for _ in range(2):
        answer = raw(road, path.encode())
        assert status_of(answer) == 404
        assert b"Traceback" not in answer
        assert b"set-cookie" not in answer.partition(b"\r\n\r\n")[0].lower()


def test_row_61_bytes_beyond_ascii(road: RunningStack) -> None:
    """Sent as they are, which no browser does: 404 as well, UTF-8 or not; control letters are 400."""
    for target in ("/é61".encode(), "/\u212aone61".encode(), b"/\xff\xfe"):
        assert status_of(raw(road, target)) == 404
    for target in (b"/one61\x00", b"/one61\x0b", b"/one 61", b"/one61\x7f"):
        assert status_of(raw(road, target)) == 400


@pytest.mark.parametrize(
    "query",
    ["", "x=1", "&&", "x=1&x=2", "%", "%0d%0aX:y", "?", "cb=" + "z" * 8100, "é"],
    ids=lambda query: query[:8] or "none",
)
def test_row_62(road: RunningStack, query: str) -> None:
    """A query that the link does not forward changes nothing of where it leads.

    It is in the key all the same: what is kept for all links can't know which of them forward. The
    firewall's limit for each address, and the API cache's and DAX's below, hold what that lets by.
    """
    keep(road, "row62")
    for _ in range(2):
        answer = raw(road, f"/row62?{query}".encode())
        assert b"\r\nLocation: https://example.com/row62\r\n" in answer
    assert b"edge; hit" in answer


@pytest.mark.parametrize(
    "header",
    [b"Cache-Control: no-cache", b"Cache-Control: max-age=0, no-store", b"Pragma: no-cache"],
)
def test_row_63(road: RunningStack, header: bytes) -> None:
    """No visitor has a cache asked again, nor emptied: neither the edge's nor API Gateway's."""
    keep(road, "row63")
    raw(road, b"/row63")
    assert b"edge; hit" in raw(road, b"/row63", header)
    assert b'"API cache"; hit' in raw(road, b"/api/r/row63", header)


def test_row_64(road: RunningStack) -> None:
    """No other host's name is answered to, or gets into an address that we make."""
    make(road, "row64", password="sesame")
    assert road.ask("GET", "/row64", Host="evil.example").status == 421
    for name in ("X_Forwarded_Host", "Forwarded", "X_Host", "X_Original_URL", "X_Rewrite_URL"):
        hop = road.ask("GET", f"/row64?{name}", **{name: "host=evil.example"})
        assert hop.headers["Location"].startswith(f"{road.url}/row64~")
        page = road.ask("GET", "/row64~", **{name: "host=evil.example"})
        assert b"evil.example" not in page.body


def test_row_65(road: RunningStack) -> None:
    """A visitor who says to be somebody else is the same one: their variant stays."""
    sides = [{"destination": f"{D}{n}", "weight": 1} for n in range(20)]
    make(road, "row65", rules=[{"variants": sides}])
    led = {
        where(road, "/row65", X_Forwarded_For=f"1.2.3.{n}", Everhop_Address=f"1.2.3.{n}")
        for n in range(12)
    }
    assert len(led) == 1


@pytest.mark.parametrize(
    "lines",
    [
        b"GET /row84 HTTP/1.0",
        b"GET /row84 HTTP/1.1",
        b"GET http://evil.example/row84 HTTP/1.1\r\nHost: localhost",
        b"GET https://localhost/row84 HTTP/1.1\r\nHost: localhost",
        b"OPTIONS * HTTP/1.1\r\nHost: localhost",
        b"CONNECT localhost:80 HTTP/1.1\r\nHost: localhost",
        b"GET /row84 HTTP/1.1\r\nHost: localhost\r\nHost: localhost",
        b"GET /row84 HTTP/1.1\r\nHost: a@localhost",
        b"GET /row84 HTTP/1.1\r\nHost:",
    ],
)
def test_row_84(road: RunningStack, lines: bytes) -> None:
    """A request that names no host, or names it in its first line, is 400."""
    assert status_of(send(road, lines)) == 400


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(b"GET /row84 HTTP/1.1\nHost: localhost\n\n", id="line feeds"),
        pytest.param(bytes.fromhex("1603010200010001fc0303") + b"a" * 99, id="tls"),
        pytest.param(b"GET /row84\r\n", id="http/0.9"),
    ],
)
def test_row_84_who_speaks_no_http(road: RunningStack, said: bytes) -> None:
    """They are told 400 without waiting for an end that can't come."""
    assert status_of(send(road, said, ends=False)) == 400
