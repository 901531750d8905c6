"""The route that takes the form of a link's password: what the page of such a link posts to."""

from typing import Any
from urllib.parse import parse_qs

from chalice.app import Blueprint, Request, Response

from chalicelib.api.pages import unavailable_page
from chalicelib.api.redirects import answer_page, answer_visitor, visitor_of
from chalicelib.api.routes import note_error, request_id, route
from chalicelib.core.errors import Unavailable
from chalicelib.core.slugs import decode_slug
from chalicelib.service.redirects import RedirectService


FORM = "application/x-www-form-urlencoded"
MAX_FORM = 4 * 1024


def _describe_unlock(say: Any) -> Any:
    to = {"Location": say.Header("The destination now.", "https://example.com/spring")}
    answers = {
        303: say.Answer("The password is right: to the destination.", headers=to),
        403: say.page_of("It is wrong: the form again."),
        404: say.page_of("There is no such link, or it has not started."),
        405: say.page_of("The link has no password.", {"Allow": say.Header("", "GET, HEAD")}),
        410: say.page_of("The link is disabled, has ended, is used up or was deleted."),
        429: say.page_of("Too many were wrong.", say.RETRY),
        503: say.page_of("The table does not answer, so no password is tried.", say.RETRY),
    }
    body = say.Body({"type": "string"}, "password=open+sesame")
    parameters = (say.SLUG_IN_PATH,)
    return say.Operation("Visitors", answers, parameters=parameters, body=body, keyed=False)


def _read_password(request: Request) -> str:
    from chalicelib.api.doors import read_text  # noqa: PLC0415 - a redirect needs no bodies

    try:
        fields = parse_qs(read_text(request, MAX_FORM), max_num_fields=10)
    except ValueError:
        return ""
    return fields.get("password", [""])[0]


def routes(visitors: RedirectService) -> Blueprint:
    """The blueprint, over these use cases."""
    api = Blueprint(__name__)

    @route(api, "/r/{slug}", ["POST"], _describe_unlock, content_types=[FORM])
    def unlock_link(request: Request, slug: str) -> Response:
        """Open a link that has a password.

        What the form does that following such a link answers with. After 10 wrong passwords of
        one visitor within 10 minutes, or 100 of all within an hour, none is tried for a while.
        """
        given, decoded = _read_password(request), decode_slug(slug)
        try:
            outcome = visitors.unlock(decoded, visitor_of(request), given)
        except Unavailable as error:
            note_error(request, error)
            return answer_page(request, unavailable_page(error, request_id(request)))
        return answer_visitor(request, outcome)

    @route(api, "/v/{slug}", ["POST"], _describe_unlock, content_types=[FORM])
    def unlock_apart(request: Request, slug: str) -> Response:
        """Open a link at the address that no cache keeps.

        Where its page stands when a stage caches: the same as `POST /r/{slug}`.
        """
        return unlock_link(request, slug)

    return api
