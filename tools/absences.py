"""The item of absences in the table of each region: read, written everywhere, seen to arrive."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import TypeVar

from chalicelib.core.errors import EverhopError, Stale, Unavailable
from chalicelib.core.homes import Absence
from chalicelib.store.absences import (
    AbsencesItem,
    Known,
    from_text,
    read_absences,
    to_text,
    write_absences,
)
from chalicelib.store.models import bind, bind_beside
from tools.aws_errors import AWS_ERRORS, sentence_for
from tools.client import CannotRun


Absences = tuple[Absence, ...]
T = TypeVar("T")
_PAUSE = 0.5


class Timing:
    """The operator's clock, and patience."""

    def now(self) -> datetime:
        """The time, in UTC."""
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        time.sleep(seconds)

    def wait_until(self, moment: datetime, what: str) -> None:
        """Let time pass until then, and say every few seconds how much is left."""
        while (left := (moment - self.now()).total_seconds()) > 0:
            print(f"  {left:4.0f} s until {what}", flush=True)
            self.sleep(min(left, 5.0))


class Overtaken(CannotRun):
    """Somebody else changed the absences meanwhile."""


class RegionTables:
    """The item in the tables of some regions; `endpoints` where they are not AWS's own.

    Its calls raise CannotRun with one sentence.
    """

    def __init__(
        self, table: str, regions: Sequence[str], endpoints: Mapping[str, str] | None = None
    ) -> None:
        self.regions = tuple(regions)
        at = endpoints or {}
        self._models = {
            region: bind_beside(AbsencesItem, bind(table, region, at.get(region)))
            for region in regions
        }

    def read(self, region: str) -> Known:
        """What a region knows."""
        return _asking(region, lambda: read_absences(self._models[region]))

    def newest(self, regions: Iterable[str] | None = None) -> Known:
        """What the one of the regions knows that heard of the last change."""
        asked = self.regions if regions is None else regions
        return max((self.read(region) for region in asked), key=lambda known: known.epoch)

    def write(self, absences: Absences, regions: Sequence[str] | None = None) -> Known:
        """Have all these regions know it; when one can't, those that did know it no longer."""
        asked = self.regions if regions is None else tuple(regions)
        before = self.newest(asked)
        # As they are read back: replication may have brought them before, and that is no
        # contradiction.
        after = Known(before.epoch + 1, from_text(to_text(absences)))
        written: list[str] = []
        try:
            for region in asked:
                # Before the answer, as a write whose answer is lost may have arrived.
                written.append(region)
                self._put(region, after)
        except CannotRun as error:
            if isinstance(error, Overtaken):
                del written[-1]
            for region in written:
                with suppress(CannotRun):
                    self._put(region, Known(after.epoch + 1, before.absences))
            raise
        return after

    def tell(self, region: str, known: Known) -> bool:
        """Have one region know what the others know, if it answers; whether it does."""
        try:
            self._put(region, known)
        except CannotRun:
            return False
        return True

    def _put(self, region: str, known: Known) -> None:
        model = self._models[region]
        _asking(region, lambda: write_absences(model, known.absences, known.epoch))

    def await_arrival(self, source: str, targets: Sequence[str], patience: float) -> None:
        """See a change of the item arrive by replication; it is written at `source` alone."""
        known = self.read(source)
        epoch = max(known.epoch, *(self.read(it).epoch for it in targets)) + 1
        self._put(source, Known(epoch, known.absences))
        until = time.monotonic() + patience
        for target in targets:
            while self.read(target).epoch < epoch:
                if time.monotonic() > until:
                    raise CannotRun(
                        f"What is written in {source} has not arrived in {target} after "
                        f"{patience:.0f} s: the two are still apart. Try again later."
                    )
                time.sleep(_PAUSE)


def _asking(region: str, call: Callable[[], T]) -> T:
    try:
        return call()
    except Unavailable:
        raise CannotRun(f"The table in {region} does not answer.") from None
    except Stale as error:
        raise Overtaken(f"{region}: {error} Somebody else changed them; try again.") from None
    except EverhopError as error:
        raise CannotRun(f"{region}: {error}") from None
    except AWS_ERRORS as error:
        raise CannotRun(f"{region}: {sentence_for(error)}") from None
