"""Sizes and rates on the running stack: what is too much is refused at once, by whoever sees it."""

import json
import socket
import time
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.conftest import RunningStack, start_stack


pytestmark = pytest.mark.stack
MIB = 1024 * 1024


def post(stack: RunningStack, *headers: str, direct: bool = False) -> socket.socket:
    """A connection on which the head of a keyed POST was sent, to the front or to the region."""
    region = stack.ask("GET", "/_local/status").json["regions"][0]
    url = urlsplit(region["api_url"] if direct else stack.url)
    wire = socket.create_connection((str(url.hostname), url.port or 0), timeout=20)
    lines = [
        "POST /api/v1/links HTTP/1.1",
        f"Host: {url.netloc}",
        f"Authorization: Bearer {stack.api_key}",
        "Content-Type: application/json",
        *headers,
    ]
    wire.sendall("\r\n".join(lines).encode() + b"\r\n\r\n")
    return wire


def answer_of(wire: socket.socket) -> tuple[int, dict[str, str]]:
    """The status and the problem of the answer, as soon as there is one."""
    got = b""
    while b"\r\n\r\n" not in got or not got.endswith(b"}"):
        more = wire.recv(65536)
        if not more:
            break
        got += more
    head, _, body = got.partition(b"\r\n\r\n")
    assert b"application/problem+json" in head, head
    return int(head.split(b" ")[1]), json.loads(body)


@pytest.mark.parametrize("direct", [False, True], ids=["front", "region"])
@pytest.mark.parametrize(
    "size",
    [65 * 1024, 2 * MIB, 4 * MIB, 5 * MIB, 9 * MIB, 11 * MIB],
    ids=["app", "app 2", "app 4", "Lambda", "Lambda 9", "gateway"],
)
def test_bodies_that_are_too_large(stack: RunningStack, size: int, direct: bool) -> None:
    """The app, Lambda's limit and the gateway's limit all end in 413 and problem+json."""
    with post(stack, f"Content-Length: {size}", direct=direct) as wire:
        with suppress(ConnectionError):  # it may be answered before all of it was sent
            wire.sendall(b" " * size)
        status, problem = answer_of(wire)

    assert (status, problem["status"], problem["code"]) == (413, 413, "too_large")
    if size in (5 * MIB, 9 * MIB):  # no function is called with these
        assert problem["detail"] == "The body is larger than Everhop takes."


@pytest.mark.parametrize("direct", [False, True], ids=["front", "region"])
def test_a_body_that_never_ends(stack: RunningStack, direct: bool) -> None:
    """An upload in chunks, which says no size, is read so far and no further."""
    chunk = f"{MIB:x}\r\n".encode() + b" " * MIB + b"\r\n"
    sent = 0
    with post(stack, "Transfer-Encoding: chunked", direct=direct) as wire:
        wire.settimeout(0.5)
        with suppress(ConnectionError, TimeoutError):
            while sent < 100:
                wire.sendall(chunk)
                sent += 1
        wire.settimeout(20)
        status, problem = answer_of(wire)

    assert (status, problem["code"]) == (413, "too_large")
    assert stack.ask("GET", "/api/v1/health").status == 200


def test_a_size_that_is_too_large_need_not_be_sent(stack: RunningStack) -> None:
    """Who asks first (Expect), or only announces the body, is refused without sending it."""
    for headers in (("Expect: 100-continue",), ()):
        with post(stack, f"Content-Length: {50 * MIB}", *headers) as wire:
            assert answer_of(wire)[0] == 413


@pytest.mark.parametrize(
    ("target", "header", "status"),
    [
        ("/" + "a" * 9000, "X-Own: a", 414),
        ("/a?" + "b" * 9000, "X-Own: a", 414),
        ("/api/v1/links?q=" + "b" * 9000, "X-Own: a", 414),
        ("/a", "X-Own: " + "/a" * 5000, 431),
        ("/a", "X-" + "a" * 9000 + ": a", 431),
    ],
)
def test_addresses_and_headers_that_are_too_long(
    stack: RunningStack, target: str, header: str, status: int
) -> None:
    """414 or 431, and nothing of what was sent is repeated."""
    url = urlsplit(stack.url)
    with socket.create_connection((str(url.hostname), url.port or 0), timeout=10) as wire:
        wire.sendall(f"GET {target} HTTP/1.1\r\nHost: {url.netloc}\r\n{header}\r\n\r\n".encode())
        answer = wire.recv(4096)

    assert int(answer.split(b" ")[1]) == status
    assert b"aaaa" not in answer
    assert b"bbbb" not in answer


def test_a_stack_with_a_limit(tmp_path: Path) -> None:
    """Over the wire: what is left counts down, 429 says when to come back, CORS lets pages read it."""
    page = "https://app.example.com"
    environ = {"EVERHOP_RATE_LIMIT": "5", "EVERHOP_CORS_ORIGINS": page}
    stack = start_stack(tmp_path, **environ)
    try:
        if time.time() % 60 > 50:  # all of it in one minute
            time.sleep(60 - time.time() % 60)
        answers = [stack.api("GET", "/links", Origin=page) for _ in range(6)]
        asked = stack.ask("OPTIONS", "/api/v1/links/x", Origin=page)
        log = (tmp_path / "requests-us-east-1.jsonl").read_text().splitlines()
    finally:
        stack.stop()

    assert [answer.status for answer in answers] == [200] * 5 + [429]
    left = [answer.headers["RateLimit"].partition(";t=")[0] for answer in answers]
    assert left == [f'"default";r={rest}' for rest in (4, 3, 2, 1, 0, 0)]
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 60
    assert all(answer.headers["Access-Control-Allow-Origin"] == page for answer in answers)
    assert asked.headers["Access-Control-Allow-Methods"] == "GET, PATCH, DELETE, OPTIONS"
    statuses = [json.loads(line)["status"] for line in log]
    assert statuses[2:] == [200, 200, 200, 200, 200, 429, 204]  # two are the stack's own
    assert "{" not in "".join(stack.lines).partition("Everhop is ready:")[2]
