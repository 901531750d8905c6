"""A table that throttles on demand: a server in front of DynamoDB, as botocore would meet it."""

import http.client
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from urllib.parse import urlsplit

import pytest

from chalicelib.store.claims import ClaimItem, ClaimTable
from chalicelib.store.links import LinkTable
from chalicelib.store.models import bind, bind_beside
from tests.store.tables import REGION, point_to


_REFUSAL = json.dumps(
    {
        "__type": "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException",
        "message": "The level of configured provisioned throughput was exceeded.",
    }
).encode()


class Throttled:
    """The stores over a table that takes `puts_left` more links."""

    def __init__(self, dynamodb: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.puts_left = 1000
        self._lock = Lock()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler(dynamodb))
        Thread(target=self.server.serve_forever, daemon=True).start()
        point_to(f"http://127.0.0.1:{self.server.server_address[1]}", monkeypatch)
        model = bind("links", REGION)
        self.links, self.claims = LinkTable(model), ClaimTable(bind_beside(ClaimItem, model))

    def takes(self, action: str, body: bytes) -> bool:
        """Whether this call gets through."""
        if not action.endswith("PutItem") or b'"link#' not in body:
            return True
        with self._lock:
            self.puts_left -= 1
            return self.puts_left >= 0

    def _handler(self, dynamodb: str) -> type[BaseHTTPRequestHandler]:
        throttle = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = 1 << 16

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status, answer = 400, _REFUSAL
                if throttle.takes(self.headers["X-Amz-Target"], body):
                    status, answer = self._forward(body)
                self.send_response(status)
                self.send_header("Content-Type", "application/x-amz-json-1.0")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def _forward(self, body: bytes) -> tuple[int, bytes]:
                parts = urlsplit(dynamodb)
                connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=20)
                kept = {k: v for k, v in self.headers.items() if k.lower() != "host"}
                connection.request("POST", "/", body, kept)
                response = connection.getresponse()
                found = response.status, response.read()
                connection.close()
                return found

            def log_message(self, *_: object) -> None:
                """Nothing: the test says what went wrong."""

        return Handler
