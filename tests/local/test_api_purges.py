"""One key of the stage's cache made anew by who may, over a socket; and by nobody else."""

import asyncio
import http.server
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import pytest
import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from chalicelib.core.changes import Change, Purged, Record, Version, change_of
from chalicelib.core.links import Link, edit_link
from chalicelib.core.origin_proofs import prove
from chalicelib.store.api_purges import AT_ONCE, MOST_SILENT, ApiPurge, ApiStage
from infra.caches import StageCache
from local.children import listen, url_of
from local.invalidators import signed_by
from local.region import make_handler
from local.servers import start_server
from local.stage_api import StageApi
from tests.local.test_stage_api import D, Stage


SECRET = "s" * 43
REGION = "us-east-1"
OWN = Credentials("local", "local")


@dataclass
class Behind:
    """A region's API at a socket, behind its cache, and asked as the edge asks it."""

    url: str
    stage: Stage

    def ask(self, slug: str, query: str = "", **headers: str) -> Any:
        proof = prove(SECRET, datetime.now(UTC).timestamp())
        sent = {"everhop-query": query, "everhop-edge": proof, **headers}
        url = f"{self.url}/r/{slug}" + (f"?{query}" if query else "")
        return requests.get(url, headers=sent, allow_redirects=False, timeout=20)

    def leads_to(self, slug: str, query: str = "", **headers: str) -> str:
        return str(self.ask(slug, query, **headers).headers.get("Location", ""))

    def purge(self, change: Change, credentials: Credentials = OWN, region: str = REGION) -> Any:
        stage = ApiStage(self.url, region, (SECRET,))
        tell = ApiPurge(stage, lambda: credentials, lambda: datetime.now(UTC))
        return tell([change], frozenset())


@pytest.fixture(scope="module")
def behind() -> Iterator[Behind]:
    stage = Stage(EVERHOP_ORIGIN_SECRETS=SECRET, EVERHOP_UNICODE_SLUGS="on")
    stage.api = StageApi(
        stage.app,
        stage.gateway,
        StageCache(enabled=True),
        may_invalidate=signed_by(OWN, REGION),
    )
    loop, listener = asyncio.new_event_loop(), listen()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    serving = start_server(make_handler(stage.api), listener)
    runner = asyncio.run_coroutine_threadsafe(serving, loop).result(20)
    yield Behind(url_of(listener) + "/api", stage)
    asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(20)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def edited(behind: Behind, slug: str, **to: Any) -> Change:
    """A link that the cache has, with a query too, and its edit since."""
    behind.stage.make(slug)
    for query in ("", "q=1"):
        assert behind.leads_to(slug, query) == D + quote(slug)
    assert behind.leads_to(f"{slug}+") == ""
    now = datetime.now(UTC)
    changes = to or {"destination": D + "edited"}
    behind.stage.links.edit("w", slug, changes)
    old = Link(workspace="w", slug=slug, destination=D + slug, created_at=now, updated_at=now)
    new = edit_link(old, to or {"destination": D + "edited"}, now)
    change = change_of(Record("1", now, slug, Version(old, "a"), Version(new, "b")), now)
    assert change is not None
    return change


@pytest.mark.parametrize("slug", ["promo", "grüsse-ü", "日本", "a-b_c"], ids=range(4))
def test_a_purge_makes_one_key_anew(behind: Behind, slug: str) -> None:
    """Signed for the very path, whatever letters are in it; other keys stay as they are."""
    change = edited(behind, slug)
    purged = behind.purge(change)

    assert (purged.failed, purged.ignored) == (set(), set())
    assert "hit" in behind.ask(slug).headers["Cache-Status"]
    assert behind.leads_to(slug) == D + "edited"
    assert D + quote(slug) in behind.ask(f"{slug}+").text  # as at the edge
    assert behind.leads_to(slug, "q=1") == D + quote(slug)  # its share of the budget ends it


def test_a_takedown_is_gone(behind: Behind) -> None:
    """Neither followed nor previewed."""
    behind.purge(edited(behind, "off", disabled=True))

    assert (behind.ask("off").status_code, behind.ask("off+").status_code) == (410, 410)


def signed(behind: Behind, slug: str, credentials: Credentials, **headers: str) -> dict[str, str]:
    """The headers of a request that wants the key made anew, signed."""
    url = f"{behind.url}/r/{slug}"
    request = AWSRequest("GET", url, headers={"Cache-Control": "max-age=0", **headers})
    SigV4Auth(credentials, "execute-api", REGION).add_auth(request)
    return {name: str(value) for name, value in request.headers.items()}


