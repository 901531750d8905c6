"""Asking origins: one after the other as CloudFront fails over, each within its own time."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from aiohttp import ClientError, ClientSession, ClientTimeout, DummyCookieJar, TCPConnector
from yarl import URL

from local.edge.distributions import Origin
from local.edge.messages import Headers, Response, error_response, headers_from, pairs_of


FAILED_OVER = frozenset({"GET", "HEAD", "OPTIONS"})
RETRIED = frozenset({"GET", "HEAD"})
_HOP = frozenset(
    "connection keep-alive proxy-authenticate proxy-connection te trailer transfer-encoding "
    "upgrade".split()
)
_FRAMING = frozenset({"content-length", "transfer-encoding", "connection"})
_NONE_OF_OURS = ("User-Agent", "Accept", "Accept-Encoding", "Content-Type")


@dataclass(frozen=True, slots=True)
class Ask:
    """One request as one origin gets it."""

    method: str
    path: str  # with the origin's own before it
    query: str
    headers: Headers
    body: bytes


Send = Callable[[Origin, str, Ask], Awaitable[Response]]


class OriginDown(Exception):
    """The origin could not be asked (502), or did not answer in time (504)."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status

    @property
    def response(self) -> Response:
        """What the visitor is told when there is nothing better."""
        return error_response(self.status, f"The origin did not answer ({self}).")


class OriginClient:
    """Connections to origins. `addresses` are base URLs by the origins' domain names.

    An address that a function made is asked as it is, unless it needs TLS, which nothing here has.
    """

    def __init__(self, addresses: Mapping[str, str]) -> None:
        self._addresses = addresses
        self._session: ClientSession | None = None

    async def open(self) -> None:
        """Be ready to ask."""
        self._session = ClientSession(
            connector=TCPConnector(limit=0, keepalive_timeout=5),
            cookie_jar=DummyCookieJar(),
            auto_decompress=False,
            skip_auto_headers=_NONE_OF_OURS,
        )

    async def close(self) -> None:
        """Close all connections; requests under way fail."""
        if self._session:
            await self._session.close()

    async def send(self, origin: Origin, where: str, ask: Ask) -> Response:
        """The origin's answer at this base URL; OriginDown when all attempts were in vain."""
        attempts = origin.attempts
        while True:
            attempts -= 1
            try:
                return await self._send_once(origin, where, ask)
            except OriginDown:
                # What may have been heard once is not said twice.
                if attempts <= 0 or ask.method not in RETRIED:
                    raise

    async def _send_once(self, origin: Origin, where: str, ask: Ask) -> Response:
        domain = URL(where).host or ""
        base = self._addresses.get(domain, where if where.startswith("http:") else None)
        if base is None or self._session is None:
            raise OriginDown(502, f"there is no {domain} on this machine")
        target = ask.path + (f"?{ask.query}" if ask.query else "")
        timeout = ClientTimeout(sock_connect=origin.connect_within, sock_read=origin.read_within)
        try:
            async with self._session.request(
                ask.method,
                URL(f"{base}{target}", encoded=True),
                headers=[one for one in pairs_of(ask.headers) if one[0].lower() not in _FRAMING],
                data=ask.body or None,
                allow_redirects=False,
                timeout=timeout,
            ) as answered:
                body = await answered.read()
                headers = headers_from(answered.headers.items())
                for name in _HOP:
                    headers.pop(name, None)
                if ask.method != "HEAD":  # there it is all that is known of the length
                    headers.pop("content-length", None)
                return Response(answered.status, headers, body, answered.reason or "", base)
        except TimeoutError as error:
            raise OriginDown(504, type(error).__name__) from error
        except (ClientError, OSError, ValueError) as error:
            raise OriginDown(502, type(error).__name__) from error
