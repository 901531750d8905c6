"""Another region's table that is slow, frozen, gone or busy: who waits for it, and how often."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from chalicelib.core.errors import SlugTaken, Unavailable
from chalicelib.core.homes import home_of
from chalicelib.core.links import Link
from chalicelib.service.ports import LinkStore
from chalicelib.store import clients
from chalicelib.store.answers import NoAnswer
from chalicelib.store.breakers import Breaker
from chalicelib.store.far_links import FarLinks
from chalicelib.store.links import LinkTable
from chalicelib.store.memory import LinkMemory
from chalicelib.store.models import bind
from local.children import listen, url_of
from tests.store.regions import HERE, THERE, regional
from tests.store.tables import REGION
from tests.store.test_breakers import Time


NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
LINK = Link(workspace="w", slug="a", destination="https://e.test/", created_at=NOW, updated_at=NOW)
NEAR, FAR = (
    next(key for key in "abcdefghij" if home_of(key, (HERE, THERE)) == region)
    for region in (HERE, THERE)
)


class Frozen:
    """A port that takes every connection and never answers; it counts them."""

    def __init__(self) -> None:
        self.listener = listen()
        self.url = url_of(self.listener)
        self.taken: list[socket.socket] = []
        threading.Thread(target=self._take, daemon=True).start()

    def _take(self) -> None:
        with suppress(OSError):
            while True:
                self.taken.append(self.listener.accept()[0])


@pytest.fixture
def frozen(monkeypatch: pytest.MonkeyPatch) -> Iterator[Frozen]:
    """A region that is frozen, and sockets that give up sooner than usual."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "none")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "none")
    monkeypatch.setattr(clients, "READ_FOR", 0.5)
    monkeypatch.setattr(clients, "ATTEMPTS", 1)
    region = Frozen()
    yield region
    region.listener.close()
    for connection in region.taken:
        connection.close()


def wait_until(done: Any) -> None:
    deadline = time.monotonic() + 40
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_frozen_home_is_asked_once_and_left_alone(frozen: Frozen) -> None:
    """Its visitor is told 503 in time; when the call has failed too, nobody asks it for a while."""
    breaker = Breaker(3600)
    breaker.close()
    far = FarLinks(lambda: LinkTable(bind("links", REGION, frozen.url)), breaker)
    told: list[str] = []
    local = LinkMemory()
    links = regional(local, {THERE: far}.__getitem__)
    hurried = type(links)(
        local, links.regions, links.store_of, 0.01, lambda tier, took, how: told.append(how)
    )

    with pytest.raises(Unavailable, match=f"{THERE}.*no answer in time"):
        hurried.seek(FAR)
    wait_until(lambda: not breaker.is_closed)
    for act in (
        lambda: links.seek(FAR),
        lambda: links.get(FAR, consistent=True),
        lambda: links.current(FAR),
        lambda: links.create(FAR, LINK),
        lambda: links.replace(FAR, LINK),
    ):
        with pytest.raises(Unavailable, match=f"{THERE}.*silent a moment ago"):
            act()
    links.create(NEAR, LINK)

    assert len(frozen.taken) == 1
    assert told == [f"{THERE} did not answer"]
    assert links.seek(NEAR) == LINK


def test_a_write_to_a_frozen_home_is_unavailable(frozen: Frozen) -> None:
    """After the time-outs of its sockets; and then nobody else waits for it."""
    far = FarLinks(lambda: LinkTable(bind("links", REGION, frozen.url)))
    links = regional(LinkMemory(), {THERE: far}.__getitem__)
    with pytest.raises(Unavailable, match=f"{THERE}.*ReadTimeout"):
        links.create(FAR, LINK)
    with pytest.raises(Unavailable, match="silent a moment ago"):
        links.create(FAR, LINK)

    assert len(frozen.taken) == 1


class Scripted(LinkMemory):
    """A store that fails as it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.error: Exception | None = None
        self.asked = 0

    def get(self, key: str, *, consistent: bool = False) -> Link | None:
        self.asked += 1
        if self.error:
            raise self.error
        return super().get(key, consistent=consistent)


def test_one_caller_tries_it_again() -> None:
    """When it is due; an answer lets all in, silence is another while."""
    clock, store = Time(), Scripted()
    breaker = Breaker(5, clock)
    breaker.close()
    far = FarLinks(lambda: store, breaker)
    store.error = NoAnswer("silent")
    outcomes = []
    for seconds in (0, 1, 4.5, 1, 5):
        clock.now += seconds
        with pytest.raises(Unavailable) as caught:
            far.current("a")
        outcomes.append(str(caught.value))
    asked = store.asked
    clock.now += 6
    store.error = None

    assert [one == "silent" for one in outcomes] == [True, False, True, False, True]
    assert asked == 3
    assert [far.current("a"), far.seek("a"), far.get("a")] == [None] * 3
    assert store.asked == 6


@pytest.mark.parametrize("error", [Unavailable("throttled"), SlugTaken("taken"), KeyError("bug")])
def test_a_refusal_is_an_answer(error: Exception) -> None:
    """It leaves nobody out, and a probe that meets one lets all in."""
    clock, store = Time(), Scripted()
    far = FarLinks(lambda: store, Breaker(5, clock))  # open, and due
    store.error = error
    for _ in range(3):
        with pytest.raises(type(error)):
            far.current("a")

    assert store.asked == 3


def test_calls_are_bounded() -> None:
    """One more than may is refused, and a turn that is over is the next one's."""
    inside, leave = threading.Event(), threading.Event()

    class Slow(LinkMemory):
        def seek(self, key: str) -> Link | None:
            inside.set()
            assert leave.wait(40)
            return super().seek(key)

    store: LinkStore = Slow()
    far = FarLinks(lambda: store, calls=1)
    caller = threading.Thread(target=far.seek, args=("a",))
    caller.start()
    assert inside.wait(40)
    with pytest.raises(Unavailable, match="too many") as caught:
        far.get("a")
    leave.set()
    caller.join(40)

    assert caught.value.retry_for == 1
    assert far.get("a") is None


class Refusing(BaseHTTPRequestHandler):
    """A DynamoDB that throttles."""

    def do_POST(self) -> None:
        body = b'{"__type": "com.amazonaws.dynamodb.v20120810#ThrottlingException"}'
        self.send_response(400)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing."""


def test_a_table_that_throttles_is_not_silent(frozen: Frozen) -> None:
    """It is unavailable with the code that it said; one that answers nothing is told apart."""
    del frozen
    server = HTTPServer(("127.0.0.1", 0), Refusing)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    table = LinkTable(bind("links", REGION, f"http://127.0.0.1:{server.server_port}"))
    with pytest.raises(Unavailable, match="ThrottlingException") as caught:
        table.get("a")
    server.shutdown()
    server.server_close()

    assert not isinstance(caught.value, NoAnswer)
    with pytest.raises(NoAnswer):
        table.get("a")
