"""Requests and responses in the shape of CloudFront's events, so that functions are handed them.

Headers are `{lower-case name: [{"key": as written, "value": ...}]}`.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from http import HTTPStatus


Headers = dict[str, list[dict[str, str]]]


@dataclass(slots=True)
class Request:
    """What a visitor sent. `path` and `query` are encoded as they came, the query without `?`."""

    method: str
    path: str
    query: str = ""
    headers: Headers = field(default_factory=dict)
    body: bytes = b""
    client: tuple[str, int] = ("127.0.0.1", 0)
    version: str = "HTTP/1.1"
    size: int = 0  # bytes as it was sent
    keep_alive: bool = True

    @property
    def target(self) -> str:
        """Path and query, as a request line has them."""
        return f"{self.path}?{self.query}" if self.query else self.path


@dataclass(slots=True)
class Response:
    """An answer; `reason` is only what the status line says beside the number.

    `origin` is the base URL of who gave it; nothing for one of the edge's own.
    """

    status: int
    headers: Headers = field(default_factory=dict)
    body: bytes = b""
    reason: str = ""
    origin: str = ""


def value_of(headers: Headers, name: str, default: str = "") -> str:
    """All that a header says, joined as RFC 9110 joins it; `name` in lower case."""
    lines = headers.get(name)
    if lines is None:
        return default
    return lines[0]["value"] if len(lines) == 1 else ", ".join(line["value"] for line in lines)


def put(headers: Headers, name: str, value: str) -> None:
    """Set one header in place of what it said before."""
    headers[name.lower()] = [{"key": name, "value": value}]


def headers_from(pairs: Iterable[tuple[str, str]]) -> Headers:
    """Headers of `(name, value)` pairs, repeated ones in their order."""
    headers: Headers = {}
    for name, value in pairs:
        headers.setdefault(name.lower(), []).append({"key": name, "value": value})
    return headers


def pairs_of(headers: Headers) -> Iterator[tuple[str, str]]:
    """The other way round."""
    for name, lines in headers.items():
        for line in lines:
            yield line.get("key") or name, line["value"]


def copy_headers(headers: Headers) -> Headers:
    """The same in lists of its own; the lines themselves are replaced, never changed."""
    return {name: list(lines) for name, lines in headers.items()}


def reason_of(status: int) -> str:
    """What HTTP calls a status; nothing for one that it does not know."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def error_response(status: int, why: str) -> Response:
    """An error that the edge makes by itself; `why` is a sentence for who looks at it."""
    page = f"<!doctype html><title>{status}</title><h1>{status} {reason_of(status)}</h1><p>{why}\n"
    pairs = [("Content-Type", "text/html; charset=utf-8"), ("Server", "CloudFront")]
    return Response(status, headers_from(pairs), page.encode(), reason_of(status))
