"""Counters in this process's memory, beside the links of `memory`. Gone when it ends."""

from datetime import datetime
from threading import Lock


class CounterMemory:
    """The `CounterStore` over a dict; what is to be swept stays until the process ends."""

    def __init__(self) -> None:
        self._totals: dict[str, int] = {}
        self._lock = Lock()

    def add(
        self,
        name: str,
        amount: int,
        *,
        until: datetime | None = None,  # noqa: ARG002
        most: int | None = None,
    ) -> int | None:
        """See CounterStore."""
        with self._lock:
            total = self._totals.get(name, 0) + amount
            if most is not None and total > most:
                return None
            self._totals[name] = total
            return total

    def read(self, name: str) -> int:
        """See CounterStore."""
        return self._totals.get(name, 0)
