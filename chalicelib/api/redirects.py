"""Routes of visitors: follow a short link, or look where it leads with a trailing `+`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from chalice.app import Blueprint, Request, Response

from chalicelib.api.caching import CachePolicy
from chalicelib.api.pages import Page, preview_page, refusal_page, unavailable_page
from chalicelib.api.routes import (
    apart_url_of,
    note_error,
    request_id,
    route,
    short_url_of,
)
from chalicelib.core.errors import Unavailable
from chalicelib.core.links import REDIRECT_STATUSES, Link
from chalicelib.core.queries import RAW
from chalicelib.core.redirects import Apart, Redirect, Refusal
from chalicelib.core.slugs import decode_slug
from chalicelib.core.visitors import Visitor
from chalicelib.service.redirects import RedirectService


if TYPE_CHECKING:
    from chalicelib.core.locks import Hold

# The visitor's query as it was typed; API Gateway's own is decoded and loses order and form.
RAW_QUERY = "everhop-query"
# What stood after the slug, as it was typed: Chalice has no route that takes more segments.
EXTRA_PATH = "everhop-path"
FOLLOWED = ["GET", "HEAD"]
REFUSED = ["PUT", "PATCH", "DELETE"]
ALLOWED = "GET, HEAD, POST, OPTIONS"
_HEADERS = {
    # A shared or private cache must not outlive an edit: browsers ask again each time.
    "Cache-Control": "private, max-age=0",
    "X-Robots-Tag": "noindex",
    "X-Content-Type-Options": "nosniff",
}


def _describe_follow(say: Any) -> Any:
    to = {"Location": say.Header("The destination now.", "https://example.com/spring")}
    followed = {
        status: say.Answer(f"To the destination of a link with `status` {status}.", headers=to)
        for status in sorted(REDIRECT_STATUSES)
    }
    others = {
        200: say.page_of(
            "The preview, for a slug with a `+` after it. The page that asks for the link's "
            "password; and what robots get for a link whose clicks are counted exactly."
        ),
        404: say.page_of("There is no such link, or it has not started."),
        410: say.page_of("The link is disabled, has ended, is used up or was deleted."),
        503: say.page_of("The table does not answer.", say.RETRY),
    }
    return say.Operation(
        "Visitors", {**others, **followed}, parameters=(say.SLUG_IN_PATH,), keyed=False
    )


def query_of(request: Request) -> str:
    """The query as the visitor typed it, or as near to that as can be had."""
    raw = request.headers.get(RAW_QUERY)
    if raw is not None:
        return str(raw)
    given = request.to_original_event().get("multiValueQueryStringParameters") or {}
    return "&".join(
        f"{quote(name, safe='')}={quote(value, safe='')}"
        for name, values in given.items()
        for value in values
    )


def visitor_of(request: Request) -> Visitor:
    """Who follows, as the request tells it."""
    headers = request.headers
    address = request.context.get("identity", {}).get("sourceIp", "")
    return Visitor(query_of(request), headers.get(EXTRA_PATH, ""), headers, address)


def answer_page(request: Request, page: Page) -> Response:
    """The page as it is answered to a visitor."""
    body = "" if request.method == "HEAD" else page.html
    return Response(body, {**_HEADERS, **page.headers}, page.status)


def _refuse(request: Request, refusal: Refusal) -> Response:
    return answer_page(request, refusal_page(refusal))


def _redirect(redirect: Redirect) -> Response:
    headers = {"Location": redirect.location, "Content-Type": "text/plain; charset=utf-8"}
    if not redirect.cacheable:
        headers |= {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    return Response("", {**_HEADERS, **headers}, redirect.status)


def answer_visitor(
    request: Request, outcome: Redirect | Refusal | Hold, address: str = ""
) -> Response:
    """What a visitor is answered; `address` is the link's, when that is not the page's own."""
    if isinstance(outcome, Redirect):
        return _redirect(outcome)
    if isinstance(outcome, Refusal):
        return _refuse(request, outcome)
    from chalicelib.api.hold_pages import hold_page  # noqa: PLC0415 - few links hold visitors up

    return answer_page(request, hold_page(outcome, address))


def _address(request: Request, slug: str, public_url: str) -> str:
    """The link's own address, for its preview's page."""
    return _with_query(request, short_url_of(request, public_url, quote(slug, safe="")))


def _with_query(request: Request, url: str) -> str:
    query = quote(query_of(request), safe=RAW)
    return f"{url}?{query}" if query else url


def _answer(visitors: RedirectService, request: Request, slug: str, public_url: str) -> Response:
    """What following, or previewing, the slug of this path segment is answered with."""
    decoded = decode_slug(slug)
    if decoded and decoded.endswith("+"):
        return _preview(visitors, request, decoded[:-1], public_url)
    by_get = request.method == "GET"
    outcome = visitors.follow(decoded, visitor_of(request), by_get=by_get)
    return answer_visitor(request, outcome)


def _preview(visitors: RedirectService, request: Request, slug: str, public_url: str) -> Response:
    outcome = visitors.preview(slug, visitor_of(request))
    if not isinstance(outcome, Link):
        return answer_visitor(request, outcome, _address(request, slug, public_url))
    short_url = short_url_of(request, public_url, outcome.slug)
    return answer_page(request, preview_page(outcome, short_url))


def _hop(request: Request, slug: str, public_url: str) -> Response:
    """To the address that nobody keeps: what is kept of this slug is the way there."""
    segment = quote(slug, safe="%+")
    at = f"{public_url}/{segment}~" if public_url else apart_url_of(request, segment)
    return _redirect(Redirect(_with_query(request, at), 302))


def routes(visitors: RedirectService, public_url: str, *, api_cache: bool = False) -> Blueprint:
    """The blueprint, over these use cases; short links begin with `public_url`, if there is one.

    With `api_cache` the stage keeps what is answered to one for all with the same keys.
    """
    api = Blueprint(__name__)
    cache = CachePolicy(20, ("path.slug", f"header.{RAW_QUERY}", "header.Host"), api_cache)
    shared = visitors._replace(shared_for=cache.fresh_for) if api_cache else visitors

    @route(api, "/r/{slug}", FOLLOWED, _describe_follow, public=True, cache=cache)
    def follow_link(request: Request, slug: str) -> Response:
        """Follow a link.

        What a short URL does: `/{slug}` at the public address is this. A `+` after the slug
        answers with a page that shows where the link leads instead. Nothing here is JSON, and no
        key is needed.
        """
        try:
            return _answer(shared, request, slug, public_url)
        except Apart:
            return _hop(request, slug, public_url)
        except Unavailable as error:
            note_error(request, error)
            if api_cache:  # this page would be kept, and outlive what it tells of
                return _hop(request, slug, public_url)
            return answer_page(request, unavailable_page(error, request_id(request)))

    @route(api, "/v/{slug}", FOLLOWED, _describe_follow, public=True)
    def follow_apart(request: Request, slug: str) -> Response:
        """Follow a link at the address that no cache keeps.

        Where a stage caches, links whose answer depends on the visitor, on counting or on a time
        that is near lead here first: `/{slug}~` at the public address.
        """
        try:
            return _answer(visitors, request, slug, public_url)
        except Unavailable as error:
            note_error(request, error)
            return answer_page(request, unavailable_page(error, request_id(request)))

    @route(api, "/r/{slug}", REFUSED, lambda say: say.UNLISTED, content_types=["*/*"])
    @route(api, "/v/{slug}", REFUSED, lambda say: say.UNLISTED, content_types=["*/*"])
    def refuse_method(request: Request, slug: str) -> Response:  # noqa: ARG001
        return Response("", {**_HEADERS, "Allow": ALLOWED}, 405)

    @route(api, "/r/{slug}", ["OPTIONS"], lambda say: say.UNLISTED)
    @route(api, "/v/{slug}", ["OPTIONS"], lambda say: say.UNLISTED)
    def tell_methods(request: Request, slug: str) -> Response:  # noqa: ARG001
        return Response("", {**_HEADERS, "Allow": ALLOWED}, 204)

    return api
