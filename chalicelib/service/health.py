"""Whether this region can do its work: the checks that the wiring names, each with little time."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from threading import Lock

from chalicelib.core.errors import Unavailable
from chalicelib.service.memos import Memo
from chalicelib.service.ports import Clock
from chalicelib.service.threads import ask_within


Ask = Callable[[], object]  # raises Unavailable when what it asks is away
# Anyone may ask for the health, so asking often must not become asking the table often.
FRESH_FOR = timedelta(seconds=1)
PATIENCE = 1.0  # seconds; under what monitors and failover wait


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at, and how long it took to answer or to be given up."""

    name: str
    is_ok: bool
    took_ms: float


class HealthService:
    """Looks at everything by name; what it saw is good for a second."""

    def __init__(self, asks: Mapping[str, Ask], clock: Clock, patience: float = PATIENCE) -> None:
        self._asks = asks
        self._clock = clock
        self._patience = patience
        self._seen: Memo[tuple[Check, ...]] = Memo(FRESH_FOR, 1)
        self._lock = Lock()

    def check(self) -> tuple[Check, ...]:
        """All checks, in the order in which they were named."""
        # Held while looking: of many who ask at once, one looks and the others hear of it.
        with self._lock:
            seen = self._seen.get("", self._clock())
            if seen is None:
                seen = tuple(self._look(name, ask) for name, ask in self._asks.items())
                self._seen.put("", seen, self._clock())
            return seen

    def _look(self, name: str, ask: Ask) -> Check:
        started = time.perf_counter()
        try:
            ask_within(self._patience, ask)
            is_ok = True
        except Unavailable:
            is_ok = False
        took = (time.perf_counter() - started) * 1000
        return Check(name, is_ok, round(took, 1))
