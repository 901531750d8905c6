"""Two regions in memory, replicated as a global table is: whole items, late, the last writer wins.

Each region's stores are the app's own, over memory. `replicate` carries what was written since,
item by item; a write that is older than what is there is dropped, as the table drops it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from chalicelib.core.errors import Unavailable
from chalicelib.core.homes import Absence
from chalicelib.service.ports import OtherRegions
from chalicelib.service.regions import Regions
from chalicelib.store.memory import ClaimMemory, LinkMemory
from chalicelib.store.memory_counters import CounterMemory
from chalicelib.store.memory_jobs import JobMemory
from chalicelib.store.memory_keys import KeyMemory
from tests.clocks import SetClock


A, B = NAMES = ("us-east-1", "eu-west-1")
S = TypeVar("S")
T = TypeVar("T")
# The dictionary of items in each kind of memory.
ITEMS = {
    "links": "_links",
    "claims": "_claims",
    "keys": "_keys",
    "jobs": "_jobs",
    "counters": "_totals",
}


@dataclass
class Region:
    """One region's stores; nobody elsewhere reaches one that is `away`."""

    name: str
    links: LinkMemory = field(default_factory=LinkMemory)
    claims: ClaimMemory = field(default_factory=ClaimMemory)
    keys: KeyMemory = field(default_factory=KeyMemory)
    jobs: JobMemory = field(default_factory=JobMemory)
    counters: CounterMemory = field(default_factory=CounterMemory)
    away: bool = False

    def items(self, kind: str) -> dict[Any, Any]:
        found: dict[Any, Any] = getattr(getattr(self, kind), ITEMS[kind])
        return found


class World:
    """The regions, the way between them, and what is on that way."""

    def __init__(self) -> None:
        self.clock = SetClock()
        self.regions = {name: Region(name) for name in NAMES}
        self.absences: list[Absence] = []
        self.asked: list[str] = []
        self._seen: dict[tuple[str, str, Any], Any] = {}
        self._stamps: dict[tuple[str, str, Any], tuple[int, str]] = {}
        self._ticks = 0

    def seen_from(self, here: str) -> Regions:
        return Regions(here, NAMES, lambda: self.absences, self.clock)

    def others(self, kind: str) -> OtherRegions[Any]:
        """What reaches the stores of a kind in other regions."""

        def ask(region: str, act: Callable[[Any], T]) -> T:
            self.asked.append(region)
            if self.regions[region].away:
                raise Unavailable("The table did not answer.")
            return act(getattr(self.regions[region], kind))

        return ask

    def write_down(self) -> None:
        """Stamp what was written since the last time; each step of a test ends with it."""
        for name, region in self.regions.items():
            for kind in ITEMS:
                for key, item in region.items(kind).items():
                    place = (name, kind, key)
                    if place not in self._seen or self._seen[place] != item:
                        self._ticks += 1
                        self._seen[place], self._stamps[place] = item, (self._ticks, name)

    def replicate(self, origin: str) -> None:
        """Carry all that a region has to the other one, where the last writer wins."""
        self.write_down()
        (target,) = (name for name in NAMES if name != origin)
        for kind in ITEMS:
            for key, item in self.regions[origin].items(kind).items():
                came, there = (origin, kind, key), (target, kind, key)
                if self._stamps[came] > self._stamps.get(there, (0, "")):
                    self.regions[target].items(kind)[key] = item
                    self._seen[there], self._stamps[there] = item, self._stamps[came]

    def settle(self) -> None:
        """All is carried everywhere."""
        for name in NAMES:
            self.replicate(name)


def ask_now(_seconds: float, ask: Callable[[], T]) -> T:
    """In place of a thread that is waited for."""
    return ask()


def ask_all_now(_seconds: float, asks: Any) -> list[Any]:
    """The same, of all at once."""
    answers = []
    for ask in asks:
        try:
            answers.append(ask())
        except Unavailable:
            continue
    return answers
