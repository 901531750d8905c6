"""Lines of the log: one JSON object about each request, and one about each mistake of ours.

What is in a line is listed here, field by field, so that nothing gets in with something else: no
header, query, body or address, and of the path only the route. Slugs are left out on purpose, as
lines with them would say who was interested in what.
"""

import re
import traceback
from datetime import datetime
from typing import Any, NamedTuple

from chalicelib.core.metrics import is_failure, measure
from chalicelib.core.times import format_time


_CLIENT_ID = re.compile(r"[A-Za-z0-9._:/@+=-]{1,128}", re.ASCII)
_FRAMES = 40


class Place(NamedTuple):
    """Where requests are served, by the names that the deployment gives it."""

    stage: str
    region: str
    release: str = ""


class Served(NamedTuple):
    """A request that was answered; texts that are not known are empty."""

    at: datetime
    took_ms: float
    request_id: str
    client_request_id: str
    route: str
    method: str
    status: int
    bytes: int
    key_id: str
    workspace: str
    code: str
    reason: str
    is_cold: bool


def read_client_id(text: str | None) -> str:
    """The id that a client gave its request; none when it is not short and plain, or is a key."""
    fits = text and _CLIENT_ID.fullmatch(text) and "eh_" not in text
    return text if text and fits else ""


def describe_served(served: Served, place: Place) -> dict[str, Any]:
    """The line about a request, with its metrics."""
    line: dict[str, Any] = {
        "time": format_time(served.at),
        "level": "error" if is_failure(served.status) else "info",
        "event": "request",
        "stage": place.stage,
        "region": place.region,
        "release": place.release,
        "request_id": served.request_id,
        "client_request_id": served.client_request_id,
        "method": served.method,
        "route": served.route,
        "status": served.status,
        "took_ms": round(served.took_ms, 2),
        "bytes": served.bytes,
        "cold_start": served.is_cold,
        "key_id": served.key_id,
        "workspace": served.workspace,
        "code": served.code,
        "reason": served.reason,
    }
    known = {name: value for name, value in line.items() if value != ""}
    known.update(measure(served.at, known))
    return known


def describe_bug(
    error: BaseException, at: datetime, place: Place, request_id: str
) -> dict[str, Any]:
    """The line about an exception that nobody expected: where it was raised, and what it is.

    Its text is left out, and so are the values of variables: either may be what somebody sent.
    """
    return {
        "time": format_time(at),
        "level": "error",
        "event": "bug",
        **place._asdict(),
        "request_id": request_id,
        "error": [_describe(one) for one in _chain(error)],
    }


def _chain(error: BaseException) -> list[BaseException]:
    chain: list[BaseException] = []
    current: BaseException | None = error
    while current is not None and current not in chain:
        chain.append(current)
        current = current.__cause__ or current.__context__
    return chain


def _describe(error: BaseException) -> dict[str, Any]:
    frames = traceback.walk_tb(error.__traceback__)
    where = [f"{one.f_code.co_filename}:{line} {one.f_code.co_qualname}" for one, line in frames]
    return {"type": type(error).__qualname__, "frames": where[-_FRAMES:]}
