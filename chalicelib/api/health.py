"""The route that monitors ask whether this region's API reaches its table."""

from chalice.app import Blueprint, Request, Response

from chalicelib.api.doors import json_answer, route
from chalicelib.service.ports import LinkStore


PROBE = "health"  # a reserved slug: it can be looked up, and never has a link


def routes(store: LinkStore, region: str) -> Blueprint:
    """The blueprint, over this region's store."""
    api = Blueprint(__name__)

    @route(api, "/v1/health", ["GET", "HEAD"])
    def check_health(request: Request) -> Response:  # noqa: ARG001
        store.get(PROBE)
        return json_answer({"status": "ok", "region": region})

    return api
