"""The floor's processes: the bare handler behind the same gateway, server and front as Everhop.

Run by the bench as `python -m bench.floor DESCRIPTOR` (what local.region is for Everhop) and as
`python -m bench.floor DESCRIPTOR API_URL` (what the stack's front is). Only the handler differs.
"""

import asyncio
import sys
from typing import Any

from chalice.app import Chalice

from infra.caches import StageCache
from local.children import inherited, stop_with_parent
from local.front import Front
from local.region import make_gateway, make_handler
from local.servers import serve_until_stopped
from local.stage_api import StageApi


class BareApp(Chalice):
    """Routes for the gateway to match, and the bare handler in the place of all of Chalice."""

    def __init__(self) -> None:
        super().__init__("bare")
        from bench.bare import handler  # noqa: PLC0415 - its client reads the environment

        self._handler = handler
        self.route("/r/{slug}", methods=["GET"])(_matched_only)
        self.route("/v1/links", methods=["POST"])(_matched_only)

    def __call__(self, event: Any, context: Any) -> dict[str, Any]:
        """What Chalice would do with an event, left out."""
        return self._handler(event, context)


def _matched_only() -> None:
    """Stand for a view: the gateway wants to know the route, and never calls it."""


async def _no_status() -> dict[str, Any]:
    return {}


async def serve_front(descriptor: int, api_url: str) -> None:
    """Serve the front until told to stop."""
    front = Front(
        api_url=api_url,
        region="bare",
        hosts=frozenset({"127.0.0.1"}),
        status=_no_status,
        region_alive=lambda: True,
        log=None,
    )
    await front.open()
    await serve_until_stopped(front.handle, inherited(descriptor))
    await front.close()


def main(descriptor: str, api_url: str = "") -> None:
    """Serve the bare front when there is an API to be in front of, else the bare API."""
    stop_with_parent()
    if api_url:
        asyncio.run(serve_front(int(descriptor), api_url))
    else:
        app = BareApp()
        handler = make_handler(StageApi(app, make_gateway(app), StageCache()))
        asyncio.run(serve_until_stopped(handler, inherited(int(descriptor))))


if __name__ == "__main__":
    main(*sys.argv[1:])
