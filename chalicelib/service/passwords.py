"""Tries of a link's password: so few wrong ones that guessing takes longer than it is worth.

Every try is counted before it is made, under a condition, so that tries at the same time can't
slip through together; right ones are counted as well, and make room again. What can't be counted
is not tried. Each of several regions counts by itself, so that none of them needs another one, and
has its share of what a link allows: so many regions allow no more of it than one.
"""

import hashlib
import hmac
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from time import sleep
from typing import NamedTuple

from chalicelib.core.errors import Unavailable
from chalicelib.core.hosts import network_of
from chalicelib.core.links import Link
from chalicelib.core.locks import Hold
from chalicelib.core.passwords import is_password
from chalicelib.core.times import sortable_time
from chalicelib.service.ports import Clock, CounterStore


class Limit(NamedTuple):
    """So many wrong tries of one link within so many seconds."""

    wrong: int
    within: int


# Seconds in which a try that is under way comes to its end: many at once may all be right.
SETTLES_WITHIN = 0.6
PER_VISITOR = Limit(10, 10 * 60)
PER_LINK = Limit(100, 60 * 60)


class _Window(NamedTuple):
    """What is left of a limit: the counters of its current window, and when that ends."""

    limit: Limit
    tried: str
    right: str
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class PasswordTries:
    """Passwords tried by visitors; `secret` hides their addresses from who reads the table.

    Of a link's tries this region has one share of so many.
    """

    counters: CounterStore
    clock: Clock
    secret: bytes
    pause: Callable[[float], None] = sleep
    shares: int = 1

    def hold(self, key: str, link: Link, given: str, address: str) -> Hold | None:
        """Why the visitor at `address` is not let through to the link; None when they are.

        Unavailable when the tries can't be counted.
        """
        now = self.clock()
        windows = tuple(self._windows(key, link, address, now))
        for window in windows:
            if not self._has_room(window):
                return Hold("tries", max(1, int((window.ends_at - now).total_seconds()) + 1))
        if link.password is None or not is_password(given, link.password):
            return Hold("wrong")
        with suppress(Unavailable):  # it was right, whether or not its try is given back
            self._make_room(windows)
        return None

    def _has_room(self, window: _Window) -> bool:
        """Whether a try is left. Those under way count as wrong, until they are given back."""
        right = self.counters.read(window.right)
        while not self._try(window, right):
            self.pause(SETTLES_WITHIN)
            before, right = right, self.counters.read(window.right)
            if right <= before:
                return False
        return True

    def _try(self, window: _Window, right: int) -> bool:
        most = window.limit.wrong + right
        return self.counters.add(window.tried, 1, until=window.ends_at, most=most) is not None

    def _make_room(self, windows: tuple[_Window, ...]) -> None:
        for window in windows:
            self.counters.add(window.right, 1, until=window.ends_at)

    def _windows(self, key: str, link: Link, address: str, now: datetime) -> Iterator[_Window]:
        # The slug's key first, as in all of a link's counters: their home is the slug's.
        # The seal's, so that a new password is tried anew.
        of = hashlib.sha256(str(link.password).encode()).hexdigest()[:12]
        named = f"{key}#{sortable_time(link.created_at)}#{of}"
        whose = hmac.digest(self.secret, f"{named}#{network_of(address)}".encode(), "sha256").hex()
        # A visitor is as a rule in one region; those of one link are in all.
        per_link = PER_LINK._replace(wrong=max(1, PER_LINK.wrong // self.shares))
        for limit, name in ((PER_VISITOR, f"{named}#{whose[:32]}"), (per_link, named)):
            number = int(now.timestamp()) // limit.within
            ends_at = datetime.fromtimestamp((number + 1) * limit.within, UTC)
            yield _Window(limit, f"{name}#tried#{number}", f"{name}#right#{number}", ends_at)
