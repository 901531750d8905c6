"""An Everhop that breaks what a drill is to find, and a stack that nothing can be done to."""

import argparse
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import Any

from aiohttp import web

from tools.drills.scenes import Scene
from tools.drills.stacks import Stack
from tools.drills.visits import Visits, open_session


US, EU = "us-east-1", "eu-west-1"
A, B, C = (f"https://example.com/{name}" for name in "abc")


def dice(seed: int) -> Random:
    """Numbers that come again with the same seed."""
    return Random(seed)  # noqa: S311 - a drill is to be the same again


class Everhop:
    """An Everhop of two places, which breaks a promise as it is told to."""

    def __init__(self, breaks: str) -> None:
        self.breaks, self.links = breaks, dict[str, dict[str, Any]]()

    async def handle(self, request: web.Request) -> web.Response:
        slug = request.path.rpartition("/")[2]
        if request.method == "POST":
            body = await request.json()
            slug = body.get("slug") or f"drawn-{len(self.links)}"
            self.links[slug] = {"slug": slug, "version": 1, **body}
            return web.json_response(self.links[slug], status=201)
        if request.method == "PATCH":
            self.links[slug] |= {**await request.json(), "version": 2}
            return web.json_response(self.links[slug])
        answers = {"forgets": 404, "fails": 503}
        if self.breaks in answers and len(self.links) % 2:
            return web.Response(status=answers[self.breaks])
        to = C if self.breaks == "leads astray" else self.links[slug]["destination"]
        return web.Response(status=302, headers={"Location": to})


class CalmStack(Stack):
    """A stack that nothing can be done to."""

    async def chaos(self, fault: str, *words: str) -> None:
        pass

    async def behind(self, region: str) -> int:
        return 0

    async def status(self) -> dict[str, Any]:
        return {"regions": [{"lag_for": 0}]}


@asynccontextmanager
async def fake_scene(breaks: str, **options: Any) -> AsyncIterator[Scene]:
    runner = web.ServerRunner(web.Server(Everhop(breaks).handle))
    await runner.setup()
    await (site := web.TCPSite(runner, "127.0.0.1", 0)).start()
    port = site._server.sockets[0].getsockname()[1]
    places = {US: f"http://127.0.0.1:{port}", EU: f"http://localhost:{port}"}
    chosen = argparse.Namespace(seed=1, rate=500, no_purges=False, **options)
    async with open_session() as session:
        stack = CalmStack(Path(), "key", places, {})
        yield Scene(stack, Visits(session, "key"), dice(1), chosen)
    await runner.cleanup()
