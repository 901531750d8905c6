"""One place's door: its HTTP server, the log of what came, and a word to who watches."""

import socket
import time
from collections.abc import Awaitable, Callable

from local.edge.access_logs import COUNTRY, AccessLog, Asked, Record
from local.edge.engines import Answer, Edge
from local.edge.messages import Request, Response, value_of
from local.edge.servers import Server


Watch = Callable[[Request, str, Answer, float], None]  # what was asked, its path, what and how long
# What is answered before CloudFront would see it.
First = Callable[[Request], Response | Awaitable[Response] | None]


class Door:
    """A place's answers over HTTP. `first` may answer by itself what is not CloudFront's."""

    def __init__(
        self,
        edge: Edge,
        log: AccessLog | None = None,
        watch: Watch | None = None,
        first: First | None = None,
    ) -> None:
        self._edge = edge
        self._log = log
        self._watch = watch
        self._first = first
        self._server = Server(self._handle)

    async def open(self, listener: socket.socket) -> None:
        """Answer at this socket, which is bound already."""
        await self._server.start(listener)

    async def close(self) -> None:
        """Answer no more."""
        await self._server.stop()

    def _handle(self, request: Request) -> Response | Awaitable[Response]:
        made = self._first(request) if self._first else None
        if made is not None:
            return made
        # Before the edge takes from the request what is its own to say, and functions change it.
        asked = Asked(request.target, value_of(request.headers, COUNTRY))
        started = time.perf_counter()
        answered = self._edge.handle(request)
        if isinstance(answered, Answer):
            return self._told(request, asked, answered, started)
        return self._later(request, asked, answered, started)

    async def _later(
        self, request: Request, asked: Asked, answered: Awaitable[Answer], started: float
    ) -> Response:
        return self._told(request, asked, await answered, started)

    def _told(self, request: Request, asked: Asked, answer: Answer, started: float) -> Response:
        took = time.perf_counter() - started
        if self._log:
            size = _size(request, answer.response)
            host = self._edge.host
            self._log.add(
                Record(time.time(), self._edge.place, host, request, asked, answer, size, took)
            )
        if self._watch:
            self._watch(request, asked.target, answer, took)
        return answer.response


def _size(request: Request, response: Response) -> int:
    """About the bytes of the answer: its head is only written later."""
    head = 64 + sum(len(name) + 32 for name in response.headers)
    return head + (0 if request.method == "HEAD" else len(response.body))
