"""A bare HTTP server on a socket that is already open: what the front and the region both are."""

import asyncio
import logging
import signal
import socket
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web
from aiohttp.http_exceptions import BadHttpMessage, LineTooLong
from aiohttp.web_protocol import RequestHandler


# What API Gateway takes; a larger body is answered 413 before anyone reads it.
MAX_BODY = 10 * 1024 * 1024
BODY_WITHIN = 30  # seconds
_LOG = logging.getLogger("local.servers")
# A request that is not HTTP is answered 400; it is the client's fault and no news here.
_LOG.addFilter(lambda record: not _is_bad_request(record))
Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


async def start_server(
    handler: Handler, listener: socket.socket, max_body: int = MAX_BODY
) -> web.ServerRunner:
    """Serve requests with `handler`; the runner that comes back stops it."""
    server = _Server(
        _welcoming(handler),
        request_factory=_request_maker(max_body),
        access_log=None,
        logger=_LOG,
        auto_decompress=False,  # bodies are passed on as they came, with the header that says so
    )
    runner = web.ServerRunner(server, shutdown_timeout=2.0)
    await runner.setup()
    await web.SockSite(runner, listener).start()
    return runner


async def serve_until_stopped(
    handler: Handler,
    listener: socket.socket,
    max_body: int = MAX_BODY,
    closing: Callable[[], None] = lambda: None,
) -> None:
    """Serve requests until SIGTERM; then `closing` may send home those who wait for something."""
    runner = await start_server(handler, listener, max_body)
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    await stopped.wait()
    closing()
    await runner.cleanup()


async def read_body(request: web.BaseRequest) -> bytes:
    """The body; HTTPRequestEntityTooLarge when it is over MAX_BODY, whether it says so or not."""
    if (request.content_length or 0) > MAX_BODY:
        raise web.HTTPRequestEntityTooLarge(MAX_BODY)
    try:
        async with asyncio.timeout(BODY_WITHIN):
            return await request.read()
    except TimeoutError:
        raise web.HTTPRequestTimeout from None


_TOO_LONG = {414: "the address is too long.", 431: "a header is too long."}


class _Protocol(RequestHandler):
    """Says what is too long, as CloudFront does, where aiohttp has 400 for all that it refuses."""

    __slots__ = ()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """The answer to what could not be read."""
        if isinstance(exc, LineTooLong):
            # aiohttp's text repeats what was sent, a key for example. It reads the path into an
            # array of its own, and that is all that tells it from a header.
            status = 414 if isinstance(exc.args[0], bytearray) else 431
            message = f"{status}: {_TOO_LONG[status]}\n"
        return super().handle_error(request, status, exc, message)


class _Server(web.Server):
    def __call__(self) -> RequestHandler:
        return _Protocol(self, loop=self._loop, **self._kwargs)


def _welcoming(handler: Handler) -> Handler:
    """The handler, for clients too that ask before they send a body (curl, from 1 MiB on)."""

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        too_large = (request.content_length or 0) > MAX_BODY  # it will be told so at once
        if request.headers.get("Expect", "").lower() == "100-continue" and not too_large:
            await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            request.writer.output_size = 0
        return await handler(request)

    return handle


def _is_bad_request(record: logging.LogRecord) -> bool:
    return isinstance(record.exc_info, tuple) and isinstance(record.exc_info[1], BadHttpMessage)


def _request_maker(most: int) -> Callable[..., web.BaseRequest]:
    def make(message: Any, payload: Any, protocol: Any, writer: Any, task: Any) -> web.BaseRequest:
        loop = protocol._loop  # noqa: SLF001 - web.Server's own factory does the same
        return web.BaseRequest(message, payload, protocol, writer, task, loop, client_max_size=most)

    return make
