"""What a door on one machine answers before the edge would: the state of it, and odd hosts."""

import http.client
import json
import re
from collections.abc import Awaitable, Callable, Collection

from chalicelib.core.hosts import bare_host
from local.controls import ControlError, Json
from local.edge.messages import Request, Response, headers_from, reason_of, value_of


STATUS = "/_local/status"


def make_first(
    hosts: Collection[str], find_status: Callable[[], Awaitable[Json]]
) -> Callable[[Request], Response | Awaitable[Response] | None]:
    """The door's own answers: 421 to another site's name, and what is up now, or 503."""

    def first(request: Request) -> Response | Awaitable[Response] | None:
        host = value_of(request.headers, "host")
        # Another name for this machine may be another site's doing (DNS rebinding).
        if bare_host(re.sub(r":\d+$", "", host)) not in hosts:
            return _answer(421, "text/plain", b"421: this is not the host that you look for.\n")
        if request.path != STATUS:
            return None
        if request.method not in ("GET", "HEAD"):
            refused = _answer(405, "text/plain", b"")
            refused.headers.update(headers_from([("Allow", "GET, HEAD")]))
            return refused
        return _tell(find_status)

    return first


async def _tell(find_status: Callable[[], Awaitable[Json]]) -> Response:
    try:
        status = await find_status()
    except (OSError, http.client.HTTPException, ControlError):
        return _answer(503, "text/plain", b"503: the stack does not say what is up.\n")
    return _answer(200, "application/json; charset=utf-8", json.dumps(status).encode())


def _answer(status: int, kind: str, body: bytes) -> Response:
    headers = headers_from([("Content-Type", kind)])
    return Response(status, headers, body, reason_of(status))
