"""What an origin is told of a visitor's request: what the policies let through, no more."""

import socket

from local.edge.cache_keys import chosen_cookies, chosen_query, normal_encoding
from local.edge.distributions import Behaviour
from local.edge.messages import Headers, Request, value_of
from local.edge.policies import Choice


VIA = "1.1 edge.everhop.local (CloudFront)"
# CloudFront answers these by itself where it keeps answers; the origin is asked for the whole.
_SELECTING = frozenset("range if-range if-none-match if-modified-since".split())
_OWN = frozenset("x-forwarded-for via user-agent host cookie accept-encoding".split())


def forwarded_headers(
    behaviour: Behaviour, request: Request, visit: Headers, *, kept: bool
) -> Headers:
    """The headers for the origin; `kept` if the answer may be; `visit` is CloudFront's own."""
    caching, chosen = behaviour.caching, behaviour.forwarding.headers
    in_key = frozenset(caching.headers)
    headers: Headers = {}
    for name, lines in request.headers.items():
        if name in _OWN or (kept and name in _SELECTING):
            continue
        if name in in_key or chosen.takes_header(name) or _always(name, request.method, kept=kept):
            headers[name] = list(lines)
    for name, lines in visit.items():
        if name in in_key or chosen.takes_header(name):
            headers[name] = list(lines)
    _put_own(headers, behaviour, request, in_key)
    return headers


def _always(name: str, method: str, *, kept: bool) -> bool:
    # A body needs what describes it; what is not kept is asked for as the visitor asked.
    if name in ("content-type", "content-encoding"):
        return method not in ("GET", "HEAD", "OPTIONS")
    return name in _SELECTING and not kept


def _put_own(
    headers: Headers, behaviour: Behaviour, request: Request, in_key: frozenset[str]
) -> None:
    chosen = behaviour.forwarding.headers
    sent = request.headers

    def passes(name: str) -> bool:
        return name in sent and (name in in_key or chosen.takes_header(name))

    encoding = _encoding(behaviour, sent, passes=passes("accept-encoding"))
    cookies = _cookies(behaviour, value_of(sent, "cookie"))
    came_by = value_of(sent, "x-forwarded-for")
    via = value_of(sent, "via")
    own = {
        "X-Forwarded-For": f"{came_by}, {request.client[0]}" if came_by else request.client[0],
        "User-Agent": value_of(sent, "user-agent") if passes("user-agent") else "Amazon CloudFront",
        "Via": f"{via}, {VIA}" if via else VIA,
        "Host": value_of(sent, "host") if passes("host") else "",
        "Cookie": cookies,
        "Accept-Encoding": encoding,
    }
    for name, value in own.items():
        if value:
            headers[name.lower()] = [{"key": name, "value": value}]


def _encoding(behaviour: Behaviour, sent: Headers, *, passes: bool) -> str:
    caching = behaviour.caching
    accepted = value_of(sent, "accept-encoding")
    if caching.gzip or caching.brotli:
        return normal_encoding(caching, accepted)
    return accepted if passes else ""


def _cookies(behaviour: Behaviour, line: str) -> str:
    return chosen_cookies(_both(behaviour.caching.cookies, behaviour.forwarding.cookies), line)


def forwarded_query(behaviour: Behaviour, query: str) -> str:
    """The query for the origin: what is in the key, and what is forwarded beside it."""
    return chosen_query(_both(behaviour.caching.query, behaviour.forwarding.query), query)


def _both(one: Choice, other: Choice) -> Choice:
    for first, second in ((one, other), (other, one)):
        if first.how == "all" or second.how == "none":
            return first
        if first.how == "allExcept":
            lost = (
                first.names & second.names
                if second.how == "allExcept"
                else first.names - second.names
            )
            return Choice("allExcept", lost)
    return Choice("whitelist", one.names | other.names)


def visit_of(request: Request, said: Headers) -> Headers:
    """CloudFront's own headers of a visitor; `said` are those that the visitor claims.

    CloudFront knows where an address is and takes nobody's word for it. This edge sees loopback
    alone, so it believes a visitor who tries out a country or a device.
    """
    own = {name: lines for name, lines in said.items() if name != "cloudfront-viewer-address"}
    address, port = request.client
    shown = f"[{address}]" if _is_v6(address) else address
    own["cloudfront-viewer-address"] = [
        {"key": "CloudFront-Viewer-Address", "value": f"{shown}:{port}"}
    ]
    own["cloudfront-forwarded-proto"] = [{"key": "CloudFront-Forwarded-Proto", "value": "http"}]
    return own


def _is_v6(address: str) -> bool:
    try:
        socket.inet_pton(socket.AF_INET6, address)
    except OSError:
        return False
    return True
