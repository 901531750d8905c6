"""How many requests a key may make in a minute, counted by many processes that share no memory.

A process counts the first hundredth of the quota by itself. Then it takes such shares from the
key's counter in the table, which never gives out more than the quota. So a key that is used now
and then costs no write at all, a busy one a write in a share's worth of requests, and the limit is
right to within a share for each process that the key's requests reach at the same time.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock

from chalicelib.core.errors import Unavailable
from chalicelib.core.limits import Standing, Window, share_of, window_at
from chalicelib.service.ports import Clock, CounterStore
from chalicelib.service.threads import ask_within


# A limit must not take the API down: a counter that does not answer is not waited for, and then
# not asked for a while, in which each process holds the key to the quota by its own count.
PATIENCE = 0.5  # seconds
SILENT_FOR = timedelta(seconds=10)
_KEPT_FOR = timedelta(minutes=1)  # beyond the window, as the clocks of two processes differ


@dataclass(slots=True)
class _Count:
    """One key's requests in this window, as far as this process knows.

    `used` of the `granted` requests were made, `owed` of those granted are not in the counter yet;
    `total` are granted by all processes together.
    """

    granted: int
    owed: int
    total: int
    used: int = 0
    full: bool = False


class Limiter:
    """Holds each key to `quota` requests a minute in this region; 0 is no limit."""

    def __init__(
        self,
        counters: CounterStore,
        quota: int,
        region: str,
        clock: Clock,
        patience: float = PATIENCE,
    ) -> None:
        self._counters = counters
        self._quota = quota
        self._region = region
        self._clock = clock
        self._patience = patience
        self._free = share_of(quota)
        self._lock = Lock()
        self._window = -1
        self._counts: dict[str, _Count] = {}
        self._silent_since: datetime | None = None

    def count(self, key_id: str) -> Standing | None:
        """Count one request of this key and say where that leaves it; None without a limit."""
        if not self._quota:
            return None
        now = self._clock()
        window = window_at(now)
        count = self._count_of(key_id, window)
        allowed = self._use(count) or (not count.full and self._grow(count, key_id, window, now))
        left = self._quota - count.total + count.granted - count.used
        remaining = max(0, left) if allowed else 0
        return Standing(allowed, self._quota, remaining, window.left)

    def _count_of(self, key_id: str, window: Window) -> _Count:
        with self._lock:
            if window.number != self._window:
                self._window, self._counts = window.number, {}
            new = _Count(granted=self._free, owed=self._free, total=self._free)
            return self._counts.setdefault(key_id, new)

    def _use(self, count: _Count) -> bool:
        with self._lock:
            if count.used >= count.granted:
                return False
            count.used += 1
            return True

    def _grow(self, count: _Count, key_id: str, window: Window, now: datetime) -> bool:
        """Have a share granted, or one request when that is too much, and use one of it."""
        with self._lock:
            owed, count.owed = count.owed, 0
        share = max(1, self._free)
        name = f"limit#{self._region}#{key_id}#{window.number}"
        try:
            for more in dict.fromkeys((share, 1)):
                total = self._add(name, owed + more, window, now)
                if total is not None:
                    return self._grant(count, more, total)
        except Unavailable:
            return self._grant(count, min(share, self._quota - count.granted), count.total + share)
        count.full = True
        return False

    def _grant(self, count: _Count, more: int, total: int) -> bool:
        with self._lock:
            count.granted += more
            count.total = max(count.total, total)
            # Used at once, or other threads could use up what this one asked for.
            count.used += bool(more)
            return more > 0

    def _add(self, name: str, amount: int, window: Window, now: datetime) -> int | None:
        since = self._silent_since
        if since is not None and since <= now < since + SILENT_FOR:
            raise Unavailable("The counter did not answer a moment ago.")
        until = window.ends_at + _KEPT_FOR
        try:
            return ask_within(
                self._patience,
                lambda: self._counters.add(name, amount, until=until, most=self._quota),
            )
        except Unavailable:
            self._silent_since = now
            raise
