"""API keys of many regions: changed at the home of their id alone, and read nearby.

So of a revocation and whatever else is done to a key one table decides, and no last writer. A key
that is not known here yet is asked for at its home, within the time that nobody notices.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from threading import Lock

from chalicelib.core.errors import Unavailable
from chalicelib.core.keys import ApiKey, key_home
from chalicelib.service.ports import KeyPage, KeyStore, OtherRegions
from chalicelib.service.regions import Regions
from chalicelib.service.threads import ask_within


WAIT = 0.15  # seconds
# Ids can be made up by anyone: what a container asks other regions for in a second is so much.
MOST_ASKED = 20
AskWithin = Callable[[float, Callable[[], ApiKey | None]], ApiKey | None]


class Ration:
    """Lets `most` through in a second of the clock, under threads."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._second = -1
        self._taken = 0
        self._lock = Lock()

    def take(self, now: datetime) -> bool:
        """Whether there is one left of this second."""
        second = int(now.timestamp())
        with self._lock:
            if second != self._second:
                self._second, self._taken = second, 0
            self._taken += 1
            return self._taken <= self._most


@dataclass(frozen=True, slots=True)
class RegionalKeys:
    """The `KeyStore` over this region's and those of the others."""

    local: KeyStore
    regions: Regions
    others: OtherRegions[KeyStore]
    wait: float = WAIT
    ask_within: AskWithin = ask_within
    ration: Ration = field(default_factory=lambda: Ration(MOST_ASKED))

    def get(self, key_id: str) -> ApiKey | None:
        """See KeyStore; Unavailable when there is none here and the home does not tell in time."""
        return self.local.get(key_id) or self._seek(key_id)

    def current(self, key_id: str) -> ApiKey | None:
        """See KeyStore; Unavailable when its home does not answer."""
        return self._at_home(key_id, lambda store: store.current(key_id))

    def _seek(self, key_id: str) -> ApiKey | None:
        home = self.regions.home_of(key_home(key_id))
        if home == self.regions.here:
            return None
        if not self.ration.take(self.regions.clock()):
            raise Unavailable("Too many keys that are not known here are asked for.", retry_for=1)
        try:
            seek = partial(self.others, home, lambda store: store.get(key_id))
            return self.ask_within(self.wait, seek)
        except Unavailable as error:
            detail = f"This key is not known here yet, and {home} did not tell in time."
            raise Unavailable(detail, retry_for=1) from error

    def create(self, key: ApiKey) -> None:
        """See KeyStore."""
        self._at_home(key.id, lambda store: store.create(key))

    def replace(self, key: ApiKey) -> None:
        """See KeyStore; it is the home that replaces, or nobody."""
        self._at_home(key.id, lambda store: store.replace(key))

    def page(self, workspace: str, limit: int, after: ApiKey | None) -> KeyPage:
        """See KeyStore; of this region's list, which others' changes reach with replication."""
        return self.local.page(workspace, limit, after)

    def note_use(self, key: ApiKey, day: date) -> None:
        """See KeyStore; in this region: two that note at once agree within a day."""
        self.local.note_use(key, day)

    def _at_home(self, key_id: str, act: Callable[[KeyStore], ApiKey | None]) -> ApiKey | None:
        home = self.regions.home_of(key_home(key_id))
        if home == self.regions.here:
            return act(self.local)
        try:
            return self.others(home, act)
        except Unavailable as error:
            raise _away(home, error) from error


def _away(home: str, error: Unavailable) -> Unavailable:
    detail = (
        f"{home}, the only region that may change this key, does not answer, and nothing was "
        "changed. Try again; if the region is lost, its operator lets another one take over: "
        f"`python -m tools evacuate {home}`."
    )
    return Unavailable(detail, error.retry_for)
