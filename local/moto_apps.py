"""One of moto's services asked in this process, one request at a time: moto is not thread-safe."""

import io
import sys
from typing import Any, NamedTuple

from aiohttp import web
from flask import Flask
from werkzeug.test import run_wsgi_app


class MotoAnswer(NamedTuple):
    """What moto answered."""

    status: int
    headers: dict[str, str]
    body: bytes

    def to_http(self) -> web.Response:
        """The answer for the one who asked."""
        return web.Response(status=self.status, headers=self.headers, body=self.body)


def ask_moto(app: Flask, request: web.BaseRequest, body: bytes) -> MotoAnswer:
    """What moto says to one request; nothing to pages in a browser, which it would let read all."""
    host = request.headers.get("Host", "").rpartition(":")[0]
    if "Origin" in request.headers or host not in ("127.0.0.1", "localhost"):
        return MotoAnswer(403, {}, b"Not for pages, and only as 127.0.0.1.\n")
    chunks, status, headers = run_wsgi_app(app.wsgi_app, _environ(request, body))
    sent = {name: value for name, value in headers.items() if name != "Content-Length"}
    return MotoAnswer(int(status[:3]), sent, b"".join(chunks))


def _environ(request: web.BaseRequest, body: bytes) -> dict[str, Any]:
    sent = {
        f"HTTP_{name.upper().replace('-', '_')}": text for name, text in request.headers.items()
    }
    return {
        **sent,
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": request.path,
        "QUERY_STRING": request.rel_url.raw_query_string,
        "CONTENT_TYPE": request.headers.get("Content-Type", ""),
        "CONTENT_LENGTH": str(len(body)),
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
