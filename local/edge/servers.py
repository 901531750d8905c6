"""The edge's own HTTP server: lean, as a hit must cost next to nothing, and strict."""

import asyncio
import contextlib
import socket
import time
from collections.abc import Awaitable, Callable
from email.utils import formatdate
from functools import lru_cache

from local.edge.messages import Request, Response, error_response, pairs_of, reason_of
from local.edge.parsers import (
    MAX_HEAD,
    Chunks,
    Head,
    Refused,
    check_begun,
    parse_head,
)


Handle = Callable[[Request], Response | Awaitable[Response]]
HEAD_WITHIN = 30.0  # seconds that a request may take to come, and a connection may be idle
LINGERS_FOR = 2.0  # seconds that a refused request is still read, and thrown away
_BODILESS = frozenset({204, 304})


class Connection(asyncio.Protocol):
    """One connection: requests are answered in their order, each before the next is read."""

    def __init__(self, handle: Handle, open_ones: set["Connection"]) -> None:
        self._handle = handle
        self._open = open_ones
        self._buffer = b""
        self._head: Head | None = None
        self._chunks: Chunks | None = None
        self._size = 0
        self._refused = False
        self._full = False
        self._ended = False
        self._task: asyncio.Task[None] | None = None
        self._idle: asyncio.TimerHandle | None = None
        self._since = time.monotonic()
        self._loop = asyncio.get_running_loop()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to listen."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - TCP alone comes here
        self._transport = transport
        self._client = transport.get_extra_info("peername")[:2]
        self._open.add(self)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's word
        """Forget it; who asked does not wait any more."""
        self._open.discard(self)
        if self._idle:
            self._idle.cancel()
        if self._task:
            self._task.cancel()

    def data_received(self, data: bytes) -> None:
        """Read on, unless an answer is under way: the next request waits its turn."""
        if self._refused:
            return
        self._buffer += data
        if self._task is None:
            self._read()
        elif len(self._buffer) > MAX_HEAD:
            self._transport.pause_reading()

    def eof_received(self) -> bool:
        """Answer on: who has said all may still listen."""
        self._ended = True
        return self._owes

    def pause_writing(self) -> None:
        """Answer no more while who asks does not read what is answered already."""
        self._full = True
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        """Go on."""
        self._full = False
        self._go_on()

    @property
    def _owes(self) -> bool:
        """Whether something that was asked is not answered yet."""
        return self._task is not None or self._full

    def close(self) -> None:
        """Close it now."""
        self._transport.close()

    def _watch(self) -> None:
        # One timer that looks again, as one for each request would cost more than the request.
        left = self._since + HEAD_WITHIN - time.monotonic()
        if left <= 0 and self._task is None:
            self._transport.close()
            return
        self._idle = self._loop.call_later(max(left, 1.0), self._watch)

    def _read(self) -> None:
        try:
            while self._task is None and not self._full and self._read_one():
                pass
        except Refused as refused:
            self._refuse(refused)

    def _read_one(self) -> bool:
        """Whether a whole request was there, which is being answered now."""
        if self._head is None:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0 or end > MAX_HEAD:
                self._check_size(len(self._buffer))
                check_begun(self._buffer)
                return False
            self._head = parse_head(self._buffer[:end])
            self._size = end + 4
            self._buffer = self._buffer[end + 4 :]
            if self._head.expects and self._head.length != 0:
                self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = self._take_body(self._head)
        if body is None:
            return False
        head, self._head = self._head, None
        self._answer(self._request(head, body))
        return not self._transport.is_closing() and not self._refused

    def _check_size(self, size: int) -> None:
        if size <= MAX_HEAD:
            return
        line = self._buffer.find(b"\r\n")
        if line < 0 or line > MAX_HEAD:
            raise Refused(414, "the address is too long.")
        raise Refused(431, "a header is too long.")

    def _take_body(self, head: Head) -> bytes | None:
        if head.length is None:
            self._chunks = self._chunks or Chunks()
            before, self._buffer = self._buffer, b""
            self._buffer = self._chunks.feed(before)
            if not self._chunks.done:
                return None
            body, self._chunks = bytes(self._chunks.body), None
            return body
        if len(self._buffer) < head.length:
            return None
        body, self._buffer = self._buffer[: head.length], self._buffer[head.length :]
        return body

    def _request(self, head: Head, body: bytes) -> Request:
        path, _, query = head.target.partition("?")
        return Request(
            head.method,
            path,
            query,
            head.headers,
            body,
            self._client,
            head.version,
            self._size + len(body),
            head.keep_alive,
        )

    def _answer(self, request: Request) -> None:
        method, keep = request.method, request.keep_alive
        answered = self._handle(request)
        if isinstance(answered, Response):
            self._write(answered, method, keep=keep)
        else:
            self._task = self._loop.create_task(self._answer_later(answered, method, keep=keep))

    async def _answer_later(
        self, answered: Awaitable[Response], method: str, *, keep: bool
    ) -> None:
        try:
            response = await answered
        except Exception as error:  # noqa: BLE001 - a bug here must not hang the visitor
            response = error_response(500, f"The edge failed ({type(error).__name__}).")
        self._task = None
        self._write(response, method, keep=keep)
        self._go_on()

    def _go_on(self) -> None:
        if self._owes or self._refused or self._transport.is_closing():
            return
        self._transport.resume_reading()
        self._read()
        if self._ended and not self._owes:
            self._transport.close()

    def _write(self, response: Response, method: str, *, keep: bool) -> None:
        self._since = time.monotonic()
        self._transport.write(encode(response, method, keep=keep))
        if not keep:
            self._transport.close()

    def _refuse(self, refused: Refused) -> None:
        response = error_response(refused.status, f"{refused}")
        self._transport.write(encode(response, "GET", keep=False))
        # Closed at once, what is still being sent would take the answer away with it (a reset).
        self._refused = True
        self._buffer = b""
        if self._transport.can_write_eof():
            self._transport.write_eof()
        self._loop.call_later(LINGERS_FOR, self._transport.close)


def encode(response: Response, method: str, *, keep: bool) -> bytes:
    """The bytes of an answer to a request with this method."""
    status = response.status
    reason = response.reason or reason_of(status)
    lines = [f"HTTP/1.1 {status} {reason}"]
    lines += [f"{name}: {value}" for name, value in pairs_of(response.headers)]
    if status not in _BODILESS and "content-length" not in response.headers:
        lines.append(f"Content-Length: {len(response.body)}")
    if "date" not in response.headers:
        lines.append(f"Date: {_date(int(time.time()))}")
    lines.append(f"Connection: {'keep-alive' if keep else 'close'}\r\n\r\n")
    head = "\r\n".join(lines).encode("utf-8", "surrogateescape")
    return head if method == "HEAD" or status in _BODILESS else head + response.body


@lru_cache(2)
def _date(second: int) -> str:
    return formatdate(second, usegmt=True)


class Server:
    """Connections at one listening socket."""

    def __init__(self, handle: Handle) -> None:
        self._handle = handle
        self._open: set[Connection] = set()
        self._server: asyncio.Server | None = None

    async def start(self, listener: socket.socket) -> None:
        """Answer at this socket."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._connect, sock=listener)

    def _connect(self) -> Connection:
        return Connection(self._handle, self._open)

    async def stop(self) -> None:
        """Close all connections."""
        if self._server:
            self._server.close()
            for connection in list(self._open):
                connection.close()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(2):
                    await self._server.wait_closed()
