"""The front door over a real socket: what any client may send, and what it gets."""

import gzip
import socket
import subprocess
from urllib.parse import urlsplit

import pytest

from tests.conftest import RunningStack


pytestmark = pytest.mark.stack
HTTP = "HTTP/1.1"


def raw(stack: RunningStack, request: bytes) -> bytes:
    """The first bytes of the answer to a request as it is."""
    parts = urlsplit(stack.url)
    with socket.create_connection((str(parts.hostname), parts.port or 0), timeout=10) as wire:
        wire.sendall(request)
        return wire.recv(4096)


def status_of(stack: RunningStack, target: bytes, *headers: bytes) -> int:
    host = urlsplit(stack.url).netloc.encode()
    lines = [b"GET " + target + b" HTTP/1.1", b"Host: " + host, b"Connection: close", *headers]
    return int(raw(stack, b"\r\n".join(lines) + b"\r\n\r\n").split(b" ")[1])


def test_a_link_from_create_to_delete(stack: RunningStack) -> None:
    """Create, follow, edit, disable, delete: each is seen at once at the public address."""
    body = {"destination": "https://example.com/a?x=1#f", "slug": "Journey", "forward_query": True}
    created = stack.api("POST", "/links", body)
    assert created.status == 201
    assert created.json["short_url"] == f"{stack.url}/Journey"

    followed = stack.ask("GET", "/journey?b=%C3%BC&b&c=a+b")
    assert followed.status == 302
    assert followed.headers["Location"] == "https://example.com/a?x=1&b=%C3%BC&b&c=a+b#f"
    assert stack.ask("HEAD", "/journey").headers["Location"] == "https://example.com/a?x=1#f"
    stack.api("PATCH", "/links/journey", {"destination": "https://example.com/b", "status": 308})
    assert stack.ask("GET", "/journey").status == 308
    stack.api("PATCH", "/links/journey", {"disabled": True})
    assert stack.ask("GET", "/journey").status == 410
    assert stack.api("DELETE", "/links/journey").status == 204
    assert stack.ask("GET", "/journey").status == 410


@pytest.mark.parametrize("path", ["/edge", "/edge/", "//edge", "/%65dge", "/EDGE", "/edge?x=1"])
def test_paths_that_lead_to_one_link(stack: RunningStack, path: str) -> None:
    """Slashes, case and encoding do not change which link is meant."""
    stack.api("POST", "/links", {"destination": "https://example.com/edge", "slug": "edge"})

    assert stack.ask("GET", path).headers["Location"] == "https://example.com/edge"


@pytest.mark.parametrize(
    "target",
    [b"/%", b"/%zz", b"/%00", b"/%E0%A4%A", b"/one%0d%0a", b"/%2e%2e", b"/..%2fapp.py", b"/a/b"]
    + [b"/wp-login.php", b"/.env", b"/.git/config", b"/assets/../app.py", b"/%256f"]
    + [b"/index.html/..", b"/" + b"a" * 4000, b"/api", b"/api/", b"/api/v2/links", b"/_local/x"],
)
def test_odd_paths_are_404(stack: RunningStack, target: bytes) -> None:
    """Whatever is asked for, what is not there is a plain 404 and never a 500."""
    assert status_of(stack, target) == 404


def test_bytes_that_are_not_http(stack: RunningStack) -> None:
    """A path that is not ASCII is 400, as at API Gateway, and no traceback."""
    assert status_of(stack, b"/\xff\xfe") == 400
    assert raw(stack, b"rubbish\r\n\r\n").split(b" ")[1] == b"400"
    assert "Traceback" not in "".join(stack.lines)


@pytest.mark.parametrize(
    "header",
    [
        b"User-Agent: " + b"x" * 7000,
        b"User-Agent: \xff\xfe",
        b'Referer: "><script>alert(1)</script>',
        b"Referer: \x80\x81",
        b"Accept-Language: *;q=zz",
        b"X-Forwarded-For: 1.2.3.4, evil",
        b"X-Forwarded-Host: evil.example",
        b"Cache-Control: no-cache, max-age=0",
        b"Cookie: a=b",
        b"Range: bytes=0-0",
        b"Everhop-Query: redir=evil",
    ],
)
def test_odd_headers_do_not_matter(stack: RunningStack, header: bytes) -> None:
    """A redirect does not depend on what a client says of itself."""
    body = {"destination": "https://example.com/h", "slug": "headers", "forward_query": True}
    stack.api("POST", "/links", body)
    host = urlsplit(stack.url).netloc.encode()
    request = b"GET /headers HTTP/1.1\r\nHost: " + host + b"\r\n" + header + b"\r\n\r\n"

    answer = raw(stack, request)
    assert answer.startswith(b"HTTP/1.1 302")
    assert b"\r\nLocation: https://example.com/h\r\n" in answer


