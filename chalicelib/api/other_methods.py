"""The methods that an address does not have: 405 and those that it has.

API Gateway answers a method that it has no route for as if there were nothing at the address, so
every address has a route for every method.
"""

from collections.abc import Mapping

from chalice.app import Blueprint, Request, Response, RouteEntry

from chalicelib.api.routes import View, answer_problem, own_methods, route
from chalicelib.core.errors import MethodNotAllowed


METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")


def routes(there: Mapping[str, Mapping[str, RouteEntry]]) -> Blueprint:
    """The blueprint, beside the routes that are there: methods by path."""
    api = Blueprint(__name__)
    for path, given in there.items():
        methods = sorted(own_methods(given))
        others = [method for method in METHODS if method not in given]
        if others:
            refuse = _refuser(", ".join(methods))
            route(api, path, others, lambda say: say.UNLISTED, content_types=["*/*"])(refuse)
    return api


def _refuser(allowed: str) -> View:
    def refuse_method(request: Request, **_: str) -> Response:
        error = MethodNotAllowed(f"Here is no {request.method}, only {allowed}.")
        answer = answer_problem(request, error)
        answer.headers["Allow"] = allowed
        return answer

    return refuse_method