def test_nobody_else_makes_anything_anew(behind: Behind) -> None:
    """Unsigned, of another key, region or path, with a header changed, or of another time."""
    edited(behind, "mine")
    good = signed(behind, "mine", OWN)
    old = {**good, "X-Amz-Date": "20200101T000000Z"}
    attempts = [
        {"Cache-Control": "max-age=0"},
        {"Cache-Control": "max-age=0", "Authorization": "AWS4-HMAC-SHA256 gibberish"},
        {"Cache-Control": "max-age=0", "Authorization": "Bearer eh_x"},
        signed(behind, "mine", Credentials("local", "other")),
        signed(behind, "mine", Credentials("other", "local")),
        signed(behind, "other", OWN),
        {**good, "Authorization": good["Authorization"].replace(REGION, "eu-west-1")},
        {**good, "Authorization": good["Authorization"].replace("cache-control;", "")},
        old,
    ]
    for headers in attempts:
        assert behind.leads_to("mine", **headers) == D + "mine", headers
    assert behind.leads_to("mine", **good) == D + "edited"


def test_a_purge_without_the_right_is_told(behind: Behind) -> None:
    """The stage answers such a request out of its cache: the answer's own time shows it."""
    change = edited(behind, "theirs")
    # The clock says that the answer is some seconds old, as it would be.
    stage = ApiStage(behind.url, REGION, (SECRET,))
    late = datetime.now(UTC).timestamp() + 5
    tell = ApiPurge(stage, lambda: Credentials("a", "b"), lambda: datetime.fromtimestamp(late, UTC))

    assert tell([change], frozenset()).ignored == {"theirs"}
    assert behind.leads_to("theirs") == D + "theirs"


def test_an_api_that_is_away_is_asked_again(behind: Behind) -> None:
    """Nobody there, or nobody who knows our secret: the key has failed."""
    change = edited(behind, "away")
    for url, secret in (("http://127.0.0.1:9/api", SECRET), (behind.url, "x" * 43)):
        purge = ApiPurge(ApiStage(url, REGION, (secret,)), lambda: OWN, lambda: datetime.now(UTC))
        assert purge([change], frozenset()).failed == {"away"}


class Lines(http.server.ThreadingHTTPServer):
    """An API that answers as it is told to; it counts connections, and what each path was asked."""

    request_queue_size = 64
    daemon_threads = True

    def __init__(self, answer: Callable[[str], int]) -> None:
        lines, self.opened, self.asked = self, 0, Counter[str]()
        counting = threading.Lock()

        class Line(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                with counting:
                    lines.opened += 1
                super().setup()

            def do_GET(self) -> None:
                with counting:
                    lines.asked[self.path] += 1
                status = answer(self.path)
                if not status:  # nobody hears of it
                    self.close_connection = True
                    return
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *said: object) -> None: ...

        super().__init__(("127.0.0.1", 0), Line)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def purge(self, count: int) -> Purged:
        """Tell it of so many edits."""
        now = datetime.now(UTC)
        old = Link(workspace="w", slug="s", destination=D, created_at=now, updated_at=now)
        new = edit_link(old, {"destination": D + "edited"}, now)
        changes = [
            Change(f"s{number}", "edited", Version(new, "b"), Version(old, "a"))
            for number in range(count)
        ]
        stage = ApiStage(f"http://127.0.0.1:{self.server_port}/api", REGION, (SECRET,))
        try:
            return ApiPurge(stage, lambda: OWN, lambda: datetime.now(UTC))(changes, frozenset())
        finally:
            self.shutdown()
            self.server_close()


def test_many_keys_are_made_anew_by_few_connections() -> None:
    """Each is asked for once; to connect takes longer than to ask."""
    api = Lines(lambda _path: 302)
    purged = api.purge(5 * AT_ONCE)

    assert (purged.failed, purged.ignored) == (set(), set())
    assert (len(api.asked), set(api.asked.values())) == (5 * AT_ONCE, {1})
    assert api.opened <= AT_ONCE


@pytest.mark.parametrize("status", [500, 0])
def test_one_key_that_fails_is_no_other_s_end(status: int) -> None:
    """Whether it is answered as a mistake, or not at all: those behind it are made anew."""
    api = Lines(lambda path: status if path.endswith("/s0") else 302)

    assert api.purge(3 * AT_ONCE).failed == {"s0"}
    assert len(api.asked) == 3 * AT_ONCE


def test_an_api_that_is_silent_is_not_asked_for_all() -> None:
    """Time-outs of hundreds of keys would take longer than the function may."""
    api = Lines(lambda _path: 0)
    count = (MOST_SILENT + 4) * AT_ONCE

    assert len(api.purge(count).failed) == count
    assert api.asked.total() == MOST_SILENT * AT_ONCE
