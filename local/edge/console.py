"""What the console says of a request: which tier answered it, in the order of the road, and where.

That is the region that was asked, or this place where nobody was, or none answered.
"""

import re
from collections.abc import Callable, Mapping
from urllib.parse import quote

from local.edge.engines import Answer
from local.edge.messages import Request, value_of


_AS_IS = "!$%&'()*+,-./:;=?@_~[]{}|^`\\\"<>"
_TIERS = (("api", "API cache"), ("dax", "DAX"))
_MEMBER = re.compile(r'\s*(?:"([^"]*)"|([^\s;,"]+))([^,]*)(?:,|$)')


def line_for(
    place: str, regions: Mapping[str, str]
) -> Callable[[Request, str, Answer, float], str]:
    """What makes lines for the edge at this place; `regions` by the base URLs of their origins."""

    def line(request: Request, asked: str, answer: Answer, took: float) -> str:
        path = quote(asked.partition("?")[0], safe=_AS_IS)[:120]
        method = "" if request.method == "GET" else f"{request.method} "
        told = " · ".join([f"edge {_edge(answer)}", *_others(answer)])
        where = place if answer.told.is_hit else regions.get(answer.told.response.origin, place)
        return f"{answer.response.status} {method}{path}  {told} · {where} · {took * 1000:.0f} ms"

    return line


def _edge(answer: Answer) -> str:
    if answer.detail:
        return "error" if answer.response.status >= 500 else "itself"
    told = answer.told
    if told.how in ("bypass", "method"):
        return "–"
    if told.is_hit:
        return "HIT" if told.ttl > 0 else "STALE"
    return "SHARED" if told.collapsed else "MISS"


def _others(answer: Answer) -> list[str]:
    members = members_of(value_of(answer.response.headers, "cache-status"))
    return [f"{name} {_how(members.get(key))}" for name, key in _TIERS]


def _how(said: str | None) -> str:
    if said is None or re.search(r";\s*fwd=bypass\b", said):
        return "–"
    return "HIT" if re.search(r";\s*hit\b", said) else "MISS"


def members_of(status: str) -> dict[str, str]:
    """The parameters of each cache that a Cache-Status names."""
    return {quoted or plain: more for quoted, plain, more in _MEMBER.findall(status)}
