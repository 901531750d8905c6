"""The region's stream: a pump that hands its changes to its `changes` function, each at least once.

It does what Lambda's event source mappings do: batches in order, tries again what failed and what
comes after it, halves a batch that fails as a whole, and puts away, with the reason, a record that
failed too often. Where it is, is durable. Local and replicated changes alike are in the stream.
"""

import asyncio
import json
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import ClientError, ClientSession, ClientTimeout

from infra.streams import BATCH
from local.controls import Json
from local.functions import PREFIX
from local.journal import Journal
from local.replication.changes import Change
from local.replication.filters import passes
from local.replication.logs import Letter, Page, Place
from local.replication.origins import News, OneAtATime, wait_for
from local.replication.records import record_of, sequence_number
from local.templates import function_timeout


READER = "stream"
FUNCTION = "changes"
TRIES = 5
_WAITS = (0.2, 5.0)
_LOOK_EVERY = 5.0


class Absent(Exception):
    """There is no such function, so there is no stream either."""


class Failed(Exception):
    """The function failed; the text is what it said. At `index` of the batch, if it told."""

    def __init__(self, reason: str, index: int | None = None) -> None:
        super().__init__(reason)
        self.index = index


@dataclass
class Pump:
    """Reads the log of `journal` and invokes the function at the region's API."""

    journal: Journal
    run: OneAtATime
    news: News
    api_url: str
    say: Callable[[str], None]
    waits: tuple[float, float] = _WAITS
    look_every: float = _LOOK_EVERY
    present: bool | None = None  # whether there is a function; None: nobody has told yet
    pumped: int = 0
    error: str = ""
    _tries: int = 0
    _most: int = BATCH
    _place: Place = field(default=Place("", 0))

    async def pump(self) -> None:
        """Hand on what comes, until cancelled."""
        await self.run(self._begin)
        pause = self.waits[0]
        async with ClientSession() as session:
            while True:
                try:
                    if not self.present:
                        await self._find(session)
                    await self._step(session)
                    pause, self.error = self.waits[0], ""
                except Absent:
                    await self.run(self._forget)
                    await asyncio.sleep(self.look_every)
                except Failed as failure:
                    self.error = str(failure)
                    await asyncio.sleep(pause)
                    pause = min(2 * pause, self.waits[1])
                except _UNREACHABLE as error:
                    # It did not run, or nobody knows: that is no try of the record's.
                    self.error = str(error) or type(error).__name__
                    await asyncio.sleep(pause)
                    pause = min(2 * pause, self.waits[1])

    # Where it is

    def _begin(self) -> None:
        log = self.journal.log
        log.follow(READER, log.last)  # before all else: without readers there may be a gap
        found = log.place(READER)
        self._place = found if found and log.has(found) else self._restart(found)
        log.follow(READER, self._place.sequence)

    def _restart(self, found: Place | None) -> Place:
        """Where to go on when the log does not reach back that far, or never was read."""
        log = self.journal.log
        if found is None:
            return Place(log.id, log.last)
        self.say(f"The stream of {log.region} goes on after a gap: its log was cut before.")
        return Place(log.id, log.trimmed_to)

    def _forget(self) -> None:
        log = self.journal.log
        self.present, self._tries, self._most = False, 0, BATCH
        log.leave(READER)
        if log.place(READER):
            with self.journal.transaction():
                log.move(READER, None)

    async def _find(self, session: ClientSession) -> None:
        status, _, _ = await self._invoke(session, "DryRun", {})
        if status != 204:
            raise ClientError(f"the function can't be found ({status})")
        if self.present is False:
            await self.run(self._begin)
        self.present = True

    # Handing on

    async def _step(self, session: ClientSession) -> None:
        news = self.news.listen()
        page = await self.run(self._read)
        batch = [it for it in page.changes if not it.changes_nothing and is_wanted(it)]
        if not batch:
            if page.position > self._place.sequence:
                await self._move(page.position, 0)
            if not page.changes:
                await wait_for(news, self.look_every)
            return
        try:
            await self._hand_on(session, batch)
        except Failed as failure:
            await self._suffer(batch, failure)
            raise
        self._tries = 0
        self._most = min(BATCH, 2 * self._most)
        await self._move(page.position, len(batch))

    def _read(self) -> Page:
        log = self.journal.log
        if not log.has(self._place):
            self._place = self._restart(self._place)
        return log.page(self._place.sequence, most=self._most)

    async def _hand_on(self, session: ClientSession, batch: list[Change]) -> None:
        log = self.journal.log
        event = {"Records": [record_of(change, log.id, log.region) for change in batch]}
        status, headers, body = await self._invoke(session, "RequestResponse", event)
        if status != 200:
            raise ClientError(f"Lambda answered {status}")
        if "X-Amz-Function-Error" in headers:
            raise Failed(_message(body))
        index = first_failure(_read_json(body), [sequence_number(change) for change in batch])
        if index is not None:
            raise Failed("the function told that it failed", index)

    async def _invoke(
        self, session: ClientSession, kind: str, event: Json
    ) -> tuple[int, Mapping[str, str], bytes]:
        url = f"{self.api_url}/2015-03-31/functions/{PREFIX}-{FUNCTION}/invocations"
        timeout = ClientTimeout(total=function_timeout(FUNCTION) + 10, connect=2.0)
        headers = {"X-Amz-Invocation-Type": kind}
        async with session.post(url, json=event, headers=headers, timeout=timeout) as response:
            if response.status == 404:
                raise Absent
            return response.status, response.headers, await response.read()

    async def _suffer(self, batch: list[Change], failure: Failed) -> None:
        """Go on behind what was done; halve or put away what failed too often."""
        if failure.index is None and len(batch) > 1:
            self._most = len(batch) // 2  # it grows again with what goes well
            return
        if failure.index:
            await self._move(batch[failure.index].sequence - 1, failure.index)
            self._tries = 0
        self._tries += 1
        if self._tries == TRIES:
            self._tries = 0
            await self._put_away(batch[failure.index or 0], str(failure))

    async def _put_away(self, change: Change, reason: str) -> None:
        log = self.journal.log
        record = json.dumps(record_of(change, log.id, log.region))
        letter = Letter(change.sequence, self.journal.clock(), reason[:2000], record)
        await self._move(change.sequence, 0, letter)
        self.say(f"A record of {log.region}'s stream failed {TRIES} times: {change.key} ({reason})")

    async def _move(self, sequence: int, pumped: int, letter: Letter | None = None) -> None:
        place = Place(self.journal.log.id, sequence)

        def keep() -> None:
            with self.journal.transaction():
                if letter:
                    self.journal.log.bury(letter)
                self.journal.log.move(READER, place)
            self.journal.log.follow(READER, sequence)

        await self.run(keep)
        self._place = place
        self.pumped += pumped

    async def look(self) -> Json:
        """How it is: whether there is a function, how far it is, what could not be handed on."""
        log = self.journal.log
        page, dead = await self.run(
            lambda: (log.page(self._place.sequence, most=1), log.count_dead())
        )
        return {
            "function": self.present,
            "position": self._place.sequence,
            "behind": (len(page.changes) + page.behind) if self.present else 0,
            "pumped": self.pumped,
            "dead_letters": dead,
            "error": self.error,
        }


def is_wanted(change: Change) -> bool:
    """Whether the mapping's filter hands it over; what it does not costs no invocation."""
    return passes({"dynamodb": {"Keys": json.loads(change.key)}})


_UNREACHABLE = (ClientError, OSError, TimeoutError, ValueError, sqlite3.Error)


def first_failure(said: Any, numbers: list[str]) -> int | None:
    """Where in a batch the first record is that a function told as failed; None: all went well.

    As Lambda reads it: an answer without `batchItemFailures`, or with an empty one, is a success;
    an identifier that is empty or of no record fails the whole batch.
    """
    failures = said.get("batchItemFailures") if isinstance(said, dict) else None
    if not failures:
        return None
    try:
        return min(numbers.index(one["itemIdentifier"]) for one in failures)
    except (ValueError, KeyError, TypeError):
        raise Failed("the function told failures of records that it was not given") from None


def _read_json(body: bytes) -> Any:
    return json.loads(body or b"null")


def _message(body: bytes) -> str:
    try:
        said = _read_json(body)
        return f"{said['errorType']}: {said['errorMessage']}"
    except (ValueError, KeyError, TypeError):
        return body.decode("utf-8", "replace") or "no reason was given"
