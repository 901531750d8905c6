"""What visitors and what stands between send along with a slug: a row of our list, a test."""

import socket
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest

from chalicelib.core.links import Link
from chalicelib.core.rules import Rules, dimensions
from chalicelib.core.visitors import Visitor, is_robot
from chalicelib.store.memory import LinkMemory
from tests.api.driver import Api, make_api
from tests.conftest import RunningStack


D = "https://example.com/x"
ELSEWHERE = "https://elsewhere.example/"


def rule(**conditions: object) -> dict[str, object]:
    return {"if": conditions, "destination": ELSEWHERE}


@pytest.mark.stack
def test_row_58(stack: RunningStack) -> None:
    """`/abc/` and `//abc` are the same link, and no redirect of ours begins with two slashes."""
    body = {"destination": "https://example.com/", "slug": "row58", "forward_path": True}
    stack.api("POST", "/links", body)

    for path in ("/row58", "/row58/", "//row58", "//row58//"):
        assert stack.ask("GET", path).headers["Location"] == "https://example.com/"
    for path in ("/row58//evil.example", "/row58//evil.example/", "//row58//evil.example"):
        answer = stack.ask("GET", path)
        assert (answer.status, "Location" in answer.headers) == (404, False)
    below = stack.ask("GET", "/row58/evil.example/x")
    assert below.headers["Location"] == "https://example.com/evil.example/x"


def test_row_62(api: Api) -> None:
    """A parameter that the link neither forwards nor has a rule for changes nothing."""
    rules = [rule(query=[{"name": "ref", "value": "x"}])]
    api.made(D, slug="one", rules=rules)

    for query in ("", "x=1", "x=2&_=93", "REF=x", "ref=y&utm_source=z"):
        assert api.follow("one", everhop_query=query).headers["Location"] == D
    assert api.follow("one", everhop_query="_=93&ref=x").headers["Location"] == ELSEWHERE
    # So a cache's key is made of that parameter alone.
    assert dimensions(Rules.of(rules)) == {"query:ref"}


def test_row_65(api: Api) -> None:
    """What a visitor writes into X-Forwarded-For is not taken for their address."""
    sides = [{"destination": f"https://example.com/{n}", "weight": 1} for n in range(20)]
    api.made(D, slug="one", rules=[{"variants": sides}])

    spoofed = {
        api.follow("one", X_Forwarded_For=f"1.2.3.{n}").headers["Location"] for n in range(30)
    }
    told = {
        api.follow("one", CloudFront_Viewer_Address=f"1.2.3.{n}:443").headers["Location"]
        for n in range(30)
    }
    assert len(spoofed) == 1
    assert len(told) > 5


def test_row_66(api: Api) -> None:
    """No cache that visitors share may keep a redirect, so nobody gets another's rule."""
    rules = [rule(countries=["DE"]), rule(languages=["fr"]), rule(devices=["phone"])]
    api.made(D, slug="one", rules=rules)

    german = api.follow("one", CloudFront_Viewer_Country="DE")
    other = api.follow("one", CloudFront_Viewer_Country="US")
    assert (german.headers["Location"], other.headers["Location"]) == (ELSEWHERE, D)
    for answer in (german, other):
        assert answer.headers["Cache-Control"] == "private, max-age=0"
    assert dimensions(Rules.of(rules)) == {"country", "language", "device"}


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("en-US,es-ES;q=0.6,*;q=0.1", "en"),
        ("es-ES,en-US;q=0.6", "es"),
        ("es_ES", "es"),
        ("*", None),
        ("", None),
        (None, None),
        ("es;q=0", None),
        ("es;q=0.1", "es"),
        ("en;q=0.8,es;q=0.8", "en"),  # alike: the first rule decides
        ("es;q=0.8,en;q=0.8", "en"),
        ("e" * 8000, None),
    ],
)
def test_row_67(api: Api, header: str | None, language: str | None) -> None:
    """The language that the visitor likes best decides, and between equals the order of rules."""
    rules = [
        {"if": {"languages": [one]}, "destination": f"https://{one}.example/"}
        for one in ("en", "es")
    ]
    api.made(D, slug="one", rules=rules)
    sent = {} if header is None else {"Accept_Language": header}

    location = api.follow("one", **sent).headers["Location"]
    assert location == (f"https://{language}.example/" if language else D)


