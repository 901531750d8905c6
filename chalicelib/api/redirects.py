"""Routes of visitors: follow a short link, or look where it leads with a trailing `+`."""

from typing import Any
from urllib.parse import quote

from chalice.app import Blueprint, Request, Response

from chalicelib.api.caching import CachePolicy
from chalicelib.api.doors import Doors, request_id, route
from chalicelib.api.pages import preview_page, refusal_page, unavailable_page
from chalicelib.core.errors import Unavailable
from chalicelib.core.links import REDIRECT_STATUSES
from chalicelib.core.redirects import Redirect, Refusal
from chalicelib.core.slugs import decode_slug
from chalicelib.service.redirects import RedirectService


# The visitor's query as it was typed; API Gateway's own is decoded and loses order and form.
RAW_QUERY = "everhop-query"
FOLLOWED = ["GET", "HEAD"]
REFUSED = ["POST", "PUT", "PATCH", "DELETE"]
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
        200: say.page_of("The preview, for a slug with a `+` after it."),
        404: say.page_of("There is no such link, or it has not started."),
        410: say.page_of("The link is disabled, has ended or was deleted."),
        503: say.page_of("The table does not answer.", say.RETRY),
    }
    return say.Operation(
        "Visitors", {**others, **followed}, parameters=(say.SLUG_IN_PATH,), keyed=False
    )


def _query_of(request: Request) -> str:
    raw = request.headers.get(RAW_QUERY)
    if raw is not None:
        return str(raw)
    given = request.to_original_event().get("multiValueQueryStringParameters") or {}
    return "&".join(
        f"{quote(name, safe='')}={quote(value, safe='')}"
        for name, values in given.items()
        for value in values
    )


def _page(request: Request, html: str, status: int, headers: dict[str, str]) -> Response:
    body = "" if request.method == "HEAD" else html
    return Response(body, {**_HEADERS, **headers}, status)


def _refuse(request: Request, refusal: Refusal) -> Response:
    return _page(request, *refusal_page(refusal))


def _redirect(redirect: Redirect) -> Response:
    headers = {"Location": redirect.location, "Content-Type": "text/plain; charset=utf-8"}
    return Response("", {**_HEADERS, **headers}, redirect.status)


def routes(visitors: RedirectService, doors: Doors) -> Blueprint:
    """The blueprint, over these use cases."""
    api = Blueprint(__name__)

    def follow(request: Request, slug: str | None) -> Response:
        outcome = visitors.follow(slug, _query_of(request))
        return _redirect(outcome) if isinstance(outcome, Redirect) else _refuse(request, outcome)

    def preview(request: Request, slug: str) -> Response:
        outcome = visitors.preview(slug)
        if isinstance(outcome, Refusal):
            return _refuse(request, outcome)
        short_url = doors.short_url(request, outcome.slug)
        return _page(request, *preview_page(outcome, short_url))

    cache = CachePolicy(20, ("path.slug", f"header.{RAW_QUERY}", "header.Host"), doors.api_cache)

    @route(api, "/r/{slug}", FOLLOWED, _describe_follow, public=True, cache=cache)
    def follow_link(request: Request, slug: str) -> Response:
        """Follow a link.

        What a short URL does: `/{slug}` at the public address is this. A `+` after the slug
        answers with a page that shows where the link leads instead. Nothing here is JSON, and no
        key is needed.
        """
        decoded = decode_slug(slug)
        try:
            if decoded and decoded.endswith("+"):
                return preview(request, decoded[:-1])
            return follow(request, decoded)
        except Unavailable as error:
            return _page(request, *unavailable_page(error, request_id(request)))

    @route(api, "/r/{slug}", REFUSED, lambda say: say.UNLISTED, content_types=["*/*"])
    def refuse_method(request: Request, slug: str) -> Response:  # noqa: ARG001
        return Response("", {**_HEADERS, "Allow": "GET, HEAD, OPTIONS"}, 405)

    @route(api, "/r/{slug}", ["OPTIONS"], lambda say: say.UNLISTED)
    def tell_methods(request: Request, slug: str) -> Response:  # noqa: ARG001
        return Response("", {**_HEADERS, "Allow": "GET, HEAD, OPTIONS"}, 204)

    return api
