"""What a region tells the others of itself: its changes as they come, or all that it has."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from local.controls import ControlError, Json
from local.journal import Journal
from local.replication.logs import Page, Place


Result = TypeVar("Result")
CHANGES, ITEMS = "replication-changes", "replication-items"
_LONGEST = 5.0  # seconds that a reader may wait for news


class OneAtATime(Protocol):
    """Runs what touches the tables or their file, in the one thread that may."""

    def __call__(self, do: Callable[[], Result]) -> Awaitable[Result]:
        """Its result, as soon as it was its turn."""


class News:
    """Wakes those who wait for the next change."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def tell(self) -> None:
        """There is a change."""
        self._event.set()
        self._event = asyncio.Event()

    def listen(self) -> asyncio.Event:
        """An event of what is told from now on."""
        return self._event


async def wait_for(event: asyncio.Event, seconds: float) -> None:
    """Wait for it, so long at most."""
    try:
        async with asyncio.timeout(max(0.0, seconds)):
            await event.wait()
    except TimeoutError:
        pass


@dataclass
class Origin:
    """One region's log and items, for others to read."""

    journal: Journal
    run: OneAtATime
    news: News = field(default_factory=News)
    closed: bool = False

    def close(self) -> None:
        """Let nobody wait any longer: the process ends."""
        self.closed = True
        self.news.tell()

    async def changes(self, words: Mapping[str, Any]) -> Json:
        """The next local changes, as soon as there are some that are old enough.

        Words: `reader`, `log` and `sequence` (its place), `lag_for` and `wait_for` in seconds. All
        up to its place is then the reader's own business. {"resync": true} when the log can't
        give all that comes after it.
        """
        asked = _Asked.read(words)
        loop = asyncio.get_running_loop()
        until = loop.time() + asked.wait_for
        while True:
            news = self.news.listen()
            page = await self.run(lambda: self._page(asked))
            left = 0 if self.closed else until - loop.time()
            if page is None:
                return {"resync": True}
            if page.changes or left <= 0:
                return self._answer(page)
            await wait_for(news, min(left, asked.due_in(page.oldest_at, self.journal.clock())))

    def _page(self, asked: "_Asked") -> Page | None:
        log = self.journal.log
        if not log.has(asked.place):
            return None
        log.follow(asked.reader, asked.place.sequence)
        due = self.journal.clock() - asked.lag if asked.lag else None
        # Local ones alone: what others wrote they tell themselves, and nothing goes in circles.
        return log.page(asked.place.sequence, log.region, due)

    def _answer(self, page: Page) -> Json:
        return {
            "changes": [change.to_wire() for change in page.changes],
            "place": Place(self.journal.log.id, page.position),
            "behind": page.behind,
            "oldest_at": page.oldest_at,
        }

    async def items(self, words: Mapping[str, Any]) -> Json:
        """A page of all that the region has, of whichever origin, deletions among it.

        Words: `reader`, and `after`, the table and key that the former page ended with. The first
        page's `place` is where the log is to be read from after the last (whose `after` is null).
        """
        after = words.get("after") or ("", "")
        try:
            start, reader = (str(after[0]), str(after[1])), str(words["reader"])
        except (KeyError, IndexError, TypeError):
            raise ControlError(f"{ITEMS} takes a reader, and after as a table and a key.") from None
        return await self.run(lambda: self._items(start, reader))

    def _items(self, after: tuple[str, str], reader: str) -> Json:
        log = self.journal.log
        if after == ("", ""):
            log.follow(reader, log.last)
        found = log.everything(after)
        return {
            "changes": [change.to_wire() for change in found],
            "place": Place(log.id, log.last),
            "after": [found[-1].table, found[-1].key] if found else None,
        }


@dataclass(frozen=True, slots=True)
class _Asked:
    reader: str
    place: Place
    lag: int  # ms
    wait_for: float

    @classmethod
    def read(cls, words: Mapping[str, Any]) -> "_Asked":
        try:
            return cls(
                str(words["reader"]),
                Place(str(words["log"]), int(words["sequence"])),
                int(float(words.get("lag_for", 0)) * 1000),
                min(_LONGEST, float(words.get("wait_for", 0))),
            )
        except (KeyError, TypeError, ValueError):
            sentence = f"{CHANGES} takes reader, log, sequence, lag_for and wait_for."
            raise ControlError(sentence) from None

    def due_in(self, at: int | None, now: int) -> float:
        """Seconds until a change that was made then is old enough."""
        return _LONGEST if at is None else max(0.005, (at + self.lag - now) / 1000)
