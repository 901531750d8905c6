"""Regions in one process: links in memory in each, cut off from each other at will."""

from collections.abc import Callable, Sequence
from datetime import datetime

from chalicelib.core.destinations import DestinationPolicy
from chalicelib.core.errors import Unavailable
from chalicelib.core.homes import Absence, home_of
from chalicelib.core.links import Link
from chalicelib.core.slugs import SlugPolicy
from chalicelib.service.links import LinkService
from chalicelib.service.ports import LinkStore
from chalicelib.service.regional_links import RegionalLinks
from chalicelib.service.regions import Regions
from chalicelib.store.memory import LinkMemory
from chalicelib.urls import parse_url
from tests.clocks import SetClock


NAMES = ("us-east-1", "eu-west-1", "ap-southeast-2")
US, EU, AP = NAMES


class World:
    """The regions, what each of them has stored, and who reaches whom.

    Nothing is replicated unless `replicate` is called.
    """

    def __init__(self, names: tuple[str, ...] = NAMES) -> None:
        self.names = names
        self.clock = SetClock()
        self.stores = {name: LinkMemory() for name in names}
        self.cut: set[tuple[str, str]] = set()
        self.asked: list[tuple[str, str]] = []
        self.absences: Sequence[Absence] = ()

    def lose(self, region: str) -> None:
        """Nobody reaches the region any more."""
        self.cut |= {(name, region) for name in self.names}

    def regions(self, here: str) -> Regions:
        return Regions(here, self.names, lambda: self.absences, self.clock)

    def links(self, here: str, regions: Regions | None = None) -> RegionalLinks:
        """The links as this region has and reaches them."""

        def reach(there: str) -> LinkStore:
            self.asked.append((here, there))
            if (here, there) in self.cut:
                raise Unavailable("There was no answer.")
            return self.stores[there]

        return RegionalLinks(
            self.stores[here], regions or self.regions(here), reach, ask_within=ask_at_once
        )

    def service(self, here: str, chance: Callable[[int], int]) -> LinkService:
        """The use cases of owners as this region has them."""
        return LinkService(
            store=self.links(here),
            slugs=SlugPolicy(),
            destinations=DestinationPolicy(),
            parse_url=parse_url,
            clock=self.clock,
            chance=chance,
            regions=(here, *(name for name in self.names if name != here)),
        )

    def replicate(self) -> None:
        """Bring every link to every region; of two versions the later wins."""
        for key in {key for store in self.stores.values() for key in store._links}:
            versions = [store._links[key] for store in self.stores.values() if key in store._links]
            last = max(versions, key=lambda link: (link.updated_at, link.version))
            for store in self.stores.values():
                store._links[key] = last

    def everywhere(self) -> list[tuple[str, Link]]:
        """Each link with the region that has it."""
        return [
            (name, link) for name, store in self.stores.items() for link in store._links.values()
        ]


def ask_at_once(seconds: float, ask: Callable[[], Link | None]) -> Link | None:
    """In place of a thread that is waited for."""
    assert seconds > 0
    return ask()


def key_at(region: str, number: int = 0, names: Sequence[str] = NAMES) -> str:
    """A key whose home is this region."""
    keys = (f"k{count}" for count in range(1000))
    return [key for key in keys if home_of(key, names) == region][number]


def link(slug: str, at: datetime) -> Link:
    return Link(
        workspace="w", slug=slug, destination="https://e.test/", created_at=at, updated_at=at
    )
