"""Viewer request: one spelling for each link, and nothing left that a client may not say.

Runs before the edge cache, so what is written here is what CloudFront looks up. What can be no link
is answered at once, as the region would; all else goes on.
"""

from typing import Any

from chalicelib.core.short_paths import APART, ShortPath, spell, split_path
from chalicelib.core.visitor_keys import keys_of
from chalicelib.core.visitors import DEVICE, LANGUAGE
from infra.edge.messages import Event, Message, drop, header, put, request_of
from infra.edge.settings import Settings, baked


# The one header of ours that is the client's to send: see origin_request.
ATTEMPT = "everhop-attempt"
API = "/api/"
# What visitors say of themselves and regions read. API Gateway takes 10,240 bytes in all: who says
# more than anybody needs would get an error in place of the redirect.
_SAID = ("user-agent", "accept-language", "x-request-id")
_LONGEST = 1024
# CloudFront takes these where it asks a second region after the first: see infra/global/edge.yaml.
_METHODS = "GET, HEAD, OPTIONS"
_FORBIDDEN = ("everhop-", "x-forwarded-", "forwarded")


def handler(event: Event, _context: object) -> Message:
    """The request as it goes on, or the answer."""
    return answer(event, baked())


def answer(event: Event, settings: Settings) -> Message:
    """The same, with these settings."""
    request = request_of(event)
    drop(request, _is_forbidden)
    if request["uri"].startswith(API) or request["uri"] == "/":
        return request
    return _tell_methods() if request["method"] == "OPTIONS" else _follow(request, settings)


def _is_forbidden(name: str) -> bool:
    return name.startswith(_FORBIDDEN) and name != ATTEMPT


def _follow(request: Message, settings: Settings) -> Message:
    _shorten(request)  # before it is in a key: the region must read what the key was made of
    path = split_path(request["uri"])
    spelled = spell(path.segment, settings.slugs)
    if spelled is None:
        return _refuse(request, settings)
    if not path.is_apart:
        request["uri"] = f"/{spelled}{path.extra}"
        return request
    return _follow_apart(request, path, f"/{spelled}{APART}")


def _shorten(request: Message) -> None:
    for name in _SAID:
        for one in request["headers"].get(name, ()):
            one["value"] = one["value"][:_LONGEST]


def _follow_apart(request: Message, path: ShortPath, address: str) -> Message:
    if path.extra:
        request["uri"] = address + path.extra
        return request
    # CloudFront chose the behaviour, and so the cache key, by the path as it was typed.
    if not request["uri"].endswith(APART):
        return _redirect(address, request["querystring"])
    request["uri"] = address
    device, language = keys_of(header(request, "user-agent"), header(request, "accept-language"))
    put(request, DEVICE, device)
    put(request, LANGUAGE, language)
    return request


def _refuse(request: Message, settings: Settings) -> Message:
    page: dict[str, Any] = {**settings.unknown_page}
    if request["method"] == "HEAD":
        del page["body"]
    return page


def _tell_methods() -> Message:
    # The region has POST too, which never gets there.
    answered: Message = {"status": "204", "statusDescription": "No Content", "headers": {}}
    put(answered, "Allow", _METHODS)
    put(answered, "Cache-Control", "no-store")
    return answered


def _redirect(address: str, query: str) -> Message:
    # Not 302: logs tell clicks by their status, and the click comes next.
    answered: Message = {"status": "303", "statusDescription": "See Other", "headers": {}}
    put(answered, "Location", f"{address}?{query}" if query else address)
    put(answered, "Cache-Control", "no-store")
    return answered
