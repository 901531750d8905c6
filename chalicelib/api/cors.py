"""CORS: pages of the origins that a deployment lists may use the REST API from a browser.

Chalice's own `cors=` knows one origin, and has API Gateway answer preflights without the app, which
can't tell origins apart. Here the app answers. No cookie opens anything, so there are no
credentials to allow: a page sends its key itself.
"""

from collections.abc import Callable, Mapping
from typing import Any

from chalice.app import Blueprint, Request, Response, RouteEntry

from chalicelib.api.logs import REQUEST_ID
from chalicelib.api.routes import View, own_methods, route


GetResponse = Callable[[Request], Response]
ABOVE = "/v1/"  # short links are for following, and pages have no business in reading them
_SENT = (
    "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, Prefer, "
    f"Everhop-Attempt, {REQUEST_ID}"
)
_READ = (
    "Content-Disposition, ETag, Idempotent-Replayed, Location, Preference-Applied, RateLimit, "
    f"RateLimit-Policy, Retry-After, {REQUEST_ID}"
)
_REMEMBERED_FOR = "7200"  # seconds; browsers keep it no longer


def preflights(routes: Mapping[str, Mapping[str, RouteEntry]]) -> Blueprint:
    """An OPTIONS for each path that has none yet, which names the methods that the path has."""
    api = Blueprint(__name__)
    for path, methods in routes.items():
        if "OPTIONS" not in methods:
            teller = _teller(", ".join([*own_methods(methods), "OPTIONS"]))
            route(api, path, ["OPTIONS"], lambda say: say.UNLISTED)(teller)
    return api


def _teller(methods: str) -> View:
    def tell_methods(request: Request, **parameters: str) -> Response:
        del request, parameters
        return Response("", {"Cache-Control": "no-store", "Allow": methods}, 204)

    return tell_methods


class Cors:
    """Middleware: tells browsers that pages of the listed origins may read the answer."""

    def __init__(self, origins: frozenset[str]) -> None:
        self._origins = origins

    def __call__(self, request: Request, get_response: GetResponse) -> Response:
        """Add the headers to whatever is answered, errors as well."""
        response = get_response(request)
        if request.path.startswith(ABOVE):
            response.headers.update(self._fields(request, response))
        return response

    def _fields(self, request: Request, response: Response) -> dict[str, Any]:
        # A cache may keep one answer for all: it must know that they differ by origin.
        varied = {"Vary": "Origin"}
        origin = request.headers.get("origin")
        if origin not in self._origins:
            return varied
        allowed = {**varied, "Access-Control-Allow-Origin": origin}
        if request.method != "OPTIONS":
            return {**allowed, "Access-Control-Expose-Headers": _READ}
        return {
            **allowed,
            "Access-Control-Allow-Methods": response.headers["Allow"],
            "Access-Control-Allow-Headers": _SENT,
            "Access-Control-Max-Age": _REMEMBERED_FOR,
        }
