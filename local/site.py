"""The dashboard's files as they are written, each answered as CloudFront would."""

import hashlib
import os
import re
from pathlib import Path

from aiohttp import web

from infra.site_builds import SITE, type_of
from local.templates import site_headers


_SAFE = re.compile(r"(/[A-Za-z0-9_][A-Za-z0-9_.-]*)+")
_VERSIONED = re.compile(r"/assets/vendor/.*\d+\.\d+\.\d+\.mjs$")


def find_file(path: str) -> Path | None:
    """The file that a URL path names; None when the site has none."""
    if path == "/":
        return SITE / "index.html"
    file = SITE / path[1:]
    # os.path says no where pathlib would raise: a name may be too long to be one.
    return file if _SAFE.fullmatch(path) and os.path.isfile(file) else None  # noqa: PTH113


def serve_file(request: web.BaseRequest, path: str, file: Path) -> web.Response:
    """The file with its security headers, or 304 when the browser has it already."""
    if request.method not in ("GET", "HEAD"):
        return web.Response(status=405, headers={"Allow": "GET, HEAD"})
    data = file.read_bytes()
    tag = f'"{hashlib.sha256(data).hexdigest()[:20]}"'
    kept = "public, max-age=31536000, immutable" if _VERSIONED.search(path) else "no-cache"
    headers = {**site_headers(), "ETag": tag, "Cache-Control": kept}
    if tag in request.headers.get("If-None-Match", ""):
        return web.Response(status=304, headers=headers)
    return web.Response(body=data, headers={**headers, "Content-Type": type_of(file.name)})
