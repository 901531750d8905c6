"""What the edge adds to an answer: the headers of a policy, and what it says of itself."""

from local.edge.distributions import Behaviour
from local.edge.layers import Told
from local.edge.messages import Headers, Response, put, reason_of, value_of
from local.edge.policies import Decoration


def decorate(decoration: Decoration, headers: Headers, origin: str) -> None:
    """Put the policy's headers among an answer's; `origin` is what the visitor's page is from."""
    for name in decoration.removed:
        headers.pop(name, None)
    for name, value, replaces in decoration.headers:
        if replaces or name.lower() not in headers:
            put(headers, name, value)
    if origin and decoration.cors_origins:
        _allow(decoration, headers, origin)


def _allow(decoration: Decoration, headers: Headers, origin: str) -> None:
    any_origin = "*" in decoration.cors_origins
    if not any_origin and origin not in decoration.cors_origins:
        return
    if decoration.cors_override or "access-control-allow-origin" not in headers:
        put(headers, "Access-Control-Allow-Origin", "*" if any_origin else origin)
        if not any_origin:
            put(headers, "Vary", ", ".join(filter(None, (value_of(headers, "vary"), "Origin"))))


def sign(response: Response, told: Told, place: str, request_id: str, via: str) -> None:
    """Say how the answer was come by: X-Cache and its like, Age, and Cache-Status (RFC 9211)."""
    headers = response.headers
    put(headers, "X-Cache", f"{result_of(told, response.status)} from cloudfront")
    put(headers, "Via", via)
    put(headers, "X-Amz-Cf-Pop", place)
    put(headers, "X-Amz-Cf-Id", request_id)
    if told.is_hit or told.collapsed:
        put(headers, "Age", str(int(told.age)))
    put(headers, "Cache-Status", cache_status(told, headers))


def cache_status(told: Told, headers: Headers) -> str:
    """The edge's member behind those of the tiers that were asked for this very answer."""
    asked_in_vain = told.how == "error" and told.status > 0
    if told.is_hit and not asked_in_vain:
        return f"edge; hit; ttl={int(told.ttl)}"
    # A member says `hit` or `fwd`, and never both.
    parts = [f"edge; fwd={'stale' if asked_in_vain else told.how}"]
    parts += [f"fwd-status={told.status}"] if told.status and told.status != 200 else []
    parts += ["stored"] if told.stored else []
    parts += ["collapsed"] if told.collapsed else []
    before = value_of(headers, "cache-status")
    return ", ".join(filter(None, (before, "; ".join(parts))))


def result_of(told: Told, status: int) -> str:
    """`x-edge-result-type`, which X-Cache repeats."""
    if status >= 400:
        return "Error"
    if told.how == "error" or (told.how == "stale" and told.status == 304):
        return "RefreshHit"
    return "Hit" if told.is_hit or told.collapsed else "Miss"


def dress(behaviour: Behaviour, response: Response, origin: str) -> Response:
    """The answer as one visitor's own: what is kept is shared, so the headers are copied."""
    headers = dict(response.headers)
    if behaviour.decoration is not None:
        decorate(behaviour.decoration, headers, origin)
    reason = response.reason or reason_of(response.status)
    return Response(response.status, headers, response.body, reason)
