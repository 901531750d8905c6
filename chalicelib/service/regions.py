"""The regions of a deployment, as one of them sees the others: whose home is where, now."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from chalicelib.core.errors import Unavailable
from chalicelib.core.homes import Absence, home_at
from chalicelib.service.ports import Clock


MOVES = "The home of this is being moved to another region; please try again."


@dataclass(frozen=True, slots=True)
class Regions:
    """`here` is this region, `every` are all that hold the table, this one among them.

    `absences` tells which of them are no homes, or won't be; Unavailable when that is not known.
    """

    here: str
    every: tuple[str, ...]
    absences: Callable[[], Sequence[Absence]]
    clock: Clock

    @property
    def others(self) -> tuple[str, ...]:
        """All regions but this one."""
        return tuple(region for region in self.every if region != self.here)

    def home_of(self, key: str) -> str:
        """The only region that may accept a create or a change of what has this key.

        Unavailable while it moves: nobody may then.
        """
        home = home_at(key, self.every, self.absences(), self.clock())
        if home is None:
            raise Unavailable(MOVES)
        return home

    def is_here(self, key: str) -> bool:
        """Whether this region is the home of the key."""
        return self.home_of(key) == self.here


def one_region(here: str, clock: Clock) -> Regions:
    """The regions of a deployment that has one."""
    return Regions(here, (here,), lambda: (), clock)
