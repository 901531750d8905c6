"""One client's connection to a node: requests one after the other, each answered in full."""

import asyncio
import traceback
from typing import TYPE_CHECKING, Any, cast

from local.dax.cbor import Incomplete, Malformed, Reader
from local.dax.errors import NOT_AUTHENTICATED, DaxError, invalid
from local.dax.faults import Fault
from local.dax.operations import AUTHORIZE, ENDPOINTS, METHODS, Method


if TYPE_CHECKING:
    from local.dax.nodes import Node

GREETING = "J7yne5G"
_AFTER_GREETING = 4  # items: layering, session, headers, mode
_REFUSED = DaxError(
    "UnrecognizedClientException", "The access key is not accepted.", 400, NOT_AUTHENTICATED
)
# What bytes that no client of DAX writes come to.
_NONSENSE = (Malformed, LookupError, TypeError, ValueError, RecursionError)


class Connection(asyncio.Protocol):
    """Reads what came so far, and answers as soon as a request is complete."""

    def __init__(self, node: "Node") -> None:
        self._node = node
        self._unread = b""
        self._greeted = False
        self._accepted = True
        self._busy = False
        self._held = b""  # an answer that waits for its node to be healed
        self._transport: asyncio.Transport | None = None
        self._task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Note the connection, so that the node can close it."""
        self._transport = cast("asyncio.Transport", transport)
        self._node.connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's word
        """Forget the connection. What was asked of DynamoDB goes on, and the caches learn of it."""
        self._node.connections.discard(self)
        self._transport = None

    def data_received(self, data: bytes) -> None:
        """Read on."""
        self._unread += data
        self.advance()

    def close(self) -> None:
        """Close it at once."""
        if self._transport:
            self._transport.abort()

    async def end(self) -> None:
        """Close it and end what it is doing."""
        self.close()
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def advance(self) -> None:
        """Answer the requests that are complete, one after the other."""
        if self._held and self._node.fault != Fault.SILENT:
            answer, self._held, self._busy = self._held, b"", False
            self._send(answer)
        while self._transport and not self._busy and self._node.fault != Fault.SILENT:
            try:
                method, arguments = self._read_next()
            except Incomplete:
                return
            except _NONSENSE:
                self.close()
                return
            if method:
                self._node.engine.counters.calls[method.name] += 1
                self._answer(method, arguments)

    def _read_next(self) -> tuple[Method | None, list[Any]]:
        """The next request; no method for what a connection begins with."""
        reader = Reader(self._unread)
        if self._greeted:
            _service, number = reader.item(), reader.item()
            method = METHODS[number]
            arguments = [reader.item() for _ in range(method.arguments)]
        else:
            if reader.item() != GREETING:  # seen at once: the rest of it may never come
                raise Malformed("Something else than a client of DAX.")
            method, arguments = None, [reader.item() for _ in range(_AFTER_GREETING)]
            self._greeted = True
        self._unread = reader.rest()
        return method, arguments

    def _answer(self, method: Method, arguments: list[Any]) -> None:
        if method is AUTHORIZE:  # which has no answer of its own
            self._accepted = self._node.accepts(arguments[0])
        elif not self._accepted:
            self._send(_REFUSED.encoded())
        elif method is ENDPOINTS:
            self._send(self._node.endpoints(self._local_address()))
        elif (answer := self._at_once(method, arguments)) is not None:
            self._send(answer)
        else:
            self._busy = True
            self._task = asyncio.get_running_loop().create_task(self._ask(method, arguments))

    def _at_once(self, method: Method, arguments: list[Any]) -> bytes | None:
        try:
            return method.at_once(self._node.engine, arguments) if method.at_once else None
        except Exception as error:  # noqa: BLE001 - all of them are answered
            return _failure(error)

    async def _ask(self, method: Method, arguments: list[Any]) -> None:
        assert method.asking  # noqa: S101 - for the type checker
        try:
            answer = await method.asking(self._node.engine, arguments)
        except Exception as error:  # noqa: BLE001 - all of them are answered
            if isinstance(error, DaxError) and error.code == "ResourceNotFoundException":
                self._node.engine.schemas.forget()
            answer = _failure(error)
        self._busy = False
        self._send(answer)
        self.advance()

    def _send(self, answer: bytes) -> None:
        fault = self._node.fault
        if self._transport is None:
            return
        if fault == Fault.CUT:
            self._transport.write(answer[: len(answer) // 2])
            self._transport.close()
            self._transport = None
        elif fault == Fault.SLOW:
            self._busy = True
            loop = asyncio.get_running_loop()
            loop.call_later(self._node.delay_for, self._send_late, answer)
        elif fault == Fault.SILENT:
            self._busy, self._held = True, answer
        else:
            self._transport.write(answer)

    def _send_late(self, answer: bytes) -> None:
        self._busy = False
        if self._transport:
            self._transport.write(answer)
            self.advance()

    def _local_address(self) -> str:
        assert self._transport  # noqa: S101 - for the type checker
        return str(self._transport.get_extra_info("sockname")[0])


def _failure(error: Exception) -> bytes:
    """The answer to a request that failed."""
    if isinstance(error, Malformed):
        error = invalid(str(error))
    if not isinstance(error, DaxError):  # a mistake of this server
        traceback.print_exception(error)
        error = DaxError("InternalServerError", repr(error), 500)
    return error.encoded()
