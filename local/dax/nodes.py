"""One node of a cluster: its port, its connections, and what is wrong with it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from local.dax.connections import Connection
from local.dax.engines import Engine
from local.dax.faults import Fault


@dataclass(eq=False)
class Node:
    """A server of the DAX protocol on a port of its own."""

    number: int
    engine: Engine
    host: str
    port: int  # 0 until it has one
    endpoints: Callable[[str], bytes]  # the cluster's answer, by the address a client came to
    accepts: Callable[[str], bool]  # whether an access key is good
    fault: Fault = Fault.HEALTHY
    delay_for: float = 0.0
    connections: set[Connection] = field(default_factory=set)
    _server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen; OSError when the port is taken."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: Connection(self), self.host, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Listen no longer, and close all connections."""
        if self._server:
            self._server.close()
            self._server = None
        await asyncio.gather(*(connection.end() for connection in list(self.connections)))

    async def behave(self, fault: Fault, delay_for: float = 0.0) -> None:
        """Be wrong in this way from now on, or be healthy again."""
        was, self.fault, self.delay_for = self.fault, fault, delay_for
        if fault == Fault.REFUSING:
            await self.stop()
        elif was == Fault.REFUSING:
            self.engine.queries.clear()  # as after a reboot
            await self.start()
        for connection in list(self.connections):
            connection.advance()
