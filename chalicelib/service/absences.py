"""What a process knows of absences: asked for every few seconds, and trusted a little longer."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

from chalicelib.core.errors import Unavailable
from chalicelib.core.homes import MOVES_FOR, Absence
from chalicelib.service.ports import Clock


FRESH_FOR = timedelta(seconds=5)
# Who knows of a change later than that could take itself, or another, for a home that has moved.
TRUSTED_FOR = MOVES_FOR


class _Learned(NamedTuple):
    absences: tuple[Absence, ...]
    as_of: datetime

    def is_within(self, limit: timedelta, now: datetime) -> bool:
        """Whether it is younger; a clock that was set back must not make it last longer."""
        return self.as_of <= now < self.as_of + limit


class KnownAbsences:
    """Calls `read()` when what is known is older than FRESH_FOR; safe under threads.

    What was last known stands in when that raises Unavailable, but no longer than TRUSTED_FOR.
    """

    def __init__(self, read: Callable[[], tuple[Absence, ...]], clock: Clock) -> None:
        self._read = read
        self._clock = clock
        self._learned: _Learned | None = None

    def __call__(self) -> tuple[Absence, ...]:
        """The absences; Unavailable when they are not known."""
        now, learned = self._clock(), self._learned
        if learned and learned.is_within(FRESH_FOR, now):
            return learned.absences
        try:
            # As of before it was asked: what changes meanwhile may be missing.
            self._learned = _Learned(self._read(), now)
        except Unavailable:
            if learned is None or not learned.is_within(TRUSTED_FOR, now):
                raise
            return learned.absences
        return self._learned.absences