def test_nothing_is_said_in_a_clients_name(stack: RunningStack) -> None:
    """A body of no said type is JSON, as at API Gateway; the door's own client would say another."""
    body = b'{"destination": "https://example.com/", "slug": "untyped"}'
    lines = [b"POST /api/v1/links HTTP/1.1", b"Host: " + urlsplit(stack.url).netloc.encode()]
    lines += [b"Authorization: Bearer " + stack.api_key.encode(), b"Connection: close"]
    lines += [b"Content-Length: %d" % len(body), b"", body]

    assert raw(stack, b"\r\n".join(lines)).startswith(b"HTTP/1.1 201")


def test_paths_are_forwarded_below_the_destination(stack: RunningStack) -> None:
    """What follows the slug arrives as it was typed, and reaches nothing above or beside."""
    body = {"destination": "https://example.com/docs?a=1", "slug": "below", "forward_path": True}
    stack.api("POST", "/links", body)
    stack.api("POST", "/links", {"destination": "https://example.com/", "slug": "flat"})

    for path, location in (
        ("/below", "https://example.com/docs?a=1"),
        ("/below/", "https://example.com/docs?a=1"),
        ("/below/more/path", "https://example.com/docs/more/path?a=1"),
        ("/below/more/", "https://example.com/docs/more/?a=1"),
        ("/BELOW/%C3%BC%20?x=1", "https://example.com/docs/%C3%BC%20?a=1"),
        ("/below/%252e%252e/x", "https://example.com/docs/%252e%252e/x?a=1"),
        ("/below/|^", "https://example.com/docs/%7C%5E?a=1"),
    ):
        assert stack.ask("GET", path).headers["Location"] == location
    assert b"https://example.com/docs/a" in stack.ask("GET", "/below+/a").body
    for path in ["/below/../x", "/below/%2e%2e/x", "/below//evil.example", "/below/a%2fb"] + [
        "/below/..;/x",
        "/below/%5cevil.example",
        "/below/%00",
        "/below/%zz",
        "/flat/x",
        "/none/x",
        "/api/r/below/x",
    ]:
        assert stack.ask("GET", path).status == 404, path


@pytest.mark.parametrize("name", ["Everhop-Path", "everhop-path", "EVERHOP-QUERY", "Everhop_Path"])
def test_only_the_door_says_what_was_asked(stack: RunningStack, name: str) -> None:
    """Its own headers are not taken from a visitor, in whatever case they are."""
    body = {"destination": "https://example.com/", "slug": "door", "forward_path": True}
    stack.api("POST", "/links", {**body, "forward_query": True})
    host = urlsplit(stack.url).netloc
    request = f"GET /door HTTP/1.1\r\nHost: {host}\r\n{name}: /forged\r\n\r\n"

    assert b"\r\nLocation: https://example.com/\r\n" in raw(stack, request.encode())


def test_rules_can_be_tried_from_the_command_line(stack: RunningStack) -> None:
    """The headers that CloudFront would write are let through on one machine."""
    rules = [
        {"if": {"countries": ["DE"], "devices": ["tablet"]}, "destination": "https://e.example/1"},
        {"if": {"languages": ["fr"]}, "destination": "https://e.example/2"},
        {"if": {"query": [{"name": "ref", "value": "ü x"}]}, "destination": "https://e.example/3"},
    ]
    body = {"destination": "https://e.example/0", "slug": "ruled", "rules": rules}
    assert stack.api("POST", "/links", body).status == 201
    edge = {"CloudFront-Viewer-Country": "DE", "CloudFront-Is-Mobile-Viewer": "true"}

    def led(target: str = "/ruled", **headers: str) -> str:
        return stack.ask("GET", target, **headers).headers["Location"][-1]

    assert led() == "0"
    assert led(**edge, **{"CloudFront-Is-Tablet-Viewer": "true"}) == "1"
    assert led(**edge) == "0"
    assert led(**{"Accept-Language": "fr-CH, fr;q=0.9, en;q=0.8"}) == "2"
    assert led("/ruled?a&ref=%C3%BC+x") == "3"


