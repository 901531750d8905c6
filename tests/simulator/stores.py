"""Links in a replica of the world's table, as an app finds them there: the `LinkStore` over it."""

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple, TypeVar

from chalicelib.core.errors import Stale, Unavailable
from chalicelib.core.idempotency import Claim
from chalicelib.core.links import Link, is_free, taken_by
from chalicelib.service.ports import ListQuery, Page
from tests.simulator.networks import Network
from tests.simulator.tables import Replica
from tests.simulator.worlds import World


T = TypeVar("T")
KEPT_FOR = 10.0  # DAX's share of the freshness budget


class Stored(NamedTuple):
    """An item: the link, and the mark of the write that left it."""

    link: Link
    write_id: int


class Dax:
    """A region's item cache: it keeps misses too, and hears of no write but its own region's."""

    def __init__(self, world: World, fresh_for: float = KEPT_FOR) -> None:
        self._world = world
        self._fresh_for = fresh_for
        self._kept: dict[str, tuple[float, Stored | None]] = {}

    def get(self, key: str, ask: Callable[[], Stored | None]) -> Stored | None:
        """What is kept, or what the table says, which is then kept."""
        until, value = self._kept.get(key, (-1.0, None))
        if until > self._world.now:
            return value
        value = ask()
        self.keep(key, value)
        return value

    def keep(self, key: str, value: Stored | None) -> None:
        """Have this for a while."""
        self._kept[key] = (self._world.now + self._fresh_for, value)


class SimLinks:
    """Links of the replica in one region, for an app in one region; both may be the same."""

    def __init__(
        self, world: World, network: Network, here: str, replica: Replica, dax: Dax | None = None
    ) -> None:
        self._world, self._network = world, network
        self._here, self._replica, self._dax = here, replica, dax

    def _call(self, work: Callable[[], T]) -> T:
        return self._network.call(self._here, self._replica.region, work)

    def get(self, key: str, *, consistent: bool = False) -> Link | None:
        def ask() -> Stored | None:
            return self._call(lambda: self._replica.get(key))

        found = ask() if consistent or self._dax is None else self._dax.get(key, ask)
        return found and found.link

    def current(self, key: str) -> Link | None:
        return self.get(key, consistent=True)

    def seek(self, key: str) -> Link | None:
        return self.get(key, consistent=True)

    def create(self, key: str, link: Link) -> None:
        there = self._put(key, link, lambda it: is_free(it and it.link, link.updated_at))
        if there is not None:
            raise taken_by(there.link, link)

    def replace(self, key: str, link: Link) -> None:
        def is_before(it: Stored | None) -> bool:
            return it is not None and not it.link.deleted_at and it.link.version == link.version - 1

        if self._put(key, link, is_before) is not None:
            raise Stale("Changed by someone else.")

    def _put(self, key: str, link: Link, may: Callable[[Stored | None], bool]) -> Stored | None:
        """Put it on condition; what is there instead. A lost answer has it sent once more."""
        stored = Stored(link, self._world.chance.getrandbits(64))

        def put() -> Stored | None:
            there = self._replica.get(key)
            if there is not None and there.write_id == stored.write_id:
                return None
            if not may(there):
                return there or stored
            self._replica.put(key, stored)
            return None

        try:
            refused = self._call(put)
        except Unavailable:
            refused = self._call(put)
        if refused is None and self._dax is not None:
            self._dax.keep(key, stored)
        return refused

    def page(self, workspace: str, query: ListQuery) -> Page:
        del query
        items = self._replica.items.values()
        links = [one.value.link for one in items if one.value.link.workspace == workspace]
        return Page(tuple(link for link in links if not link.deleted_at), None)


class SimCounters:
    """Counters in the replica of one region, for an app in one region: the `CounterStore` over it."""

    def __init__(self, network: Network, here: str, replica: Replica) -> None:
        self._network, self._here, self._replica = network, here, replica

    def add(
        self, name: str, amount: int, *, until: datetime | None = None, most: int | None = None
    ) -> int | None:
        del until

        def add() -> int | None:
            total = (self._replica.get(f"counter#{name}") or 0) + amount
            if most is not None and total > most:
                return None
            self._replica.put(f"counter#{name}", total)
            return total

        return self._network.call(self._here, self._replica.region, add)

    def read(self, name: str) -> int:
        def read() -> int:
            return self._replica.get(f"counter#{name}") or 0

        return self._network.call(self._here, self._replica.region, read)


class SimClaims:
    """Idempotency keys in the replica of an app's own region: the `ClaimStore` over it."""

    def __init__(self, world: World, network: Network, here: str, replica: Replica) -> None:
        self._world, self._network, self._here, self._replica = world, network, here, replica

    def _call(self, work: Callable[[], T]) -> T:
        return self._network.call(self._here, self._replica.region, work)

    def find(self, workspace: str, key: str, now: datetime) -> Claim | None:
        del now
        return self._call(lambda: self._replica.get(_claim(workspace, key)))

    def claim(self, workspace: str, key: str, claim: Claim) -> Claim | None:
        def put() -> Claim:
            there: Claim | None = self._replica.get(_claim(workspace, key))
            if there is None:
                self._replica.put(_claim(workspace, key), claim)
            return there or claim

        return self._call(put)

    def release(self, workspace: str, key: str, claim: Claim, now: datetime) -> None:
        del now

        def free() -> None:
            if self._replica.get(_claim(workspace, key)) == claim:
                self._replica.put(_claim(workspace, key), None)

        self._call(free)


def _claim(workspace: str, key: str) -> str:
    return f"claim#{workspace}#{key}"
