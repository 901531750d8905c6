"""Hostile and unlucky requests to the service itself: one test for each row of our list."""

import json
import re
import socket
from urllib.parse import urlsplit

import pytest

from chalicelib.core.errors import Unavailable
from chalicelib.core.links import Link
from chalicelib.core.slugs import RESERVED
from chalicelib.store.memory import LinkMemory
from chalicelib.store.memory_counters import CounterMemory
from tests.api.driver import make_api
from tests.clocks import SetClock
from tests.conftest import RunningStack


SPOOFS = [
    {"X_Forwarded_For": "1.2.3.4"},
    {"X_Forwarded_For": "5.6.7.8, 1.2.3.4"},
    {"Forwarded": "for=9.9.9.9"},
    {"X_Real_IP": "8.8.8.8", "CloudFront_Viewer_Address": "8.8.8.8:1"},
]


def test_row_65_spoofed_addresses_change_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """What a client says of its address gives it no new limit and is not written down."""
    with make_api(clock=SetClock(), EVERHOP_RATE_LIMIT="2", EVERHOP_LOG="on") as api:
        api.made(slug="x")
        statuses = [api.keyed("GET", "/links", **spoof).status_code for spoof in SPOOFS]
        followed = {api.follow("x", **spoof).headers["Location"] for spoof in SPOOFS}

    assert statuses == [200, 429, 429, 429]
    assert followed == {"https://example.com/x"}
    assert not re.search(r"\d+\.\d+\.\d+\.\d+", capsys.readouterr().out)


class ReadOnly(LinkMemory):
    """A table that can be read and, from some moment on, not be written."""

    writable = True
    reads = 0

    def get(self, key: str, *, consistent: bool = False) -> Link | None:
        self.reads += 1
        return super().get(key, consistent=consistent)

    def create(self, key: str, link: Link) -> None:
        self._check()
        super().create(key, link)

    def replace(self, key: str, link: Link) -> None:
        self._check()
        super().replace(key, link)

    def _check(self) -> None:
        if not self.writable:
            raise Unavailable("The table did not answer (ResourceNotFoundException).")


def test_row_82_monitors_are_no_visitors(capsys: pytest.CaptureFixture[str]) -> None:
    """Health has an address that no link can have, and is never counted as a redirect or limited."""
    store = ReadOnly()
    with make_api(store, clock=SetClock(), EVERHOP_RATE_LIMIT="1", EVERHOP_LOG="on") as api:
        store.writable = False
        statuses = {api.ask("GET", "/v1/health").status_code for _ in range(50)}
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    assert "health" in RESERVED
    assert statuses == {200}
    assert {line["kind"] for line in lines} == {"other"}
    assert not any("Redirects" in line for line in lines)


@pytest.mark.stack
@pytest.mark.parametrize(
    ("request_line", "host"),
    [
        ("GET /x HTTP/1.0", False),
        ("GET /api/v1/health HTTP/1.0", False),
        ("GET /x HTTP/1.1", False),
        ("GET http://evil.example/x HTTP/1.1", True),
        ("GET //evil.example/ HTTP/9.9", True),
        ("GET x HTTP/1.1", True),
        ("GET", True),
    ],
)
def test_row_84_odd_request_lines(stack: RunningStack, request_line: str, host: bool) -> None:
    """HTTP/1.0 without a host, absolute targets and worse are the client's fault: 400, never 500."""
    url = urlsplit(stack.url)
    head = f"{request_line}\r\n" + (f"Host: {url.netloc}\r\n" if host else "")
    with socket.create_connection((str(url.hostname), url.port or 0), timeout=10) as wire:
        wire.sendall(head.encode() + b"\r\n")
        status = wire.recv(4096).split(b" ")[1]

    assert status == b"400"
    assert "Traceback" not in "".join(stack.lines)


@pytest.mark.stack
def test_row_84_http_1_0_with_a_host_works(stack: RunningStack) -> None:
    """An old client that says which host it means is answered."""
    url = urlsplit(stack.url)
    with socket.create_connection((str(url.hostname), url.port or 0), timeout=10) as wire:
        wire.sendall(f"GET /api/v1/health HTTP/1.0\r\nHost: {url.netloc}\r\n\r\n".encode())
        status = wire.recv(4096).split(b" ")[1]

    assert status == b"200"


APP = "https://app.example.com"


