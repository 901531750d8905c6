"""What a process remembers for some seconds: bounded in time and in number, safe under threads."""

from datetime import datetime, timedelta
from threading import Lock
from typing import Generic, TypeVar


T = TypeVar("T")


class Memo(Generic[T]):
    """Values by name, each trusted for `fresh_for`; the oldest gives way when there are `most`."""

    def __init__(self, fresh_for: timedelta, most: int) -> None:
        self._fresh_for = fresh_for
        self._most = most
        self._values: dict[str, tuple[datetime, T]] = {}
        self._lock = Lock()

    def get(self, name: str, now: datetime) -> T | None:
        """The value when it is still to be trusted."""
        since, value = self._values.get(name, (None, None))
        # A clock that was set back must not make a value live longer.
        fresh = since is not None and since <= now < since + self._fresh_for
        return value if fresh else None

    def put(self, name: str, value: T, since: datetime) -> None:
        """Remember a value that was true at `since`."""
        with self._lock:
            self._values.pop(name, None)
            while len(self._values) >= self._most:
                del self._values[next(iter(self._values))]
            self._values[name] = (since, value)

    def forget(self, name: str) -> None:
        """Trust the value no longer."""
        with self._lock:
            self._values.pop(name, None)
