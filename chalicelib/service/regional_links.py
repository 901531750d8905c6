"""Links of a deployment with many regions: each is written at its home, and read nearby.

It is over ports, so that whatever stands in for a region, a table or a simulation, is kept to the
same rules. A home that does not answer is never guessed for: what only it can tell is Unavailable.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from chalicelib.core.errors import Unavailable
from chalicelib.core.links import Link
from chalicelib.service.ports import LinkStore, ListQuery, Page
from chalicelib.service.regions import Regions
from chalicelib.service.threads import ask_within


VISITORS_WAIT = 0.15  # seconds, counted in all: a connection to the home may be to be made
OWNERS_WAIT = 2.0
T = TypeVar("T")
# tell(tier, took, how), as DAX's road tells who answered.
Tell = Callable[[str, float, str], None]
AskWithin = Callable[[float, Callable[[], Link | None]], Link | None]


def tell_nobody(tier: str, took: float, how: str) -> None:
    """For those who do not want to know."""


@dataclass(frozen=True, slots=True)
class RegionalLinks:
    """The `LinkStore` over this region's and those of the others.

    `store_of(region)` gives the store of another region; `ask_within` ends waiting for it.
    """

    local: LinkStore
    regions: Regions
    store_of: Callable[[str], LinkStore]
    visitors_wait: float = VISITORS_WAIT
    tell: Tell = tell_nobody
    ask_within: AskWithin = ask_within

    def get(self, key: str, *, consistent: bool = False) -> Link | None:
        """See LinkStore; Unavailable too when the home is silent and there is none here."""
        if not consistent:
            return self.local.get(key)
        try:
            home = self.regions.home_of(key)
            if home != self.regions.here:
                return self._ask(home, key, OWNERS_WAIT)
        except Unavailable:
            found = self.local.current(key)
            if found is None:
                raise
            return found
        return self.local.current(key)

    def current(self, key: str) -> Link | None:
        """See LinkStore."""
        home = self.regions.home_of(key)
        if home == self.regions.here:
            return self.local.current(key)
        return self._ask(home, key, OWNERS_WAIT)

    def seek(self, key: str) -> Link | None:
        """See LinkStore."""
        found = self.local.seek(key)
        if found is not None:
            return found
        home = self.regions.home_of(key)
        return None if home == self.regions.here else self._ask(home, key, self.visitors_wait)

    def create(self, key: str, link: Link) -> None:
        """See LinkStore; it is the home that creates, or nobody."""
        self._at_home(key, lambda store: store.create(key, link))

    def replace(self, key: str, link: Link) -> None:
        """See LinkStore; it is the home that replaces, or nobody."""
        self._at_home(key, lambda store: store.replace(key, link))

    def page(self, workspace: str, query: ListQuery) -> Page:
        """See LinkStore; of this region's list, which others' changes reach with replication."""
        return self.local.page(workspace, query)

    def _ask(self, home: str, key: str, seconds: float) -> Link | None:
        started = time.perf_counter()
        try:
            found = self.ask_within(seconds, partial(self.store_of(home).current, key))
        except Unavailable as error:
            self.tell("home", time.perf_counter() - started, f"{home} did not answer")
            raise _silent(home, error, retry_for=1) from error
        self.tell("home", time.perf_counter() - started, home)
        return found

    def _at_home(self, key: str, write: Callable[[LinkStore], None]) -> None:
        home = self.regions.home_of(key)
        if home == self.regions.here:
            write(self.local)
            return
        try:
            write(self.store_of(home))
        except Unavailable as error:
            raise _silent(home, error, error.retry_for) from error


def _silent(home: str, error: Unavailable, retry_for: int) -> Unavailable:
    return Unavailable(f"{home}, where this link is at home, does not answer: {error}", retry_for)
