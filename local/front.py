"""The front door at 127.0.0.1: which part of the stack answers a request.

`/` and the dashboard's files come from static_site, `/api/...` from the region's API, every other
first segment is a short link and is asked for at the API as `/api/r/{slug}`, with what follows it
in a header. CloudFront-* headers are let through, so that rules can be tried from the command line;
CloudFront itself writes them anew.
"""

import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from aiohttp import ClientError, ClientSession, ClientTimeout, DummyCookieJar, TCPConnector, web
from yarl import URL

from chalicelib.api.pages import Page, refusal_page, unavailable_page
from chalicelib.api.problems import answer_error
from chalicelib.core.errors import EverhopError, TooLarge, Unavailable
from chalicelib.core.hosts import bare_host
from chalicelib.core.redirects import Refusal
from chalicelib.core.visitors import EXTRA_PATH, RAW_QUERY
from local.servers import read_body
from local.site import find_file, serve_file


METHODS = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"})
TIMEOUT = ClientTimeout(total=30)
# Everything that may stand in a request target as it is; other bytes are percent-encoded.
_TARGET = "!$%&'()*+,-./:;=?@_~[]{}|^`\\\"<>"
_HOP = frozenset(
    "connection keep-alive proxy-authenticate proxy-authorization te trailer "
    "transfer-encoding upgrade host content-length expect".split()
)
# What a client would say of itself; a visitor who does not say it has not said it.
_NOT_SAID = ("User-Agent", "Accept", "Accept-Encoding", "Content-Type")
# What the door itself says of a request.
_OURS = frozenset({RAW_QUERY, EXTRA_PATH})
_PRINT = Callable[[str], None]


@dataclass
class Front:
    """The front door: `api_url` is the region's, `region_alive` whether its process runs."""

    api_url: str
    region: str
    hosts: frozenset[str]
    status: Callable[[], Awaitable[dict[str, Any]]]
    region_alive: Callable[[], bool]
    log: _PRINT | None
    session: ClientSession | None = None

    async def open(self) -> None:
        """Open the connections to the region."""
        self.session = ClientSession(
            connector=TCPConnector(limit=0, keepalive_timeout=30),
            cookie_jar=DummyCookieJar(),
            timeout=TIMEOUT,
            auto_decompress=False,
            skip_auto_headers=_NOT_SAID,
        )

    async def close(self) -> None:
        """Close them; requests under way fail at once."""
        if self.session:
            await self.session.close()

    async def reconnect(self) -> None:
        """Let requests that wait for a process that is gone fail now, not at their time-out."""
        old = self.session
        await self.open()
        if old:
            await old.close()

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request and print a line about it."""
        started = time.perf_counter()
        response = await self._answer(request)
        if self.log:
            took = (time.perf_counter() - started) * 1000
            path = quote(request.raw_path.partition("?")[0], safe=_TARGET, errors="replace")[:120]
            self.log(f"{response.status} {request.method} {path}  {self.region} · {took:.0f} ms")
        return response

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        refused = self._refuse(request)
        if refused is not None:
            return refused
        path, _, query = _encoded(request.raw_path).partition("?")
        if path == "/_local/status":
            return await self._tell(request)
        if path.startswith("/api/"):
            return await self._forward(request, path, query)
        file = find_file(path)
        if file is not None:
            return serve_file(request, path, file)
        segment, _, rest = path.strip("/").partition("/")
        if not segment:
            return _page(request, refusal_page(Refusal("unknown")))
        # Slashes at the end alone are no path; after a path they are a part of it.
        extra = rest and f"/{rest}{path[len(path.rstrip('/')) :]}"
        return await self._forward(request, _api_path(segment, request.method, extra), query, extra)

    def _refuse(self, request: web.BaseRequest) -> web.Response | None:
        host = request.headers.get("Host", "")
        if not host or not request.raw_path.startswith("/"):
            return web.Response(status=400, text="400: the request has no host or no path.\n")
        # Another name for this machine may be another site's doing (DNS rebinding).
        if bare_host(re.sub(r":\d+$", "", host)) not in self.hosts:
            return web.Response(status=421, text=f"421: this is not {quote(host, safe='.:')}.\n")
        return None

    async def _tell(self, request: web.BaseRequest) -> web.Response:
        if request.method not in ("GET", "HEAD"):
            return web.Response(status=405, headers={"Allow": "GET, HEAD"})
        return web.json_response(await self.status())

    async def _forward(
        self, request: web.BaseRequest, path: str, query: str, extra: str = ""
    ) -> web.Response:
        if self.session is None or not self.region_alive():
            return _down(request, "the region's process is not running: see the console")
        url = URL(f"{self.api_url}{path}" + (f"?{query}" if query else ""), encoded=True)
        try:
            body = await read_body(request)
            async with self.session.request(
                # Only the region knows which methods an address has, and says it for this one.
                request.method if request.method in METHODS else "OPTIONS",
                url,
                headers=_forwarded_headers(request, query, extra),
                data=body or None,
                allow_redirects=False,
            ) as response:
                copied = await _copy(response)
                return copied if request.method in METHODS else _no_method(copied)
        except web.HTTPRequestEntityTooLarge:
            return _problem(TooLarge("At most 10 MiB."))
        except (ClientError, TimeoutError) as error:
            return _down(request, type(error).__name__)


def _api_path(segment: str, method: str, extra: str) -> str:
    # What is more than a slug and a query is not in the key of what is kept.
    apart = segment.endswith("~") and len(segment) > 1
    slug = segment[:-1] if apart else segment
    kept = not apart and not extra
    return f"/api/{'r' if kept or method == 'POST' else 'v'}/{slug}"


def _encoded(target: str) -> str:
    return quote(target.encode("utf-8", "surrogateescape"), safe=_TARGET)


def _forwarded_headers(request: web.BaseRequest, query: str, extra: str) -> dict[str, str]:
    headers = {
        name: _sendable(value)
        for name, value in request.headers.items()
        if name.lower() not in _HOP | _OURS
    }
    path = {EXTRA_PATH: extra} if extra else {}
    return {**headers, **path, RAW_QUERY: query}


def _sendable(value: str) -> str:
    # What is not UTF-8 goes on as the letters of Latin-1, and not as the same `?` for all of it.
    sent = value.encode("utf-8", "surrogateescape")
    return sent.decode("latin-1" if value.encode("utf-8", "replace") != sent else "utf-8")


async def _copy(response: Any) -> web.Response:
    body = await response.read()
    copied = web.Response(status=response.status, body=body)
    copied.headers.popall("Content-Type", None)
    for name, value in response.headers.items():
        if name.lower() not in _HOP:
            copied.headers.add(name, value)
    return copied


def _no_method(options: web.Response) -> web.Response:
    if options.status >= 400:  # there is nothing at the address, or nobody to tell
        return options
    return web.Response(status=405, headers={"Allow": options.headers.get("Allow", "")})


def _page(request: web.BaseRequest, page: Page) -> web.Response:
    body = "" if request.method == "HEAD" else page.html
    return web.Response(status=page.status, headers=page.headers, body=body.encode())


def _problem(error: EverhopError) -> web.Response:
    answer = answer_error(error, "local")
    headers = {name: str(value) for name, value in answer.headers.items()}
    return web.Response(status=answer.status_code, headers=headers, body=answer.body.encode())


def _down(request: web.BaseRequest, reason: str) -> web.Response:
    error = Unavailable(f"The region's API did not answer ({reason}).")
    if request.raw_path.startswith("/api/"):
        return _problem(error)
    return _page(request, unavailable_page(error, reason))
