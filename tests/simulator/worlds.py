"""A world with a clock of its own: what happens in it is decided by a seed, and by nothing else.

Code that knows nothing of it runs in tasks (greenlets). Whatever takes time there hands over to the
world, which goes on with whoever is due next. So a thousand hours take no time, and a run is the
same each time.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from itertools import count
from random import Random

from greenlet import getcurrent, greenlet


BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)


class Crash(BaseException):
    """The process that a task ran in is gone; nothing of it goes on."""


class World:
    """Time, chance, and the tasks that wait for their time. Times are seconds since it began."""

    def __init__(self, seed: int) -> None:
        self.chance = Random(seed)  # noqa: S311 - it decides a simulation, and no secret
        self.now = 0.0
        self._due: list[tuple[float, int, greenlet]] = []
        self._order = count()

    def spawn(self, work: Callable[[], None], after: float = 0.0) -> None:
        """Begin a task after so many seconds; what it raises ends the run."""
        self._wait(greenlet(work), after)

    def _wait(self, task: greenlet, seconds: float) -> None:
        heappush(self._due, (self.now + seconds, next(self._order), task))

    def sleep(self, seconds: float) -> None:
        """Let so many seconds pass for the task that calls."""
        task = getcurrent()
        self._wait(task, seconds)
        task.parent.switch()

    def run(self, until: float = float("inf")) -> None:
        """Go on until nobody waits any more, or until a time."""
        while self._due and self._due[0][0] <= until:
            self.now, _, task = heappop(self._due)
            task.parent = getcurrent()
            task.switch()

    def at(self, seconds: float) -> datetime:
        """A time of this world as a date."""
        return BEGINNING + timedelta(seconds=seconds)

    def clock(self) -> datetime:
        """What a right clock shows."""
        return self.at(self.now)
