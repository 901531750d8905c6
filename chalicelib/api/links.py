"""Routes of the owners' API: create, list, read, edit and delete links."""

import re
from urllib.parse import quote

from chalice.app import Blueprint, Request, Response

from chalicelib.api.cursors import LIST_PARAMETERS, read_list_query, write_cursor
from chalicelib.api.doors import NO_STORE, Doors, json_answer, read_json, route, slug_in_path
from chalicelib.core.errors import Invalid, NotFound, SlugTaken, Stale
from chalicelib.core.links import Link, describe_link
from chalicelib.service.links import LinkService


_TAG = re.compile(r'"v(\d{1,15})"', re.ASCII)


def etag_of(link: Link) -> str:
    """The entity tag of a link's current version."""
    return f'"v{link.version}"'


def _wanted_version(request: Request) -> int | None:
    header = request.headers.get("if-match")
    if header is None or header.strip() == "*":
        return None
    match = _TAG.fullmatch(header.strip())
    if match is None:
        raise Stale("If-Match is not an ETag of this link.")
    return int(match.group(1))


def routes(links: LinkService, doors: Doors) -> Blueprint:
    """The blueprint, over these use cases."""
    api = Blueprint(__name__)

    def describe(request: Request, link: Link) -> dict[str, object]:
        return describe_link(link, doors.short_url(request, link.slug), links.now())

    def answer(request: Request, link: Link, status: int = 200) -> Response:
        headers = {"ETag": etag_of(link)}
        if status == 201:
            headers["Location"] = f"/api/v1/links/{quote(link.slug)}"
        return json_answer(describe(request, link), status, headers)

    @route(
        api,
        "/v1/links",
        ["GET"],
        lambda say: say.Operation(
            "Links",
            {200: say.json_of("A page of links.", say.page_model(links.create_fields))},
            errors=(Invalid,),
            parameters=LIST_PARAMETERS,
        ),
    )
    def list_links(request: Request) -> Response:
        """List links.

        Newest first, without those that are archived. With `q` or `tag` one request looks through
        1,000 links at the most: a page may be short, even empty, and still have a `next_cursor`.
        Go on until that is null.
        """
        page = links.list(doors.authorise(request), read_list_query(request))
        described = [describe(request, link) for link in page.links]
        return json_answer({"links": described, "next_cursor": write_cursor(page.after)})

    @route(
        api,
        "/v1/links",
        ["POST"],
        lambda say: say.Operation(
            "Links",
            {201: say.json_of("The new link.", say.link_model(links.create_fields), say.MADE)},
            errors=(SlugTaken, Invalid),
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
        workspace = doors.authorise(request)
        return answer(request, links.create(workspace, read_json(request)), 201)

    @route(
        api,
        "/v1/links/{slug}",
        ["GET"],
        lambda say: say.Operation(
            "Links",
            {200: say.json_of("The link.", say.link_model(links.create_fields), say.TAGGED)},
            errors=(NotFound,),
            parameters=(say.SLUG_IN_PATH,),
        ),
    )
    def read_link(request: Request, slug: str) -> Response:
        """Read a link."""
        return answer(request, links.read(doors.authorise(request), slug_in_path(slug)))

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
            errors=(NotFound, Stale, Invalid),
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
        workspace = doors.authorise(request)
        wanted = _wanted_version(request)
        body = read_json(request)
        edited = links.edit(workspace, slug_in_path(slug), body, if_version=wanted)
        return answer(request, edited)

    @route(
        api,
        "/v1/links/{slug}",
        ["DELETE"],
        lambda say: say.Operation(
            "Links",
            {204: say.Answer("The link is gone.")},
            errors=(NotFound, Stale),
            parameters=(say.SLUG_IN_PATH, say.IF_MATCH),
        ),
    )
    def delete_link(request: Request, slug: str) -> Response:
        """Delete a link.

        For good: visitors get 410, and nobody gets the slug for 90 days. To switch a link off for
        a while, edit `disabled` instead.
        """
        workspace = doors.authorise(request)
        links.delete(workspace, slug_in_path(slug), if_version=_wanted_version(request))
        return Response("", dict(NO_STORE), 204)

    return api
