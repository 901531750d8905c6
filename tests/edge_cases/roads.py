"""What the tests of the whole road share: links, visitors who go where they are sent, raw bytes."""

import socket
import time
from collections.abc import Callable
from urllib.parse import urlsplit

from tests.conftest import Answer, RunningStack


D = "https://example.com/"
FORM = "application/x-www-form-urlencoded"
BROWSER = {"User_Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}


def make(road: RunningStack, slug: str, **more: object) -> None:
    """A link that leads to D and its slug, unless told otherwise."""
    made = road.api("POST", "/links", {"destination": f"{D}{slug}", "slug": slug, **more})
    assert made.status == 201, made.body


def keep(road: RunningStack, slug: str) -> None:
    """The same, but made once for all cases of a test."""
    if road.api("GET", f"/links/{slug}").status == 404:
        make(road, slug)


def visit(road: RunningStack, path: str, method: str = "GET", **headers: str) -> Answer:
    """The answer that a browser ends with before it leaves for another site."""
    for _ in range(3):
        answer = road.ask(method, path, **headers)
        to = answer.headers.get("Location", "")
        if not to.startswith((f"{road.url}/", "/")):
            return answer
        path = to.removeprefix(road.url)
    raise AssertionError(f"{path} leads nowhere")


def where(road: RunningStack, path: str, **headers: str) -> str:
    """Where a browser is led that is not at home here."""
    return visit(road, path, **headers).headers.get("Location", "")


def wait_for(true: Callable[[], object]) -> None:
    """Until it is true, at a visitor's pace."""
    until = time.monotonic() + 60
    while not true():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.1)


def send(road: RunningStack, lines: bytes, *, ends: bool = True) -> bytes:
    """What comes back for these lines until the edge closes; with `ends`, after the empty line."""
    parts = urlsplit(road.url)
    with socket.create_connection((str(parts.hostname), parts.port or 0), timeout=40) as wire:
        wire.sendall(lines + (b"\r\n\r\n" if ends else b""))
        answer = b""
        while piece := wire.recv(65536):
            answer += piece
    return answer


def raw(road: RunningStack, target: bytes, *headers: bytes, method: bytes = b"GET") -> bytes:
    """The answer to this very target, which no client's library has made better."""
    host = b"Host: " + urlsplit(road.url).netloc.encode()
    first = method + b" " + target + b" HTTP/1.1"
    return send(road, b"\r\n".join([first, host, b"Connection: close", *headers]))


def status_of(answer: bytes) -> int:
    """The status of a raw answer."""
    return int(answer.split(b" ", 2)[1])
