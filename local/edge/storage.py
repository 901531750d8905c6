"""What one place keeps: answers by key, up to so many bytes; the least used gives way."""

from collections import OrderedDict
from dataclasses import dataclass

from local.edge.cache_keys import Key
from local.edge.freshness import Stay
from local.edge.invalidations import invalidated
from local.edge.messages import Response, pairs_of


_PER_ENTRY = 512  # bytes that an entry takes beside its text
_REMEMBERED = 1000  # invalidations, for answers that were under way when one came


@dataclass(slots=True)
class Entry:
    """One kept answer. Times are of a clock that never goes backwards."""

    response: Response
    stay: Stay
    stored_at: float
    age: float = 0.0  # seconds it was old when it was stored
    ask_after: float = 0.0  # the origin failed: until then it is not asked again

    def age_at(self, now: float) -> float:
        """Seconds since the origin made it."""
        return self.age + now - self.stored_at

    def left_at(self, now: float) -> float:
        """Seconds that it is still fresh; less than zero when it is not."""
        return self.stay.fresh_for - self.age_at(now)

    def may_wait(self, now: float) -> bool:
        """Whether it may be told, stale as it is, while the origin is asked."""
        return -self.left_at(now) <= self.stay.while_asking and self.stay.while_asking > 0

    def may_stand_in(self, now: float) -> bool:
        """Whether it may be told, stale as it is, in place of an error."""
        return -self.left_at(now) <= self.stay.on_error and self.stay.on_error > 0


class Storage:
    """Entries by key. Not for threads: one loop owns it."""

    def __init__(self, capacity: int = 256 * 1024 * 1024) -> None:
        self._capacity = capacity
        self._entries: OrderedDict[Key, Entry] = OrderedDict()
        self._used = 0
        self._invalidated: list[tuple[float, str]] = []

    @property
    def size(self) -> tuple[int, int]:
        """How many answers it keeps, and their bytes."""
        return len(self._entries), self._used

    def find(self, key: Key) -> Entry | None:
        """What is kept under this key, fresh or not."""
        entry = self._entries.get(key)
        if entry is not None:
            self._entries.move_to_end(key)
        return entry

    def keep(self, key: Key, entry: Entry, asked_at: float) -> bool:
        """Keep it, unless it was invalidated since it was asked for, or is too large."""
        size = _size(key, entry)
        if size > self._capacity or self._is_outdated(key, asked_at):
            return False
        self.drop(key)
        self._entries[key] = entry
        self._used += size
        while self._used > self._capacity:
            self.drop(next(iter(self._entries)))
        return True

    def drop(self, key: Key) -> None:
        """Forget what is under this key, if there is anything."""
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._used -= _size(key, entry)

    def invalidate(self, pattern: str, now: float) -> int:
        """Forget what the pattern means; how many answers that were."""
        self._invalidated = [*self._invalidated[-_REMEMBERED + 1 :], (now, pattern)]
        gone = [key for key in self._entries if means(pattern, key)]
        for key in gone:
            self.drop(key)
        return len(gone)

    def _is_outdated(self, key: Key, asked_at: float) -> bool:
        return any(at >= asked_at and means(one, key) for at, one in self._invalidated)


def means(pattern: str, key: Key) -> bool:
    """Whether an invalidation's pattern means what is under this key."""
    return invalidated(pattern, key[1] or "", key[2] or "")


def _size(key: Key, entry: Entry) -> int:
    headers = sum(len(name) + len(value) + 4 for name, value in pairs_of(entry.response.headers))
    names = sum(len(one or "") for one in key)
    return len(entry.response.body) + headers + names + _PER_ENTRY
