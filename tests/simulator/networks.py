"""The network between regions: how long a call takes, and whether it or its answer is lost."""

from collections.abc import Callable
from typing import TypeVar

from chalicelib.core.errors import Unavailable
from tests.simulator.worlds import Crash, World


T = TypeVar("T")
NEAR, FAR = 0.002, 0.06
TIMES_OUT = 1.0


class Network:
    """Calls of apps to tables. `down` are regions that answer nothing; `cut` are pairs of regions.

    `lossy` is the chance that a call fails though nothing is down, `crashy` that the caller ends.
    """

    def __init__(self, world: World, *, lossy: float = 0.0, crashy: float = 0.0) -> None:
        self._world = world
        self.down: set[str] = set()
        self.cut: set[tuple[str, str]] = set()
        self.lossy, self.crashy = lossy, crashy

    def reaches(self, one: str, other: str) -> bool:
        """Whether what is sent from one region arrives in the other."""
        return not {one, other} & self.down and (one, other) not in self.cut

    def call(self, here: str, there: str, work: Callable[[], T]) -> T:
        """What `work` comes to in the other region; Unavailable when that is not heard of.

        It may have been done all the same: also a call whose answer was lost is Unavailable.
        """
        self._travel(here, there)
        result = work()
        self._travel(there, here)
        return result

    def _travel(self, one: str, other: str) -> None:
        chance = self._world.chance
        if chance.random() < self.crashy:
            raise Crash
        lost = chance.random() < self.lossy
        self._world.sleep((NEAR if one == other else FAR) * chance.uniform(0.5, 1.5))
        if lost or not self.reaches(one, other):
            self._world.sleep(TIMES_OUT)
            raise Unavailable("Nothing was heard of it.")