def test_hosts(stack: RunningStack) -> None:
    """Only this machine's own names are answered: another may be another site's doing."""
    assert status_of(stack, b"/") == 200
    assert raw(stack, b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n").startswith(b"HTTP/1.1 421")
    assert raw(stack, b"GET / HTTP/1.0\r\n\r\n").split(b" ")[1] == b"400"
    assert raw(stack, b"GET http://x/ HTTP/1.1\r\nHost: x\r\n\r\n").split(b" ")[1] == b"400"
    port = urlsplit(stack.url).port
    assert stack.ask("GET", "/", Host=f"localhost:{port}").status == 200


@pytest.mark.parametrize(
    ("method", "status"), [("TRACE", 405), ("PROPFIND", 405), ("PUT", 405), ("OPTIONS", 204)]
)
def test_methods(stack: RunningStack, method: str, status: int) -> None:
    """Methods that follow nothing are told so, with what is allowed."""
    answer = stack.ask(method, "/some-link")

    assert answer.status == status
    assert "GET" in answer.headers["Allow"]


@pytest.mark.parametrize(
    ("target", "methods"),
    [
        ("/some-link", "GET, HEAD, POST, OPTIONS"),
        ("/", "GET, HEAD"),
        ("/_local/status", "GET, HEAD"),
        ("/api/docs", "GET, HEAD, OPTIONS"),
        ("/api/v1/links/x", "DELETE, GET, OPTIONS, PATCH"),
    ],
)
def test_methods_that_are_there(stack: RunningStack, target: str, methods: str) -> None:
    """Whatever the method is that an address does not have, it names just those that it has."""
    for method in ("TRACE", "PROPFIND", "PUT"):
        answer = stack.ask(method, target)

        assert answer.status == 405, method
        assert set(answer.headers["Allow"].split(", ")) == set(methods.split(", ")), method
    assert stack.ask("TRACE", "/api/nothing").status == 404


def test_the_dashboard_is_served_as_deployed(stack: RunningStack) -> None:
    """The page and its files have the deployed headers, types and validators."""
    page = stack.ask("GET", "/")
    policy = page.headers["Content-Security-Policy"]

    assert page.status == 200
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in policy
    assert "require-trusted-types-for 'script'" in policy
    assert "unsafe" not in policy
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    again = stack.ask("GET", "/", If_None_Match=page.headers["ETag"])
    assert (again.status, again.body) == (304, b"")
    assert stack.ask("GET", "/robots.txt").status == 200
    assert stack.ask("GET", "/favicon.ico").status == 200
    assert stack.ask("POST", "/index.html").status == 405


def test_a_body_over_the_limit(stack: RunningStack) -> None:
    """What API Gateway would refuse for its size is refused here too."""
    answer = stack.api("POST", "/links", b"x" * (11 * 1024 * 1024))

    assert answer.status == 413
    assert answer.json["code"] == "too_large"


@pytest.mark.parametrize("kind", ["text/html", "text/plain", "application/x-www-form-urlencoded"])
@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/typed", 302),
        ("HEAD", "/typed", 302),
        ("GET", "/typed+", 200),
        ("GET", "/api/v1/health", 200),
        ("DELETE", "/typed", 405),
    ],
)
def test_a_content_type_does_not_matter_to_who_only_asks(
    stack: RunningStack, method: str, path: str, status: int, kind: str
) -> None:
    """Redirects, previews and health answer alike, whatever type is named for no body."""
    stack.api("POST", "/links", {"destination": "https://example.com/t", "slug": "typed"})

    assert stack.ask(method, path, Content_Type=kind).status == status


def test_clients_that_ask_before_they_send(stack: RunningStack) -> None:
    """Curl asks with Expect before a large body: it is told to go on, at once."""
    rows = "destination,notes\n" + "\n".join(
        f"https://example.com/{n},{'x' * 1900}" for n in range(600)
    )
    curl = ["curl", "-s", "-m", "20", "-w", "%{http_code}", "-o", "/dev/null"]
    curl += ["-H", "Expect: 100-continue", "-H", f"Authorization: Bearer {stack.api_key}"]
    curl += ["-H", "Content-Type: text/csv", "--data-binary", "@-"]
    url = f"{stack.url}/api/v1/imports?dry_run=true"
    done = subprocess.run([*curl, url], input=rows, capture_output=True, text=True)

    assert len(rows) > 1024 * 1024
    assert done.stdout == "200"


def test_encoded_bodies(stack: RunningStack) -> None:
    """A compressed body is refused as what it is, and a broken one is no error of ours."""
    for data in (gzip.compress(b'{"destination": "https://example.com/"}'), b"rubbish"):
        answer = stack.api("POST", "/links", data, Content_Encoding="gzip")
        assert answer.status == 415
        assert answer.json["code"] == "unsupported_media_type"


def test_unknown_api_routes_answer_as_deployed(stack: RunningStack) -> None:
    """What API Gateway says by itself is problem+json, with or without a key."""
    for answer in (stack.ask("GET", "/api/v1/nothing"), stack.api("GET", "/nothing")):
        assert answer.status == 404
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.json["code"] == "not_found"


@pytest.mark.parametrize("path", ["/lockable", "/lockable/", "/lockable//", "/lockable/more"])
def test_a_password_form_leads_back_to_its_page(stack: RunningStack, path: str) -> None:
    """Wherever the page stands, its form opens the link, and what follows the slug goes on."""
    link = {"destination": "https://example.com/b", "slug": "lockable", "password": "sesame"}
    stack.api("POST", "/links", {**link, "forward_path": True})
    page = stack.ask("GET", path)
    form = {"Content_Type": "application/x-www-form-urlencoded"}
    opened = stack.ask("POST", path, b"password=sesame", **form)

    assert page.status == 200
    assert b'<form method="post">' in page.body
    to = "https://example.com/b/more" if path.endswith("more") else "https://example.com/b"
    assert (opened.status, opened.headers["Location"].rstrip("/")) == (303, to)
