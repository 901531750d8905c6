"""A region's replica: its journal, what it tells and hears, and its stream, in one process.

It lives in the process of the region's DynamoDB, as an item and the log of its changes are one
transaction there, and what comes from elsewhere takes its turn with the requests. Each region
pulls: who was away knows by itself where to go on, and a region that is down holds nobody up.
"""

import asyncio
import hashlib
import sqlite3
import sys
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self, TypeVar

from local.controls import Channel, ControlError, Json
from local.journal import Journal
from local.replication.changes import Loss
from local.replication.directions import Direction, Faults, seconds
from local.replication.origins import News, Origin
from local.replication.streams import Pump


_Result = TypeVar("_Result")
_SKEW = 24 * 3600.0
_TRIM_EVERY = 5.0
_SWEEP_EVERY = 12  # trims
_LOSSES = 20


def say(text: str) -> None:
    """Tell who runs the stack."""
    print(text, file=sys.stderr, flush=True)


def _report(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and task.exception():
        say(f"A part of replication ended, which it never should: {task.exception()!r}")


@dataclass
class Replica:
    """What one region has of the table, in step with the others.

    `run_id` is of one run of the stack: what was broken in a former one is whole in the next.
    """

    journal: Journal
    table: str
    run_id: str = ""
    peers: Mapping[str, Channel] = field(default_factory=dict)
    api_url: str = ""  # where the region's functions are; empty: there is no stream
    losses: deque[Loss] = field(default_factory=lambda: deque(maxlen=_LOSSES))
    lost: int = 0

    def __post_init__(self) -> None:
        self.turns = ThreadPoolExecutor(1, "dynamodb")  # moto is not safe under threads
        self.news = News()
        self.origin = Origin(self.journal, self.run, self.news)
        self.pump = (
            Pump(self.journal, self.run, self.news, self.api_url, say) if self.api_url else None
        )
        self.directions = {
            peer: Direction(peer, channel, self.journal, self.run, self._hear)
            for peer, channel in self.peers.items()
        }
        for peer in self.peers:
            self.journal.log.follow(peer, 0)  # until it tells where it is
        self._tasks: list[asyncio.Task[None]] = []
        self._recall()

    async def run(self, do: Callable[[], _Result]) -> _Result:
        """Do it as soon as the requests before it are done."""
        return await asyncio.get_running_loop().run_in_executor(self.turns, do)

    async def __aenter__(self) -> Self:
        jobs = [direction.follow() for direction in self.directions.values()]
        jobs += [self._keep_house(), *([self.pump.pump()] if self.pump else [])]
        self._tasks = [asyncio.create_task(job) for job in jobs]
        for task in self._tasks:
            task.add_done_callback(_report)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _hear(self, losses: list[Loss]) -> None:
        self.news.tell()
        self.lost += len(losses)
        self.losses.extend(losses)
        for loss in losses:
            say(f"{self.journal.log.region}: {loss}")

    async def _keep_house(self) -> None:
        turn = 0
        while True:
            await asyncio.sleep(_TRIM_EVERY)
            turn += 1
            try:
                await self.run(self._trim)
                if turn % _SWEEP_EVERY == 0:
                    await self.sweep()
            except sqlite3.Error as error:
                say(f"DynamoDB: what is old could not be forgotten: {error}.")

    async def sweep(self) -> int:
        """Delete what expired; how many items."""
        swept = 0
        while found := await self.run(lambda: self.journal.sweep(self.table)):
            swept += found
            self.news.tell()
        return swept

    def _trim(self) -> None:
        with self.journal.transaction():
            self.journal.log.trim(self.journal.clock())

    # Being told how to behave

    async def look(self) -> Json:
        """How the region is in step with the others."""
        return {
            "replication": [one.look() for one in self.directions.values()],
            "skew_for": self.journal.skew / 1000,
            "lost": self.lost,
            "conflicts": [str(loss) for loss in self.losses],
            **({"stream": await self.pump.look()} if self.pump else {}),
        }

    async def dead_letters(self, _words: Mapping[str, Any]) -> Json:
        """The last records of the region's stream that its function could not take, and why."""
        return {"dead_letters": await self.run(self.journal.log.dead)}

    async def behave(self, words: Mapping[str, Any]) -> Json:
        """Set `lag_for`, `paused` and `cut` of what comes `from` a region, or from all; `skew_for`.

        ControlError names the word that can't be so, and then nothing is set.
        """
        wanted = {
            peer: self.directions[peer].faults.with_words(words)
            for peer in self._named(words.get("from"))
        }
        skew = words.get("skew_for")
        if skew is not None:
            skew = seconds("skew_for", skew, -_SKEW, _SKEW)
            self.journal.skew = int(skew * 1000)
        await self._set(wanted)
        return await self.look()

    async def heal(self, _words: Mapping[str, Any]) -> Json:
        """Let all be as it should: no lag, nothing held, clocks right."""
        self.journal.skew = 0
        await self._set(dict.fromkeys(self.directions, Faults()))
        return await self.look()

    def _named(self, peer: object) -> list[str]:
        if peer is None:
            return list(self.directions)
        if peer not in self.directions:
            known = ", ".join(self.directions) or "no other region"
            raise ControlError(f"from is {peer!r}, but what is heard here is of {known}.")
        return [str(peer)]

    async def _set(self, wanted: Mapping[str, Faults]) -> None:
        for peer, faults in wanted.items():
            await self.directions[peer].behave(faults)
        await self.run(self._remember)

    def _remember(self) -> None:
        """A process that is killed comes back as broken as it was."""
        directions = {
            peer: [one.faults.lag_for, one.faults.paused, one.faults.cut]
            for peer, one in self.directions.items()
        }
        with self.journal.transaction():
            self.journal.log.note("faults", [self._run_mark, self.journal.skew, directions])

    def _recall(self) -> None:
        mark, skew, directions = self.journal.log.fact("faults", ["", 0, {}])
        if mark == self._run_mark:
            self.journal.skew = skew
            for peer in self.directions.keys() & directions.keys():
                self.directions[peer].faults = Faults(*directions[peer])

    @property
    def _run_mark(self) -> str:
        return hashlib.blake2b(self.run_id.encode(), digest_size=8).hexdigest()
