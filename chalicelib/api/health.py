"""The route that monitors ask whether this region's API reaches its table."""

from chalice.app import Blueprint, Request, Response

from chalicelib.api.doors import json_answer, route
from chalicelib.core.errors import Unavailable
from chalicelib.service.ports import LinkStore


PROBE = "health"  # a reserved slug: it can be looked up, and never has a link


def routes(store: LinkStore, region: str) -> Blueprint:
    """The blueprint, over this region's store."""
    api = Blueprint(__name__)

    @route(
        api,
        "/v1/health",
        ["GET", "HEAD"],
        lambda say: say.Operation(
            "Service",
            {200: say.json_of("It does.", say.HEALTH)},
            errors=(Unavailable,),
            keyed=False,
        ),
        public=True,
    )
    def check_health(request: Request) -> Response:  # noqa: ARG001
        """Check this region.

        Whether the API that answered reaches its table: for monitors, which need no key.
        """
        store.get(PROBE)
        return json_answer({"status": "ok", "region": region})

    return api
