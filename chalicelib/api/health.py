"""The route that monitors ask whether this region can do its work."""

from collections.abc import Sequence
from typing import Any

from chalice.app import Blueprint, Request, Response

from chalicelib.api.doors import json_answer, route
from chalicelib.api.notes import notes_of
from chalicelib.core.logs import Place
from chalicelib.service.health import Check, HealthService


PROBE = "health"  # a reserved slug: it can be looked up, and never has a link
_RETRY_FOR = 2  # seconds, as for any other 503


def _describe(checks: Sequence[Check], place: Place) -> dict[str, Any]:
    return {
        "status": "ok" if all(one.is_ok for one in checks) else "failing",
        "region": place.region,
        "release": place.release or None,
        "checks": [
            {"name": one.name, "status": "ok" if one.is_ok else "failing", "took_ms": one.took_ms}
            for one in checks
        ],
    }


def routes(health: HealthService, place: Place) -> Blueprint:
    """The blueprint, over these checks."""
    api = Blueprint(__name__)

    @route(
        api,
        "/v1/health",
        ["GET", "HEAD"],
        lambda say: say.Operation(
            "Service",
            {
                200: say.json_of("It can.", say.HEALTH),
                503: say.json_of(
                    "A check fails: see its name.", say.HEALTH, say.RETRY, say.FAILING_EXAMPLE
                ),
            },
            keyed=False,
        ),
        public=True,
    )
    def check_health(request: Request) -> Response:
        """Check this region.

        Whether the region that answered can do its work, check by check: for monitors, which need
        no key. 200 when all is well, else 503, with the same body. What was seen is told again for
        a second. Nobody's clicks are counted here, and no limit applies.
        """
        checks = health.check()
        failing = [one.name for one in checks if not one.is_ok]
        if not failing:
            return json_answer(_describe(checks, place))
        notes = notes_of(request)
        notes.code, notes.reason = "unavailable", f"failing: {', '.join(failing)}"
        return json_answer(_describe(checks, place), 503, {"Retry-After": str(_RETRY_FOR)})

    return api