def test_row_105_cors_is_a_list() -> None:
    """No origin but those listed, none called null, no credentials, and nothing where nothing is."""
    with make_api(EVERHOP_CORS_ORIGINS=APP) as api:
        asked = {
            origin: api.ask("OPTIONS", "/v1/links", Origin=origin)
            for origin in (APP, "null", "*", "https://evil.example")
        }
        unknown = api.client.http.request("OPTIONS", "/v1/nothing", {"Origin": APP})

    allowed = {
        origin: answer.headers.get("Access-Control-Allow-Origin")
        for origin, answer in asked.items()
    }
    assert allowed == {APP: APP, "null": None, "*": None, "https://evil.example": None}
    for answer in (*asked.values(), unknown):
        assert "Access-Control-Allow-Credentials" not in answer.headers
    assert "Access-Control-Allow-Origin" not in unknown.headers


@pytest.mark.stack
def test_row_105_a_preflight_of_nothing_is_404(stack: RunningStack) -> None:
    """An address that is no route has no preflight either, as at API Gateway."""
    answer = stack.ask("OPTIONS", "/api/v1/nothing", Origin=APP)

    assert answer.status == 404
    assert not [name for name in answer.headers if name.lower().startswith("access-control")]


class Leaky(LinkMemory):
    """A store whose mistake has all in its text that nobody should see."""

    def get(self, key: str, *, consistent: bool = False) -> Link | None:
        raise RuntimeError("arn:aws:dynamodb:us-east-1:123456789012:table/everhop SELECT *")


def test_row_107_internals_stay_inside(capsys: pytest.CaptureFixture[str]) -> None:
    """A mistake is a sentence and an id that the log has too; the client's own id is kept."""
    with make_api(Leaky(), EVERHOP_LOG="on") as api:
        answers = [
            api.keyed("GET", "/links/x", X_Request_Id="mine-42"),
            api.follow("x", X_Request_Id="mine-42"),
            api.keyed("PATCH", "/links/x", {"title": "t"}, X_Request_Id="mine-42"),
        ]
    out = capsys.readouterr().out

    for answer in answers:
        body = answer.body.decode()
        assert answer.status_code == 500
        assert answer.headers["X-Request-Id"] == "mine-42"
        assert json.loads(body)["instance"].rpartition(":")[2] in out
        for internal in ("arn:", "SELECT", "Traceback", "RuntimeError", "chalicelib", "123456"):
            assert internal not in body
            assert internal not in str(answer.headers)
    assert out.count('"client_request_id":"mine-42"') == 3
    assert "arn:aws" not in out


def test_row_108_a_limit_is_told_in_headers() -> None:
    """429 with Retry-After and the fields of the draft, by key and never by address."""
    with make_api(clock=SetClock(), EVERHOP_RATE_LIMIT="1") as api:
        api.keyed("GET", "/links", X_Forwarded_For="1.1.1.1")
        answer = api.keyed("GET", "/links", X_Forwarded_For="2.2.2.2")
        public = api.ask("GET", "/v1/openapi.json")

    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "60"
    assert answer.headers["RateLimit-Policy"] == '"default";q=1;w=60'
    assert answer.headers["RateLimit"] == '"default";r=0;t=60'
    assert public.status_code == 200


class AwayCounters(CounterMemory):
    """Counters that can't be written."""

    def add(self, *_: object, **__: object) -> None:  # type: ignore[override]
        raise Unavailable("The table did not answer.")


def test_row_115_a_table_that_is_not_ready_for_writes() -> None:
    """Redirects and reads go on, with the limits on; writes are 503 with the reason."""
    store = ReadOnly()
    with make_api(store, clock=SetClock(), counters=AwayCounters(), EVERHOP_RATE_LIMIT="90") as api:
        api.made(slug="there")
        store.writable = False
        reads = [api.follow("there"), api.keyed("GET", "/links/there"), api.keyed("GET", "/links")]
        writes = [
            api.create("https://example.com/"),
            api.keyed("PATCH", "/links/there", {"title": "t"}),
            api.keyed("DELETE", "/links/there"),
        ]
        assert [answer.status_code for answer in reads] == [302, 200, 200]
        for answer in writes:
            assert answer.status_code == 503
            assert answer.headers["Retry-After"]
            assert "ResourceNotFoundException" in json.loads(answer.body)["detail"]
        store.writable = True
        assert api.keyed("DELETE", "/links/there").status_code == 204
        assert api.follow("there").status_code == 410
