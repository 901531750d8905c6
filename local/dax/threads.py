"""A cluster in a thread of its own, for tests and tools that are not asynchronous."""

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from local.dax.clusters import Cluster
from local.dax.counters import Counters
from local.dax.faults import Fault


Result = TypeVar("Result")


class ClusterThread:
    """A running cluster, to be used from other threads."""

    def __init__(self, cluster: Cluster, loop: asyncio.AbstractEventLoop) -> None:
        self._cluster = cluster
        self._loop = loop

    @property
    def endpoint(self) -> str:
        """The address that clients discover the cluster at."""
        return self._cluster.endpoint

    @property
    def counters(self) -> Counters:
        """The counts of all nodes together."""
        return self._cluster.counters

    def status(self) -> dict[str, Any]:
        """Address, role, fault and counts of each node."""
        return self._cluster.status()

    def behave(self, fault: Fault, number: int | None = None, delay_for: float = 0.0) -> None:
        """Let one node, or all of them, be wrong in this way; HEALTHY heals."""
        self._do(self._cluster.behave(fault, number, delay_for))

    def clear(self) -> None:
        """Empty all caches."""
        self._do(_called(self._cluster))

    def _do(self, work: Coroutine[Any, Any, Result]) -> Result:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)


async def _called(cluster: Cluster) -> None:
    cluster.clear()


@contextmanager
def run_cluster(cluster: Cluster) -> Iterator[ClusterThread]:
    """Start a cluster in a thread, and stop it at the end."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="dax", daemon=True)
    thread.start()
    running = ClusterThread(cluster, loop)
    try:
        running._do(cluster.__aenter__())  # noqa: SLF001 - the same file's
        try:
            yield running
        finally:
            running._do(cluster.__aexit__(None, None, None))  # noqa: SLF001
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
