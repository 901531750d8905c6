"""How one place is told to forget: a command at its own port, for who has the stack's token."""

import json
import secrets
from collections.abc import Awaitable, Callable, Sequence

from local.controls import PREFIX
from local.edge.engines import Edge
from local.edge.invalidations import is_path
from local.edge.messages import Request, Response, headers_from, reason_of, value_of
from local.edge.points import invalidate


INVALIDATE = "invalidate"
First = Callable[[Request], Response | Awaitable[Response] | None]


def make_first(edges: Sequence[Edge], token: str, then: First) -> First:
    """The door's answer to that command; `then` answers all else."""

    def first(request: Request) -> Response | Awaitable[Response] | None:
        if request.path != PREFIX + INVALIDATE:
            return then(request)
        given = value_of(request.headers, "authorization").encode("utf-8", "surrogateescape")
        if not secrets.compare_digest(given, f"Bearer {token}".encode()):
            return _answer(403, {"error": "commands need the token of the data folder."})
        paths = _paths_of(request)
        if paths is None:
            return _answer(400, {"error": "the command can't be read."})
        return _answer(200, {"forgotten": invalidate(edges, paths)})

    return first


def _paths_of(request: Request) -> list[str] | None:
    try:
        paths = json.loads(request.body)["paths"]
    except (ValueError, KeyError, TypeError):
        return None
    fits = isinstance(paths, list) and all(isinstance(it, str) and is_path(it) for it in paths)
    return paths if fits and request.method == "POST" else None


def _answer(status: int, said: object) -> Response:
    headers = headers_from([("Content-Type", "application/json"), ("Cache-Control", "no-store")])
    return Response(status, headers, json.dumps(said).encode(), reason_of(status))
