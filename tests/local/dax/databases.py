"""Databases that misbehave, over the one that does not."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen


Reply = Callable[[str, bytes], tuple[int, bytes] | None]


@contextmanager
def served(reply: Reply) -> Iterator[str]:
    """The address of a DynamoDB that is `reply`: from target and body to status and text."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            answer = reply(self.headers["X-Amz-Target"], body)
            if answer is None:
                return
            status, data = answer
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@contextmanager
def canned_database(status: int, answer: str) -> Iterator[str]:
    """A DynamoDB that always answers the same."""
    with served(lambda _target, _body: (status, answer.encode())) as url:
        yield url


@contextmanager
def forwarding_database(database: str) -> Iterator[tuple[str, threading.Event]]:
    """A DynamoDB that closes every connection once it is gone."""
    gone = threading.Event()
    with served(lambda *asked: None if gone.is_set() else forward(database, *asked)) as url:
        yield url, gone


@contextmanager
def slow_database(database: str) -> Iterator[tuple[str, threading.Event]]:
    """A DynamoDB that answers when it is told to."""
    go_on = threading.Event()

    def reply(target: str, body: bytes) -> tuple[int, bytes]:
        go_on.wait(5)
        return forward(database, target, body)

    with served(reply) as url:
        yield url, go_on


def forward(database: str, target: str, body: bytes) -> tuple[int, bytes]:
    """What the database answers."""
    credential = "Credential=test/20260101/us-east-1/dynamodb/aws4_request"
    headers = {
        "X-Amz-Target": target,
        "Content-Type": "application/x-amz-json-1.0",
        "Authorization": f"AWS4-HMAC-SHA256 {credential}, SignedHeaders=host, Signature=0",
    }
    try:
        with urlopen(Request(database, body, headers)) as answer:
            return answer.status, answer.read()
    except HTTPError as error:
        with error:
            return error.code, error.read()
