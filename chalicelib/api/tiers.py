"""Which tier below the app answered a request, for its `Server-Timing` and its `Cache-Status`."""

import threading
from collections.abc import Callable

from chalice.app import Request, Response


MOST = 8  # tiers that one answer names: a batch asks a hundred times
_told = threading.local()


def tell_tier(tier: str, took: float, how: str) -> None:
    """Note that a tier answered the request of this thread, in so many seconds."""
    told: list[str] | None = getattr(_told, "entries", None)
    if told is not None and len(told) < MOST:
        described = f';desc="{how}"' if how else ""
        told.append(f"{tier}{described};dur={took * 1000:.1f}")


def time_tiers(request: Request, get_response: Callable[[Request], Response]) -> Response:
    """Middleware around the one that tells the time of the whole."""
    _told.entries = []
    try:
        response = get_response(request)
        told = _told.entries
    finally:
        _told.entries = None
    entries = [response.headers.get("Server-Timing", ""), *told]
    response.headers["Server-Timing"] = ", ".join(filter(None, entries))
    if how := _how_cached(told):
        response.headers["Cache-Status"] = f"DAX; {how}"
    return response


def _how_cached(told: list[str]) -> str:
    """What DAX did for an answer, in the words of RFC 9211; nothing if that is not known."""
    if any(one.startswith('dax;desc="miss"') for one in told):
        return "fwd=miss"
    if any(one.startswith('dax;desc="hit"') for one in told):
        return "hit"
    return "fwd=bypass" if any(one.startswith('table;desc="DAX') for one in told) else ""
