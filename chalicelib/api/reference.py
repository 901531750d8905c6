"""Routes of the API's own description: for programs, and as a page for people."""

import json
from functools import lru_cache
from typing import Any

from chalice.app import Blueprint, Request, Response

from chalicelib.api.caching import CachePolicy
from chalicelib.api.doors import Doors, api_address, api_path, route
from chalicelib.core.visitors import PROOF


# Open to everyone, and the same for everyone until the next deploy.
_HEADERS = {"Cache-Control": "public, max-age=60", "X-Content-Type-Options": "nosniff"}


def _describe_document(say: Any) -> Any:
    schema = {"type": "object", "examples": [{"openapi": "3.1.0"}]}
    return say.Operation("Service", {200: say.json_of("OpenAPI 3.1.", schema)}, keyed=False)


def _describe_page(say: Any) -> Any:
    return say.Operation("Service", {200: say.page_of("The page.")}, keyed=False)


def routes(doors: Doors) -> Blueprint:
    """The blueprint; what it describes is every route of the app it is mounted in."""
    api = Blueprint(__name__)

    # Below a few paths at the most: the stage's, and a custom domain's.
    @lru_cache(maxsize=4)
    def document(base: str) -> str:
        # Imported here because a redirect must not pay for it at a cold start.
        from chalicelib.api.openapi.document import make_document  # noqa: PLC0415

        return json.dumps(make_document(api.current_app.routes, base), ensure_ascii=False)

    @lru_cache(maxsize=4)
    def page(base: str, address: str) -> tuple[str, dict[str, str]]:
        # As above; the page is made of the same text that programs get.
        from chalicelib.api.openapi.page import reference_page  # noqa: PLC0415

        return reference_page(json.loads(document(base)), address)

    # Not cached: what is answered to pages of one origin would be answered to those of all.
    @route(api, "/v1/openapi.json", ["GET", "HEAD"], _describe_document, public=True)
    def read_openapi(request: Request) -> Response:
        """Read this description.

        As OpenAPI 3.1, with every route, field and error. Generate a client from it.
        """
        body = document(api_path(request)) if request.method == "GET" else ""
        return Response(body, {**_HEADERS, "Content-Type": "application/json"}, 200)

    # It names its own address.
    cache = CachePolicy(300, ("header.Host", f"header.{PROOF}"), doors.api_cache, until="release")

    @route(api, "/docs", ["GET", "HEAD"], _describe_page, public=True, cache=cache)
    def read_docs(request: Request) -> Response:
        """Read the documentation.

        This page: made of the same description, without a script.
        """
        html, headers = page(api_path(request), api_address(request, doors))
        body = html if request.method == "GET" else ""
        return Response(body, {**_HEADERS, **headers}, 200)

    return api
