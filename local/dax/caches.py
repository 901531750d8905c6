"""A cache with an age, a number of entries and a number of bytes that it may not exceed."""

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Generic, TypeVar


Value = TypeVar("Value")
Clock = Callable[[], float]
NEVER = float("inf")


@dataclass
class Cache(Generic[Value]):
    """Values by key; what was not used for longest goes first."""

    fresh_for: float  # seconds; NEVER where only writes and a lack of space end an entry
    entries: int  # at most; 0 keeps nothing
    size: int  # bytes, at most
    clock: Clock = time.monotonic
    used: int = 0  # bytes
    _held: OrderedDict[Hashable, tuple[float, int, Value]] = field(default_factory=OrderedDict)

    def get(self, key: Hashable) -> Value | None:
        """The value, unless there is none that is fresh."""
        held = self._held.get(key)
        if held is None:
            return None
        until, _, value = held
        if self.clock() >= until:
            self.drop(key)
            return None
        self._held.move_to_end(key)
        return value

    def put(self, key: Hashable, value: Value, size: int) -> None:
        """Keep a value of `size` bytes in place of what was there."""
        self.drop(key)
        self._held[key] = (self.clock() + self.fresh_for, size, value)
        self.used += size
        while self._held and (len(self._held) > self.entries or self.used > self.size):
            self.drop(next(iter(self._held)))

    def drop(self, key: Hashable) -> None:
        """Keep it no longer."""
        held = self._held.pop(key, None)
        if held:
            self.used -= held[1]

    def clear(self) -> None:
        """Keep nothing."""
        self._held.clear()
        self.used = 0

    def __len__(self) -> int:
        return len(self._held)
