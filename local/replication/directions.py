"""One direction of replication: what a region hears of one other, how fast, and how far it is."""

import asyncio
import math
import sqlite3
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Self

from aiohttp import ClientError, ClientSession, ClientTimeout

from local.controls import PREFIX, Channel, ControlError, Json
from local.journal import Journal
from local.replication.changes import Change, Loss
from local.replication.logs import Place
from local.replication.origins import CHANGES, ITEMS, OneAtATime, wait_for


POLL_FOR = 1.0  # seconds: how long a question stays open, so how old what is told may be
_WITHIN = 30.0
_SLOW = 1.0
# Changes that come within this go in one transaction: each costs the disk one flush.
_TOGETHER = 0.02
_BACKOFF = (0.1, 1.0)
LONGEST_LAG = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Faults:
    """How one direction is made to behave."""

    lag_for: float = 0.0  # seconds that each change takes
    paused: bool = False  # stands still
    cut: bool = False  # the network loses all that comes this way

    def with_words(self, words: Mapping[str, Any]) -> Self:
        """These, with what the words name set; ControlError when they can't be so."""
        given = {name: words[name] for name in asdict(self) if words.get(name) is not None}
        for name in ("paused", "cut"):
            if name in given and not isinstance(given[name], bool):
                raise ControlError(f"{name} must be true or false, not {given[name]!r}.")
        if "lag_for" in given:
            given["lag_for"] = seconds("lag_for", given["lag_for"], 0, LONGEST_LAG)
        return replace(self, **given)


def seconds(name: str, given: object, least: float, most: float) -> float:
    """A number of seconds; ControlError names the word that is none."""
    try:
        number = float(str(given))
    except ValueError:
        number = math.nan
    if not least <= number <= most:
        raise ControlError(f"{name} must be {least:g} to {most:g} seconds, not {given!r}.")
    return number


@dataclass
class Direction:
    """What `journal`'s region hears of the region `peer`."""

    peer: str
    channel: Channel
    journal: Journal
    run: OneAtATime
    tell: Callable[[list[Loss]], None]  # of changes that came, and which of them lost
    faults: Faults = Faults()
    place: Place | None = None
    behind: int = 0
    applied: int = 0
    resyncs: int = 0
    error: str = "has not answered yet"
    complete_at: float | None = None  # up to when all is here, by the true clock
    _asking_since: float = math.inf
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def behave(self, faults: Faults) -> None:
        """Be so from now on: nothing that was asked for before is done after this returns."""
        async with self._lock:
            self.faults = faults
        self._changed.set()
        self._changed = asyncio.Event()

    async def follow(self) -> None:
        """Do here what the peer did, until cancelled."""
        self.place = await self.run(lambda: self.journal.log.place(self.peer))
        pause = _BACKOFF[0]
        timeout = ClientTimeout(total=_WITHIN, connect=2.0)
        async with ClientSession(timeout=timeout) as session:
            while True:
                changed = self._changed
                try:
                    if self.faults.cut:
                        await wait_for(changed, _WITHIN)
                    else:
                        await self._step(session)
                        self.error, pause = "", _BACKOFF[0]
                except _FAILURES as error:
                    self.error = str(error) or type(error).__name__
                    await wait_for(changed, pause)
                    pause = min(2 * pause, _BACKOFF[1])

    async def _step(self, session: ClientSession) -> None:
        faults = self.faults
        if self.place is None:
            if faults.paused:
                await wait_for(self._changed, POLL_FOR)
            else:
                await self._resynchronise(session, faults)
            return
        log, sequence = self.place
        # While it stands still nothing is due, but how much waits is known.
        lag_for = LONGEST_LAG if faults.paused else faults.lag_for
        # The first answer comes at once, as the stack is ready when all have heard of each other.
        patience = 0.0 if self.complete_at is None else POLL_FOR
        words = {"log": log, "sequence": sequence, "lag_for": lag_for, "wait_for": patience}
        asked_at = time.time()
        said = await self._ask(session, CHANGES, words)
        if said.get("resync"):
            self.place = None
        elif await self._apply(said, _place(said), faults):
            oldest_at = said["oldest_at"]
            self.behind = int(said["behind"])
            self.complete_at = oldest_at / 1000 if oldest_at else asked_at
            await asyncio.sleep(_TOGETHER if said["changes"] else 0)

    async def _resynchronise(self, session: ClientSession, faults: Faults) -> None:
        """Take all that the peer has: its log does not reach back to what is here."""
        start: Place | None = None
        after: Any = ("", "")
        while after:
            said = await self._ask(session, ITEMS, {"after": after})
            start = start or _place(said)
            after = said["after"]
            # The place is noted with the last page: half of it is nothing to go on from.
            if not await self._apply(said, None if after else start, faults):
                return
        self.resyncs += 1

    async def _apply(self, said: Json, place: Place | None, faults: Faults) -> bool:
        changes = [Change.from_wire(one) for one in said["changes"]]
        async with self._lock:
            if self.faults is not faults:  # asked for under others: perhaps it must not come yet
                return False
            if changes or place != self.place:
                await self._keep(changes, place)
        return True

    async def _keep(self, changes: list[Change], place: Place | None) -> None:
        catching_up = self.place is None
        losses = await self.run(lambda: self.journal.apply(changes, self.peer, place))
        self.place = place
        self.applied += len(changes)
        if changes:
            # Among all that a peer has are older writes that were seen here long ago.
            self.tell([] if catching_up else losses)

    async def _ask(self, session: ClientSession, act: str, words: Json) -> Json:
        headers = {"Authorization": f"Bearer {self.channel.token}"}
        said = {"reader": self.journal.log.region, **words}
        url = self.channel.url + PREFIX + act
        self._asking_since = time.monotonic()
        async with session.post(url, json=said, headers=headers) as response:
            answer: Json = await response.json()
        self._asking_since = math.inf
        if response.status != 200:
            raise ControlError(str(answer.get("error", response.status)))
        return answer

    def look(self) -> Json:
        """How it is: its settings, how far it is behind, and what went wrong last."""
        error = self._wrong()
        return {
            "from": self.peer,
            **asdict(self.faults),
            "lag": self._lag(error),
            "behind": None if error else self.behind,  # nobody knows
            "position": self.place.sequence if self.place else None,
            "applied": self.applied,
            "resyncs": self.resyncs,
            "error": error,
        }

    def _wrong(self) -> str:
        if self.faults.cut:
            return "is cut off"
        # A process that is gone leaves its socket behind, and in there questions can wait.
        silent = time.monotonic() - self._asking_since > POLL_FOR + _SLOW
        return "does not answer" if silent else self.error

    def _lag(self, error: str) -> float | None:
        """Seconds since when something may be missing here; None when nothing was ever heard."""
        if self.complete_at is None:
            return None
        if self.behind == 0 and not error:
            return 0.0
        return round(max(0.0, time.time() - self.complete_at), 3)


def _place(said: Json) -> Place:
    log, sequence = said["place"]
    return Place(str(log), int(sequence))


_FAILURES = (
    ClientError,
    OSError,
    TimeoutError,
    ControlError,
    ValueError,
    KeyError,
    TypeError,
    sqlite3.Error,
)
