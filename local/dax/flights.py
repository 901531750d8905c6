"""Requests that are under way to DynamoDB, so that an old answer never overwrites a newer one."""

from collections.abc import Hashable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass(eq=False)
class Flight:
    """One request under way, over some keys."""

    writes: bool
    spoiled: set[Hashable] = field(default_factory=set)

    def alone(self, key: Hashable) -> bool:
        """Whether no write of this key met it, so that what it brings is the last word."""
        return key not in self.spoiled


class Flights:
    """All requests under way in a cluster, by key."""

    def __init__(self) -> None:
        self._over: dict[Hashable, list[Flight]] = {}

    @contextmanager
    def over(self, keys: Iterable[Hashable], *, writes: bool) -> Iterator[Flight]:
        """A flight over keys. A write spoils whatever it meets; two writes spoil each other."""
        flight, keys = Flight(writes), list(keys)
        for key in keys:
            self._meet(flight, key)
        try:
            yield flight
        finally:
            for key in keys:
                self._over[key].remove(flight)
                if not self._over[key]:
                    del self._over[key]

    def _meet(self, flight: Flight, key: Hashable) -> None:
        others = self._over.setdefault(key, [])
        if any(other.writes for other in others):
            flight.spoiled.add(key)
        if flight.writes:
            for other in others:
                other.spoiled.add(key)
        others.append(flight)
