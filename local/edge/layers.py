"""One cache: finds, asks once for many, asks anew when it must, and stands in for an origin.

An edge location is one of these, and Origin Shield is one more between it and the origin.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Literal

from local.edge.cache_keys import Key
from local.edge.freshness import Stay
from local.edge.messages import Headers, Response, put, value_of
from local.edge.storage import Entry, Storage, means


Fetch = Callable[[Headers], Awaitable[Response]]
Clock = Callable[[], float]
How = Literal["hit", "stale", "uri-miss", "bypass", "method", "error"]
# RFC 9111 3.2: a 304 says these of itself, not of what is kept.
_OF_THE_304 = frozenset({"content-length", "content-encoding", "content-type", "content-range"})


@dataclass(frozen=True, slots=True)
class Rules:
    """How a layer judges answers: `stay` says how long one may be kept, None for not at all."""

    stay: Callable[[Response], Stay | None]
    age: Callable[[Response], float]
    retry_after: Callable[[int], float]  # seconds that an origin with this error is left alone


@dataclass(frozen=True, slots=True)
class Told:
    """An answer and how it was come by: `hit` and `error` were kept, the others were asked for."""

    response: Response
    how: How
    age: float = 0.0
    ttl: float = 0.0  # seconds it is fresh for; less than zero when it is not
    stored: bool = False
    collapsed: bool = False
    status: int = 0  # the origin's

    @property
    def is_hit(self) -> bool:
        """Whether no one further on was needed for it."""
        return self.how in ("hit", "error")


class Layer:
    """A storage and who is being asked for what. Belongs to one loop."""

    def __init__(self, storage: Storage, clock: Clock) -> None:
        self.storage = storage
        self._clock = clock
        self._asking: dict[Key, asyncio.Task[Told]] = {}

    def fresh(self, key: Key) -> Told | None:
        """The kept answer, when it needs nobody's word."""
        entry = self.storage.find(key)
        if entry is None:
            return None
        now = self._clock()
        left = entry.left_at(now)
        return Told(entry.response, "hit", entry.age_at(now), left) if left > 0 else None

    def invalidate(self, pattern: str) -> int:
        """Forget what the pattern means, and what is under way; how many answers there were."""
        for key in [one for one in self._asking if means(pattern, one)]:
            del self._asking[key]  # who comes from now on asks anew
        return self.storage.invalidate(pattern, self._clock())

    async def answer(self, key: Key, fetch: Fetch, rules: Rules) -> Told:
        """The answer under this key; many who ask at the same time wait for the first of them."""
        now = self._clock()
        entry = self.storage.find(key)
        if entry is not None:
            told = self._told_of(entry, key, fetch, rules, now)
            if told is not None:
                return told
        leader = self._asking.get(key)
        if leader is None:
            return await asyncio.shield(self._lead(key, fetch, rules))
        told = await asyncio.shield(leader)
        if told.how == "error" or (told.stored and told.ttl > 0):
            return replace(told, collapsed=True)
        # It was for that visitor alone: each of the others asks, and none waits again.
        return await self._ask(key, fetch, rules)

    async def answer_alone(self, key: Key, fetch: Fetch, rules: Rules) -> Told:
        """The same where nobody waits for anybody, and what is kept is kept only as an error is."""
        fresh = self.fresh(key)
        if fresh is not None:
            return fresh
        asked_at = self._clock()
        response = await fetch({})
        told = self._keep(key, response, asked_at, rules)
        return replace(told, how="bypass", status=response.status)

    def _told_of(
        self, entry: Entry, key: Key, fetch: Fetch, rules: Rules, now: float
    ) -> Told | None:
        left = entry.left_at(now)
        if left > 0:
            return Told(entry.response, "hit", entry.age_at(now), left)
        if entry.ask_after > now and entry.may_stand_in(now):
            return Told(entry.response, "error", entry.age_at(now), left)
        if entry.may_wait(now):
            if key not in self._asking:
                self._lead(key, fetch, rules)
            return Told(entry.response, "hit", entry.age_at(now), left)
        return None

    def _lead(self, key: Key, fetch: Fetch, rules: Rules) -> asyncio.Task[Told]:
        # A task of its own: the first visitor may go away while others wait.
        task = asyncio.ensure_future(self._ask(key, fetch, rules))
        self._asking[key] = task

        def end(done: asyncio.Task[Told]) -> None:
            if self._asking.get(key) is done:
                del self._asking[key]
            if not done.cancelled():
                done.exception()  # seen; those who wait get it too

        task.add_done_callback(end)
        return task

    async def _ask(self, key: Key, fetch: Fetch, rules: Rules) -> Told:
        entry = self.storage.find(key)
        asked_at = self._clock()
        condition = validators_of(entry.response) if entry is not None else {}
        response = await fetch(condition)
        now = self._clock()
        if entry is not None and response.status >= 500 and entry.may_stand_in(now):
            entry.ask_after = now + rules.retry_after(response.status)
            left = entry.left_at(now)
            return Told(entry.response, "error", entry.age_at(now), left, status=response.status)
        status = response.status
        if entry is not None and condition and status == 304:
            response = renewed(entry.response, response)
        told = self._keep(key, response, asked_at, rules)
        return replace(told, how="stale" if entry is not None else "uri-miss", status=status)

    def _keep(self, key: Key, response: Response, asked_at: float, rules: Rules) -> Told:
        stay = rules.stay(response)
        if stay is None:
            self.storage.drop(key)
            return Told(response, "uri-miss")
        entry = Entry(response, stay, asked_at, rules.age(response))
        stored = self.storage.keep(key, entry, asked_at)
        left = entry.left_at(self._clock())
        return Told(response, "uri-miss", entry.age, left, stored=stored)


def validators_of(response: Response) -> Headers:
    """What asks whether a kept answer still holds; nothing for one that can't be asked so."""
    headers: Headers = {}
    if response.status not in (200, 301, 302, 307, 308):
        return headers
    tag = value_of(response.headers, "etag")
    if tag:
        put(headers, "If-None-Match", tag)
    changed = value_of(response.headers, "last-modified")
    if changed:
        put(headers, "If-Modified-Since", changed)
    return headers


def renewed(kept: Response, word: Response) -> Response:
    """A kept answer with what a 304 says anew of it."""
    said = {name: lines for name, lines in word.headers.items() if name not in _OF_THE_304}
    old = {name: lines for name, lines in kept.headers.items() if name != "age"}
    return replace(kept, headers={**old, **said}, origin=word.origin)
