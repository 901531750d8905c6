"""A cluster: some nodes with a leader in front of one DynamoDB endpoint."""

import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from local.dax.answers import success
from local.dax.attribute_lists import AttributeLists
from local.dax.caches import NEVER, Cache, Clock
from local.dax.counters import Counters, total
from local.dax.engines import Engine, Fields
from local.dax.faults import Fault
from local.dax.flights import Flights
from local.dax.nodes import Node
from local.dax.schemas import Schemas
from local.dax.upstream import Upstream


LEADER, REPLICA = 1, 2
HOST = "127.0.0.1"


@dataclass(frozen=True)
class Caching:
    """How long caches keep what they have (seconds), and how much of it, each of them."""

    items_fresh_for: float = 300.0  # 0 is for ever, as DAX's record-ttl-millis has it
    queries_fresh_for: float = 300.0  # 0 keeps none
    entries: int = 100_000
    size: int = 256 * 1024 * 1024

    def items(self, clock: Clock) -> Cache[bytes]:
        """An item cache."""
        return Cache(self.items_fresh_for or NEVER, self.entries, self.size, clock)

    def queries(self, clock: Clock) -> Cache[Fields]:
        """A query cache."""
        entries = self.entries if self.queries_fresh_for else 0
        return Cache(self.queries_fresh_for, entries, self.size, clock)


DEFAULT_CACHING = Caching()


def any_key(_access_key: str) -> bool:
    """Accepts every access key."""
    return True


@dataclass(eq=False)
class Cluster:
    """Nodes that share what DAX replicates: the item cache. Each has its own query cache.

    Use it with `async with`. The first node that is not gone is the leader.
    """

    database_url: str
    region: str = "us-east-1"
    ports: Sequence[int] = (0,)  # one of each node; 0 is any
    caching: Caching = DEFAULT_CACHING
    attribute_lists: Path | None = None  # where they are kept
    clock: Clock = time.monotonic
    accepts: Callable[[str], bool] = any_key  # whether an access key is good

    def __post_init__(self) -> None:
        """Make the nodes."""
        self._upstream = Upstream(self.database_url, self.region)
        self.items = self.caching.items(self.clock)
        lists = AttributeLists(self.attribute_lists)
        self._shared = Schemas(self._upstream), lists, Flights(), self.items
        self.nodes = [self._node(number, port) for number, port in enumerate(self.ports)]

    def _node(self, number: int, port: int) -> Node:
        engine = Engine(self._upstream, *self._shared, self.caching.queries(self.clock))
        return Node(number, engine, HOST, port, self._endpoints, self.accepts)

    async def __aenter__(self) -> Self:
        await self._upstream.open()
        for node in self.nodes:
            await node.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for node in self.nodes:
            await node.stop()
        await self._upstream.close()

    @property
    def endpoint(self) -> str:
        """The address that clients discover the cluster at."""
        return f"dax://{HOST}:{self.nodes[0].port}"

    @property
    def counters(self) -> Counters:
        """The counts of all nodes together."""
        return total([node.engine.counters for node in self.nodes])

    async def behave(self, fault: Fault, number: int | None = None, delay_for: float = 0.0) -> None:
        """Let one node, or all of them, be wrong in this way; HEALTHY heals."""
        for node in self.nodes if number is None else [self.nodes[number]]:
            await node.behave(fault, delay_for)

    def clear(self) -> None:
        """Empty all caches."""
        self.items.clear()
        for node in self.nodes:
            node.engine.queries.clear()

    def status(self) -> dict[str, Any]:
        """Address, role, fault and counts of each node."""
        leader = self._leader()
        nodes = [
            {
                "node": node.number,
                "endpoint": f"dax://{HOST}:{node.port}",
                "role": "leader" if node is leader else "replica",
                "fault": node.fault,
                "delay_for": node.delay_for,
                **node.engine.counters.as_json(),
            }
            for node in self.nodes
        ]
        return {"endpoint": self.endpoint, "nodes": nodes}

    def _leader(self) -> Node | None:
        return next((node for node in self.nodes if node.fault != Fault.REFUSING), None)

    def _endpoints(self, address: str) -> bytes:
        leader = self._leader()
        return success(
            [
                {
                    0: node.number,
                    1: address,
                    2: socket.inet_aton(address),
                    3: node.port,
                    4: LEADER if node is leader else REPLICA,
                    5: f"{self.region}{'abc'[node.number % 3]}",
                    6: 0,
                }
                for node in self.nodes
                if node.fault != Fault.REFUSING
            ]
        )
