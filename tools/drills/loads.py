"""An open-loop load: requests begin at their own times, whatever became of those before them.

Who waits for an answer before asking again asks least while things are worst, and measures well.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from random import Random
from typing import TYPE_CHECKING


if TYPE_CHECKING:
    from collections.abc import AsyncIterator


Send = Callable[[], Awaitable[None]]


def starts(rate: float, chance: Random) -> Iterator[float]:
    """When each request begins, in seconds from now on: as independent visitors would."""
    due = 0.0
    while True:
        due += chance.expovariate(rate)
        yield due


class Load:
    """Requests at a rate until it is stopped; `late` is by how much one began late, at worst."""

    def __init__(self, rate: float, send: Send, chance: Random) -> None:
        self._starts, self._send = starts(rate, chance), send
        self._under_way: set[asyncio.Future[None]] = set()
        self.sent, self.late = 0, 0.0

    async def apply(self) -> None:
        """Begin each in its time, for good: until it is cancelled."""
        clock = asyncio.get_running_loop().time
        began = clock()
        for due in self._starts:
            await asyncio.sleep(began + due - clock())
            self.late = max(self.late, clock() - began - due)
            self._begin()

    async def apply_many(self, count: int) -> None:
        """Begin so many, each in its time, and see all of them end."""
        with suppress(TimeoutError):
            clock = asyncio.get_running_loop().time
            began = clock()
            for due, _ in zip(self._starts, range(count), strict=False):
                await asyncio.sleep(began + due - clock())
                self.late = max(self.late, clock() - began - due)
                self._begin()
        await self.end()

    def _begin(self) -> None:
        self.sent += 1
        task = asyncio.ensure_future(self._send())
        self._under_way.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Future[None]") -> None:
        # One that failed is kept: `end` raises what it raised.
        if not task.cancelled() and task.exception() is None:
            self._under_way.discard(task)

    async def end(self) -> None:
        """See all that were begun end."""
        await asyncio.gather(*self._under_way)


@asynccontextmanager
async def applied(*loads: Load) -> "AsyncIterator[None]":
    """Apply loads meanwhile; in the end what is under way is waited for."""
    tasks = [asyncio.ensure_future(load.apply()) for load in loads]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for load in loads:
        await load.end()


@asynccontextmanager
async def shown(say: Callable[[], str], every: float = 10.0) -> "AsyncIterator[None]":
    """Print how far it is meanwhile, each so many seconds."""

    async def show() -> None:
        while True:
            await asyncio.sleep(every)
            print(f"  {say()}", flush=True)

    showing = asyncio.ensure_future(show())
    try:
        yield
    finally:
        showing.cancel()
