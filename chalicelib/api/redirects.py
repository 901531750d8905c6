"""Routes of visitors: follow a short link, or look where it leads with a trailing `+`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

from chalice.app import Blueprint, Request, Response

from chalicelib.api.caching import CachePolicy, keyed_request
from chalicelib.api.notes import notes_of
from chalicelib.api.pages import Page, preview_page, refusal_page, unavailable_page
from chalicelib.api.routes import (
    apart_url_of,
    note_error,
    request_id,
    route,
    short_url_of,
)
from chalicelib.core.errors import Unavailable
from chalicelib.core.freshness import GENERATED_AT, stamp_of
from chalicelib.core.links import REDIRECT_STATUSES, Link
from chalicelib.core.queries import RAW
from chalicelib.core.redirects import Apart, Redirect, Refusal
from chalicelib.core.rules import VARIANT
from chalicelib.core.slugs import decode_slug
from chalicelib.core.visitors import DEVICE, EXTRA_PATH, PROOF, RAW_QUERY, SHARED, Visitor
from chalicelib.service.redirects import RedirectService


if TYPE_CHECKING:
    from datetime import datetime

    from chalicelib.core.locks import Hold

FOLLOWED = ["GET", "HEAD"]
REFUSED = ["PUT", "PATCH", "DELETE"]
ALLOWED = "GET, HEAD, POST, OPTIONS"
ERRORS_FOR = 2  # seconds that the edge may keep a refusal: who makes a link follows it at once
# CloudFront takes no POST where it asks a second region after the first.
BEHIND_EDGE = "/api/v"
VISITOR_HEADERS = {
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


def _describe_shared(say: Any) -> Any:
    to = {"Location": say.Header("The link's other address.", "https://sho.rt/spring~")}
    apart = say.Answer(
        "To the address of what may not be kept for all, for the answer.", headers=to
    )
    operation = _describe_follow(say)
    return operation._replace(answers={**operation.answers, 303: apart})


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
    address = _address_of(request)
    return Visitor(query_of(request), headers.get(EXTRA_PATH, ""), headers, address)


def _address_of(request: Request) -> str:
    notes = notes_of(request)
    if notes.address and not notes.is_kept:
        return notes.address
    # Behind the edge this is the edge's own.
    return str(request.context.get("identity", {}).get("sourceIp", ""))


def answer_page(request: Request, page: Page) -> Response:
    """The page as it is answered to a visitor."""
    body = "" if request.method == "HEAD" else page.html
    return Response(body, {**VISITOR_HEADERS, **page.headers}, page.status)


def _refuse(request: Request, refusal: Refusal) -> Response:
    return answer_page(request, refusal_page(refusal))


def _redirect(redirect: Redirect) -> Response:
    said = f"{VARIANT}{redirect.variant}" if redirect.variant else ""
    headers = {"Location": redirect.location, "Content-Type": f"text/plain; charset=utf-8{said}"}
    if redirect.shared_for:
        headers["Cache-Control"] = _shared_for(redirect.shared_for)
    if not redirect.cacheable:
        headers |= {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    return Response("", {**VISITOR_HEADERS, **headers}, redirect.status)


def _shared_for(seconds: int) -> str:
    # The edge may keep it, a browser asks each time. What has expired is not told in place of an
    # error, or a link that is switched off would come back with the next fault.
    return f"max-age=0, s-maxage={seconds}, stale-if-error=0"


def _share(response: Response, seconds: int, began_at: datetime) -> Response:
    """The response, which is the same for all, as the edge may keep it for so long.

    Nothing that it tells is older than when its making began, and it says when that was.
    """
    _stamp(response, began_at)
    if seconds and "no-store" not in response.headers["Cache-Control"]:
        most = ERRORS_FOR if response.status_code >= 400 else seconds
        response.headers["Cache-Control"] = _shared_for(min(seconds, most))
    return response


def _stamp(response: Response, began_at: datetime) -> Response:
    response.headers[GENERATED_AT] = stamp_of(began_at)
    return response


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


def _answer(
    visitors: RedirectService, request: Request, slug: str, public_url: str, forms_at: str = ""
) -> Response:
    """What following, or previewing, the slug of this path segment is answered with.

    The form of a password is sent to `forms_at` where the link's own address takes none.
    """
    decoded = decode_slug(slug)
    if decoded and decoded.endswith("+"):
        return _preview(visitors, request, decoded[:-1], public_url, forms_at)
    by_get = request.method == "GET"
    outcome = visitors.follow(decoded, visitor_of(request), by_get=by_get)
    return answer_visitor(request, outcome, forms_at and _form_at(request, decoded, forms_at))


def _form_at(request: Request, slug: str | None, forms_at: str) -> str:
    return _with_query(request, f"{forms_at}/{quote(slug or '', safe='')}")


def _preview(
    visitors: RedirectService, request: Request, slug: str, public_url: str, forms_at: str
) -> Response:
    outcome = visitors.preview(slug, visitor_of(request))
    if not isinstance(outcome, Link):
        own = _address(request, slug, public_url)
        return answer_visitor(
            request, outcome, _form_at(request, slug, forms_at) if forms_at else own
        )
    short_url = short_url_of(request, public_url, outcome.slug)
    return answer_page(request, preview_page(outcome, short_url))


def _hop(request: Request, slug: str, public_url: str) -> Response:
    """To the address that nobody keeps: what is kept of this slug is the way there."""
    segment = quote(slug, safe="%+")
    at = f"{public_url}/{segment}~" if public_url else apart_url_of(request, segment)
    # A status that no link has: logs tell by it that this is no click, the next request is.
    return _redirect(Redirect(_with_query(request, at), 303))


class _Shared(NamedTuple):
    """What all who ask for a slug with the same query are answered."""

    visitors: RedirectService
    public_url: str
    edge_for: int

    def answer(self, request: Request, slug: str, *, kept: bool) -> Response:
        """The answer; `kept` when the stage keeps it, whatever it tells of."""
        began_at = self.visitors.clock()
        try:
            answer = _answer(self.visitors, request, slug, self.public_url)
        except Apart:
            answer = _hop(request, slug, self.public_url)
        except Unavailable as error:
            note_error(request, error)
            if kept:  # the page that says so would outlive what it tells of
                return _hop(request, slug, self.public_url)
            return answer_page(request, unavailable_page(error, request_id(request)))
        return _share(answer, self.edge_for, began_at)


def routes(
    visitors: RedirectService, public_url: str, *, api_cache: bool = False, edge_for: int = 0
) -> Blueprint:
    """The blueprint, over these use cases; short links begin with `public_url`, if there is one.

    With `api_cache` the stage keeps what is answered to one for all with the same keys. The edge
    in front keeps it until `edge_for` seconds after it was made, wherever it lay before.
    """
    api = Blueprint(__name__)
    cache = CachePolicy(
        20, ("path.slug", f"header.{RAW_QUERY}", "header.Host", f"header.{PROOF}"), api_cache
    )
    shared_for = max(cache.fresh_for * api_cache, edge_for)
    shared = _Shared(visitors._replace(shared_for=shared_for), public_url, edge_for)

    @route(api, "/r/{slug}", FOLLOWED, _describe_shared, public=True, cache=cache)
    def follow_link(request: Request, slug: str) -> Response:
        """Follow a link.

        What a short URL does: `/{slug}` at the public address is this. A `+` after the slug
        answers with a page that shows where the link leads instead. Nothing here is JSON, and no
        key is needed.
        """
        return shared.answer(request, slug, kept=api_cache)

    @route(api, "/v/{slug}", FOLLOWED, _describe_shared, public=True)
    def follow_apart(request: Request, slug: str) -> Response:
        """Follow a link at the address that no cache keeps.

        Where a stage caches, links whose answer depends on the visitor, on counting or on a time
        that is near lead here first: `/{slug}~` at the public address. The edge asks here for links
        with a query, too, so that no cache but its own knows what nobody can name to purge it.
        """
        if SHARED in request.headers:
            return shared.answer(keyed_request(request, cache), slug, kept=False)
        # The edge has what is keyed in its key when it says it, and but for a path after the slug.
        began_at = visitors.clock()
        keyed = DEVICE in request.headers and EXTRA_PATH not in request.headers
        try:
            by_key = visitors._replace(keyed_for=edge_for) if keyed else visitors
            form_at = BEHIND_EDGE if edge_for else ""
            return _stamp(_answer(by_key, request, slug, public_url, form_at), began_at)
        except Unavailable as error:
            note_error(request, error)
            return answer_page(request, unavailable_page(error, request_id(request)))

    @route(api, "/r/{slug}", REFUSED, lambda say: say.UNLISTED, content_types=["*/*"])
    @route(api, "/v/{slug}", REFUSED, lambda say: say.UNLISTED, content_types=["*/*"])
    def refuse_method(request: Request, slug: str) -> Response:  # noqa: ARG001
        return Response("", {**VISITOR_HEADERS, "Allow": ALLOWED}, 405)

    @route(api, "/r/{slug}", ["OPTIONS"], lambda say: say.UNLISTED)
    @route(api, "/v/{slug}", ["OPTIONS"], lambda say: say.UNLISTED)
    def tell_methods(request: Request, slug: str) -> Response:  # noqa: ARG001
        return Response("", {**VISITOR_HEADERS, "Allow": ALLOWED}, 204)

    return api
