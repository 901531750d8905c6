"""Routes of the owners' API: create, list, read, edit and delete links."""

from datetime import datetime
from typing import Any
from urllib.parse import quote

from chalice.app import Blueprint, Request, Response

from chalicelib.api.cursors import LIST_PARAMETERS, next_cursor, read_list_query
from chalicelib.api.doors import (
    MAX_JSON,
    NO_STORE,
    Doors,
    json_answer,
    read_asked,
    read_json,
    route,
    slug_in_path,
)
from chalicelib.api.preconditions import answer_unless_known, versions_to_match
from chalicelib.core.errors import (
    IdempotencyInProgress,
    IdempotencyMismatch,
    Invalid,
    NotFound,
    PreconditionRequired,
    SlugTaken,
    Stale,
)
from chalicelib.core.links import Link, describe_link, tag_version
from chalicelib.service.keyed_links import KeyedLinkService
from chalicelib.service.links import LinkService


# A thousand rules, however they are indented.
MAX_RULED_JSON = 256 * 1024


def read_body(request: Request) -> Any:
    """A link's fields; only one that names rules may be long, as that is seen before it is read."""
    return read_json(request, MAX_RULED_JSON if b'"rules"' in _bytes(request) else MAX_JSON)


def _bytes(request: Request) -> bytes:
    raw = request.raw_body
    return raw.encode() if isinstance(raw, str) else raw


def routes(links: LinkService, keyed_links: KeyedLinkService, doors: Doors) -> Blueprint:
    """The blueprint, over these use cases."""
    api = Blueprint(__name__)

    def describe(request: Request, link: Link, now: datetime) -> dict[str, object]:
        return describe_link(link, doors.short_url(request, link.slug), now)

    def answer(request: Request, link: Link) -> Response:
        now = links.now()
        return json_answer(describe(request, link, now), headers={"ETag": tag_version(link, now)})

    def answer_created(request: Request, link: Link, *, replayed: bool) -> Response:
        # As of when it was made, so that a replay says the same.
        headers = {
            "ETag": tag_version(link, link.updated_at),
            "Location": f"/api/v1/links/{quote(link.slug)}",
        }
        replay = {"Idempotent-Replayed": "true"} if replayed else {}
        return json_answer(describe(request, link, link.updated_at), 201, headers | replay)

    @route(
        api,
        "/v1/links",
        ["GET"],
        lambda say: say.Operation(
            "Links",
            {
                200: say.json_of("A page of links.", say.page_model(links.create_fields)),
                304: say.KNOWN,
            },
            errors=(Invalid,),
            parameters=(*LIST_PARAMETERS, say.IF_NONE_MATCH),
        ),
    )
    def list_links(request: Request) -> Response:
        """List links.

        Newest first, without those that are archived. With `q` or `tag` one request looks through
        1,000 links at the most: a page may be short, even empty, and still have a `next_cursor`.
        Go on until that is null.
        """
        workspace = doors.authorise(request, "read")
        query = read_list_query(request, workspace, doors.cursor_secret)
        page, now = links.list(workspace, query), links.now()
        described = [describe(request, link, now) for link in page.links]
        cursor = next_cursor(page, workspace, query, doors.cursor_secret)
        return answer_unless_known(
            request, json_answer({"links": described, "next_cursor": cursor})
        )

    @route(
        api,
        "/v1/links",
        ["POST"],
        lambda say: say.Operation(
            "Links",
            {201: say.json_of("The new link.", say.link_model(links.create_fields), say.MADE)},
            errors=(SlugTaken, IdempotencyInProgress, Invalid, IdempotencyMismatch),
            parameters=(say.IDEMPOTENCY_KEY, say.ATTEMPT),
            body=say.Body(
                say.Model("NewLink", say.body_of(links.create_fields, ["destination"])),
                say.NEW_LINK_EXAMPLE,
            ),
        ),
    )
    def create_link(request: Request) -> Response:
        """Create a link.

        Only `destination` is needed. Without a `slug` one of seven letters and digits is drawn.
        A slug that was deleted stays with the link it had for 90 days: it is 409 until then.
        """
        workspace = doors.authorise(request, "write")
        body = read_body(request)
        asked = read_asked(request, workspace, "POST /v1/links", body)
        if asked is None:
            return answer_created(request, links.create(workspace, body), replayed=False)
        link, replayed = keyed_links.create(asked, body)
        return answer_created(request, link, replayed=replayed)

    @route(
        api,
        "/v1/links/{slug}",
        ["GET"],
        lambda say: say.Operation(
            "Links",
            {
                200: say.json_of("The link.", say.link_model(links.create_fields), say.TAGGED),
                304: say.KNOWN,
            },
            errors=(NotFound,),
            parameters=(say.SLUG_IN_PATH, say.IF_NONE_MATCH),
        ),
    )
    def read_link(request: Request, slug: str) -> Response:
        """Read a link."""
        link = links.read(doors.authorise(request, "read"), slug_in_path(slug))
        return answer_unless_known(request, answer(request, link))

    @route(
        api,
        "/v1/links/{slug}",
        ["PATCH"],
        lambda say: say.Operation(
            "Links",
            {
                200: say.json_of(
                    "The link as it is now.",
                    say.link_model(links.create_fields),
                    say.TAGGED,
                    say.link_example(links.create_fields, **say.CHANGES_EXAMPLE, version=2),
                )
            },
            errors=(NotFound, Stale, PreconditionRequired, Invalid),
            parameters=(say.SLUG_IN_PATH, say.IF_MATCH),
            body=say.Body(
                say.Model("LinkChanges", say.body_of(links.edit_fields)), say.CHANGES_EXAMPLE
            ),
        ),
    )
    def edit_link(request: Request, slug: str) -> Response:
        """Edit a link.

        The fields that are there change, null clears one, the rest stays. Without `If-Match`,
        edits of different fields at the same time are all kept.
        """
        workspace = doors.authorise(request, "write")
        wanted = versions_to_match(request, required=doors.require_if_match)
        body = read_body(request)
        edited = links.edit(workspace, slug_in_path(slug), body, if_versions=wanted)
        return answer(request, edited)

    @route(
        api,
        "/v1/links/{slug}",
        ["DELETE"],
        lambda say: say.Operation(
            "Links",
            {204: say.Answer("The link is gone.")},
            errors=(NotFound, Stale, PreconditionRequired),
            parameters=(say.SLUG_IN_PATH, say.IF_MATCH),
        ),
    )
    def delete_link(request: Request, slug: str) -> Response:
        """Delete a link.

        For good: visitors get 410, and nobody gets the slug for 90 days. To switch a link off for
        a while, edit `disabled` instead.
        """
        workspace = doors.authorise(request, "write")
        wanted = versions_to_match(request, required=doors.require_if_match)
        links.delete(workspace, slug_in_path(slug), if_versions=wanted)
        return Response("", dict(NO_STORE), 204)

    return api
