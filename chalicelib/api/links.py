"""Routes of the owners' API: create, list, read, edit and delete links."""

import re
from urllib.parse import quote

from chalice.app import Blueprint, Request, Response

from chalicelib.api.cursors import read_list_query, write_cursor
from chalicelib.api.doors import NO_STORE, Doors, json_answer, read_json, route, slug_in_path
from chalicelib.core.errors import Stale
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

    @route(api, "/v1/links", ["GET"])
    def list_links(request: Request) -> Response:
        page = links.list(doors.authorise(request, "read"), read_list_query(request))
        described = [describe(request, link) for link in page.links]
        return json_answer({"links": described, "next_cursor": write_cursor(page.after)})

    @route(api, "/v1/links", ["POST"])
    def create_link(request: Request) -> Response:
        workspace = doors.authorise(request, "write")
        return answer(request, links.create(workspace, read_json(request)), 201)

    @route(api, "/v1/links/{slug}", ["GET"])
    def read_link(request: Request, slug: str) -> Response:
        return answer(request, links.read(doors.authorise(request, "read"), slug_in_path(slug)))

    @route(api, "/v1/links/{slug}", ["PATCH"])
    def edit_link(request: Request, slug: str) -> Response:
        workspace = doors.authorise(request, "write")
        wanted = _wanted_version(request)
        body = read_json(request)
        edited = links.edit(workspace, slug_in_path(slug), body, if_version=wanted)
        return answer(request, edited)

    @route(api, "/v1/links/{slug}", ["DELETE"])
    def delete_link(request: Request, slug: str) -> Response:
        workspace = doors.authorise(request, "write")
        links.delete(workspace, slug_in_path(slug), if_version=_wanted_version(request))
        return Response("", dict(NO_STORE), 204)

    return api
