"""A circuit breaker: what failed is left alone for a while, then tried by one at a time."""

import time
from collections.abc import Callable
from threading import Lock


OPEN_FOR = 5.0  # seconds


class Breaker:
    """Open at first, and due: nothing is trusted before somebody tried it. Safe under threads.

    `clock()` is in seconds; it need not know the time of day.
    """

    def __init__(
        self, open_for: float = OPEN_FOR, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._open_for = open_for
        self._clock = clock
        self._lock = Lock()
        self._is_closed = False
        self._due_at = clock()
        self._is_probed = False

    @property
    def is_closed(self) -> bool:
        """Whether anyone may go on as usual."""
        return self._is_closed

    def take_probe(self) -> bool:
        """Half-open: True for one caller, who then says `close` or `open`; False for all others."""
        with self._lock:
            if self._is_closed or self._is_probed or self._clock() < self._due_at:
                return False
            self._is_probed = True
            return True

    def close(self) -> None:
        """It works."""
        with self._lock:
            self._is_closed, self._is_probed = True, False

    def open(self, open_for: float | None = None) -> None:
        """It does not; the next probe is due after `open_for` seconds."""
        with self._lock:
            wait = self._open_for if open_for is None else open_for
            self._is_closed, self._is_probed = False, False
            self._due_at = self._clock() + wait
