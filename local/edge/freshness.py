"""How long an answer may stay: its own words within the limits of the cache policy.

RFC 9111 as CloudFront does it. Seconds throughout; `now` is the time of day where an answer's dates
are read, in seconds since 1970.
"""

import re
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from local.edge.distributions import ErrorRule
from local.edge.messages import Headers, value_of
from local.edge.policies import Caching


# CloudFront keeps these whatever they say, and those only with a time of their own.
KEPT_ERRORS = frozenset({404, 414, 500, 501, 502, 503, 504})
ASKED_ERRORS = frozenset({400, 403, 405, 410, 412, 415})
KEPT = frozenset({200, 203, 204, 300, 301, 302, 303, 307, 308})
MOST = 2**31  # RFC 9111 1.2.2: a larger number means this one
FOREVER = float("inf")
_NUMBER = re.compile(r"\d+", re.ASCII)
_DIRECTIVE = re.compile(r'([^\s=,;"]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,]*)))?')
_NEVER_STALE = ("no-cache", "no-store", "private", "must-revalidate", "proxy-revalidate")


@dataclass(frozen=True, slots=True)
class Stay:
    """How long an answer is fresh, and how much longer it may do while asking or on errors."""

    fresh_for: float
    while_asking: float = 0.0
    on_error: float = 0.0


def directives_of(headers: Headers) -> dict[str, str]:
    """Cache-Control as names in lower case and values; of a repeated one the first counts."""
    found: dict[str, str] = {}
    for name, quoted, plain in _DIRECTIVE.findall(value_of(headers, "cache-control")):
        found.setdefault(name.lower(), quoted or plain)
    return found


def stay_for(
    status: int, headers: Headers, caching: Caching, error: ErrorRule, now: float
) -> Stay | None:
    """How long an answer may stay; None when it may not be kept at all."""
    said = directives_of(headers)
    if status in KEPT_ERRORS:
        for_seconds = 0.0 if _is_forbidden(said) else _said_for(said, headers, now)
        return _error_stay(max(error.min_ttl, for_seconds or 0.0))
    if status in ASKED_ERRORS:
        for_seconds = _said_for(said, headers, now)
        forbidden = for_seconds is None or _is_forbidden(said)
        return None if forbidden else _error_stay(max(error.min_ttl, for_seconds or 0.0))
    # Errors may stay even where the policy keeps nothing: CloudFront has another rule for them.
    if caching.is_off or status not in KEPT or value_of(headers, "vary").strip() == "*":
        return None
    return _kept_stay(said, headers, caching, now)


def _error_stay(fresh_for: float) -> Stay | None:
    # A stale error is of no use: nobody asks whether it still holds, and it stands in for nothing.
    return Stay(fresh_for) if fresh_for > 0 else None


def _kept_stay(said: dict[str, str], headers: Headers, caching: Caching, now: float) -> Stay | None:
    if _is_forbidden(said):
        # What must not be kept is, when the policy has a minimum: that is CloudFront's own rule.
        return Stay(caching.min_ttl) if caching.min_ttl > 0 else None
    for_seconds = 0.0 if "no-cache" in said else _said_for(said, headers, now)
    if for_seconds is None:
        fresh_for = max(caching.min_ttl, caching.default_ttl)
    else:
        fresh_for = max(caching.min_ttl, min(for_seconds, caching.max_ttl))
    if any(word in said for word in _NEVER_STALE):
        return Stay(fresh_for)
    left = max(caching.max_ttl - fresh_for, 0.0)
    return Stay(
        fresh_for,
        while_asking=min(_seconds(said.get("stale-while-revalidate")) or 0.0, left),
        # Without a word about it, CloudFront tells what it has for as long as the origin fails.
        on_error=min(_seconds(said["stale-if-error"]) or 0.0, left)
        if "stale-if-error" in said
        else FOREVER,
    )


def _is_forbidden(said: dict[str, str]) -> bool:
    return "no-store" in said or "private" in said


def _said_for(said: dict[str, str], headers: Headers, now: float) -> float | None:
    """Seconds that the answer itself names; None when it names none."""
    for name in ("s-maxage", "max-age"):
        if name in said:
            # A number that can't be read means stale (RFC 9111 4.2.1).
            return _seconds(said[name]) or 0.0
    if "expires" in headers:
        expires_at = _time(value_of(headers, "expires"))
        made_at = _time(value_of(headers, "date")) or now
        return max(0.0, expires_at - made_at) if expires_at else 0.0
    return None


def _seconds(text: str | None) -> float | None:
    return float(min(int(text[:20]), MOST)) if text and _NUMBER.fullmatch(text) else None


def _time(text: str) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, OverflowError, IndexError, TypeError):
        return None


def age_of(headers: Headers, now: float) -> float:
    """How old an answer was when it came: its Age, or what its Date says (RFC 9111 4.2.3)."""
    told = _seconds(value_of(headers, "age").partition(",")[0].strip()) or 0.0
    made_at = _time(value_of(headers, "date")) if "date" in headers else None
    return max(told, int(now) - made_at if made_at else 0.0)
