"""The dashboard's files, as S3 and CloudFront serve them."""

import hashlib
import mimetypes
import os
import re
from pathlib import Path

from aiohttp import web

from local.settings import ROOT
from local.templates import site_headers


SITE = ROOT / "static_site"
_SAFE = re.compile(r"(/[A-Za-z0-9_][A-Za-z0-9_.-]*)+")
_VERSIONED = re.compile(r"/assets/vendor/.*\d+\.\d+\.\d+\.mjs$")
_TYPES = {".mjs": "text/javascript", ".js": "text/javascript", ".ico": "image/x-icon"}


def find_file(path: str) -> Path | None:
    """The file that a URL path names; None when the site has none."""
    if path == "/":
        return SITE / "index.html"
    file = SITE / path[1:]
    # os.path says no where pathlib would raise: a name may be too long to be one.
    return file if _SAFE.fullmatch(path) and os.path.isfile(file) else None  # noqa: PTH113


async def serve_bucket(request: web.BaseRequest) -> web.StreamResponse:
    """The files as their bucket answers the edge: 403 for what is not there, as nobody may list."""
    file = find_file(request.path) if request.path != "/" else None
    if file is None:
        denied = "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"
        return web.Response(status=403, text=denied, content_type="application/xml")
    return serve_file(request, request.path, file)


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
    return web.Response(body=data, headers={**headers, "Content-Type": _type_of(file)})


def _type_of(file: Path) -> str:
    kind = _TYPES.get(file.suffix) or mimetypes.guess_type(file.name)[0]
    if kind is None:
        return "application/octet-stream"
    return f"{kind}; charset=utf-8" if kind.startswith("text/") else kind
