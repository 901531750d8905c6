"""Replicas of one table, as DynamoDB's global tables have them: the last writer wins."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from tests.simulator.networks import Network
from tests.simulator.worlds import World


class Stamp(NamedTuple):
    """Which of two writes is the later one, in every region alike."""

    at: float
    region: str


class Write(NamedTuple):
    """One write as it was made: what it left, and where and when it was made."""

    key: str
    value: Any
    stamp: Stamp


class Replica:
    """One region's copy.

    `written` are the writes made here, `seen` all that it ever held, and since when.
    """

    def __init__(self, region: str, clock: Callable[[], float], wall: Callable[[], float]) -> None:
        self.region = region
        self._wall = wall
        self.items: dict[str, Write] = {}
        self.written: list[Write] = []
        self.seen: list[tuple[float, Write]] = []
        self._clock = clock

    def get(self, key: str) -> Any:
        """What is there; None when there is nothing."""
        found = self.items.get(key)
        return found.value if found else None

    def put(self, key: str, value: Any) -> Write:
        """Write here: it is later than what it replaces, whatever the clock says."""
        before = self.items.get(key)
        at = max(self._clock(), before.stamp.at + 1e-6) if before else self._clock()
        write = Write(key, value, Stamp(at, self.region))
        self.written.append(write)
        self._keep(write)
        return write

    def apply(self, write: Write) -> None:
        """Take what another region wrote, unless what is here is later."""
        there = self.items.get(write.key)
        if there is None or write.stamp > there.stamp:
            self._keep(write)

    def _keep(self, write: Write) -> None:
        self.items[write.key] = write
        self.seen.append((self._wall(), write))


class GlobalTable:
    """The replicas, and what carries writes between them: late, in order, twice at times."""

    def __init__(
        self,
        world: World,
        network: Network,
        regions: tuple[str, ...],
        replica: type[Replica] = Replica,
    ) -> None:
        self._world, self._network = world, network
        self.skew = dict.fromkeys(regions, 0.0)
        self.lag = dict.fromkeys(regions, 1.0)  # how late a region hears of others
        self.replicas = {
            region: replica(region, self._clock_of(region), lambda: world.now) for region in regions
        }
        self._sent = {(a, b): 0 for a in regions for b in regions if a != b}

    def _clock_of(self, region: str) -> Callable[[], float]:
        return lambda: self._world.now + self.skew[region]

    def replicate(self, until: float) -> None:
        """Carry writes until a time; a task of the world."""
        while self._world.now < until:
            for pair in self._sent:
                self._carry(*pair)
            self._world.sleep(0.1)

    def _carry(self, source: str, target: str) -> None:
        if not self._network.reaches(source, target):
            return
        written = self.replicas[source].written
        position = self._sent[source, target]
        while position < len(written) and self._is_due(written[position], source, target):
            self.replicas[target].apply(written[position])
            position += 1
        again = self._world.chance.random() < 0.05
        self._sent[source, target] = max(0, position - 1) if again else position

    def _is_due(self, write: Write, source: str, target: str) -> bool:
        sent_at = write.stamp.at - self.skew[source]
        return sent_at + self.lag[target] <= self._world.now

    def only_in(self, region: str) -> Iterator[tuple[str, Write]]:
        """The items of a region that not every other region has."""
        others = [one for name, one in self.replicas.items() if name != region]
        for key, write in self.replicas[region].items.items():
            if any(one.items.get(key) != write for one in others):
                yield key, write

    def catch_up(self) -> None:
        """Carry all that is left, at once."""
        for source, target in self._sent:
            for write in self.replicas[source].written:
                self.replicas[target].apply(write)

    def are_equal(self) -> bool:
        """Whether all regions have the same."""
        first, *rest = (one.items for one in self.replicas.values())
        return all(one == first for one in rest)