@pytest.mark.parametrize(
    ("agent", "device"),
    [
        ("Mozilla/5.0 (Linux; Android 14; SM-X910) Chrome/140.0.0.0 Safari/537.36", "tablet"),
        ("Mozilla/5.0 (iPad; CPU OS 12_5 like Mac OS X) Version/12.1 Mobile/15E148", "tablet"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/18.5 Safari/605.1.15", "desktop"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) CriOS/140 Safari/605.1.15", "tablet"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) CriOS/140 Mobile/15E", "phone"),
        (None, None),
    ],
)
def test_row_68(api: Api, agent: str | None, device: str | None) -> None:
    """What each matches is in docs/api.md: an iPad's Safari can't be told from a Mac's."""
    rules = [
        {"if": {"devices": [one]}, "destination": f"https://{one}.example/"}
        for one in ("phone", "tablet", "desktop")
    ]
    api.made(D, slug="one", rules=rules)

    location = api.follow("one", User_Agent=agent or "").headers["Location"]
    assert location == (f"https://{device}.example/" if device else D)


PIXEL = (
    "Mozilla/5.0 (Linux; Android 9; Pixel 3 Build/PQ1A.190105.004; wv) AppleWebKit/537.36 (KHTML, "
    "like Gecko) Version/4.0 Chrome/71.0.3578.99 Mobile Safari/537.36 Instagram 75.0.0.23.99 "
    "Android (28/9; 440dpi; 1080x2028; Google/google; Pixel 3; blueline; blueline; en_US)"
)


def test_row_74(api: Api) -> None:
    """Instagram on a Pixel, which names Google twice, is a phone and no robot."""
    api.made(D, slug="one", rules=[rule(devices=["bot"])])

    assert not is_robot(PIXEL)
    assert Visitor(headers={"user-agent": PIXEL}).devices == {"phone", "android"}
    assert api.follow("one", User_Agent=PIXEL).headers["Location"] == D
    assert api.follow("one", User_Agent="Googlebot/2.1").headers["Location"] == ELSEWHERE


@pytest.mark.stack
@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"User-Agent:",
        b"User-Agent: " + b"x" * 7900,
        b"User-Agent: \xff\xfe\x80",
        b"Referer: \xff\xfe\x80",
        b"Accept-Language: \xff\xfe, \x80;q=\xff",
        b"Accept-Language: " + b"a " * 3900,
        b"CloudFront-Viewer-Country: \xff\xfe",
        b"CloudFront-Viewer-Address: " + b":" * 7900,
    ],
)
def test_row_75(stack: RunningStack, header: bytes) -> None:
    """Whatever a visitor says of themselves, and if nothing, the link is followed."""
    rules = [
        rule(countries=["DE"], devices=["phone"], languages=["de"]),
        {"if": {"devices": ["bot"]}, "destination": ELSEWHERE},
        {"variants": [{"destination": D, "weight": 1}]},
    ]
    stack.api("POST", "/links", {"destination": ELSEWHERE, "slug": "row75", "rules": rules})
    parts = urlsplit(stack.url)
    lines = [b"GET /row75 HTTP/1.1", b"Host: " + parts.netloc.encode(), *filter(None, [header])]

    with socket.create_connection((str(parts.hostname), parts.port or 0), timeout=10) as wire:
        wire.sendall(b"\r\n".join(lines) + b"\r\n\r\n")
        answer = wire.recv(4096)
    assert answer.startswith(b"HTTP/1.1 302")
    assert f"\r\nLocation: {D}\r\n".encode() in answer


@pytest.mark.parametrize("unsafe", ["javascript:alert(1)", "https://e.example/\r\nX: y", ""])
def test_row_80(unsafe: str) -> None:
    """A stored rule that leads where no link may is refused when it is followed, and previewed."""
    now = datetime.now(UTC)
    rules = Rules.of([{"if": {"countries": ["DE"]}, "destination": unsafe}])
    store = LinkMemory()
    store.create(
        "one",
        Link(
            workspace="w",
            slug="one",
            destination=D,
            rules=rules,
            created_at=now,
            updated_at=now,
        ),
    )
    with make_api(store) as api:
        for path in ("one", "one+"):
            refused = api.follow(path, CloudFront_Viewer_Country="DE")
            assert refused.status_code == 404
            assert "Location" not in refused.headers
            assert b"javascript" not in refused.body
        assert api.follow("one").headers["Location"] == D
