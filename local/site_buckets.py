"""The dashboard's bucket behind the local edge: what `python -m tools publish` would put there."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from aiohttp import web

from infra.site_builds import ENTRY, SITE, SiteFile, build_site, read_site
from infra.site_references import SiteError
from local.children import listen, reserve, url_of
from local.servers import start_server


Stamp = frozenset[tuple[Path, int, int]]


class SiteBucket:
    """A folder's files under their published names; published again when they are edited.

    The folder is looked at when the entry page is asked for, as that is never kept. What was there
    before stays, as in a real bucket, for pages that are open. `say` is told what can't be built.
    """

    def __init__(self, folder: Path = SITE, say: Callable[[str], None] = print) -> None:
        self._folder, self._say = folder, say
        self._files: dict[str, SiteFile] = {}
        self._stamp: Stamp | None = None
        self._publish()

    async def serve(self, request: web.BaseRequest) -> web.StreamResponse:
        """A file as its bucket answers the edge: 403 for what is not there, as nobody may list."""
        if request.method not in ("GET", "HEAD"):
            return web.Response(status=405, headers={"Allow": "GET, HEAD"})
        key = request.path[1:]
        if key == ENTRY:
            self._publish()
        file = self._files.get(key)
        if file is None:
            denied = "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"
            return web.Response(status=403, text=denied, content_type="application/xml")
        tag = f'"{file.sha256[:32]}"'
        headers = {"ETag": tag, "Cache-Control": file.kept, "Content-Type": file.kind}
        if tag in request.headers.get("If-None-Match", ""):
            return web.Response(status=304, headers=headers)
        return web.Response(body=file.body, headers=headers)

    def _publish(self) -> None:
        stamp = self._look()
        if stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            self._files |= build_site(read_site(self._folder)).by_key
        except (SiteError, OSError) as error:
            self._say(f"The dashboard stays as it was: {error}")

    def _look(self) -> Stamp:
        stats = ((path, path.stat()) for path in self._folder.rglob("*") if path.is_file())
        return frozenset((path, it.st_mtime_ns, it.st_size) for path, it in stats)


class BucketDoor:
    """One region's copy of the bucket, at a port of its own, that may be lost or stand still."""

    def __init__(self, bucket: SiteBucket) -> None:
        self._bucket = bucket
        self._socket = listen()
        self.url = url_of(self._socket)
        self._runner: web.ServerRunner | None = None
        self._thawed = asyncio.Event()
        self._thawed.set()

    async def open(self) -> None:
        """Answer at the port, again if it was lost."""
        self._thawed.set()
        if self._runner is None:
            self._socket.listen()
            self._runner = await start_server(self._serve, self._socket)

    async def close(self) -> None:
        """Answer nobody: the port refuses connections until it is opened again."""
        runner, self._runner = self._runner, None
        self._thawed.set()
        if runner:
            port = int(self._socket.getsockname()[1])
            await runner.cleanup()
            self._socket = reserve(port)

    def freeze(self) -> None:
        """Take connections, and answer nothing until it is opened again."""
        self._thawed.clear()

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        await self._thawed.wait()
        return await self._bucket.serve(request)
