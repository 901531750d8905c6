"""How often a link that has a limit was followed: about, beside the answer, or exactly, before it.

The count begins when the link gets its limit, and is one for both ways, so that either may take
over from the other. The counter's name begins with the slug's key: its home is the slug's.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from chalicelib.core.links import Link
from chalicelib.core.times import sortable_time
from chalicelib.service.memos import Memo
from chalicelib.service.ports import Clock, CounterStore
from chalicelib.service.threads import wait_briefly


FRESH_FOR = timedelta(seconds=1)
REMEMBERED = 1000
T = TypeVar("T")


class ClickLimits:
    """Counts the clicks of links that have `max_clicks`; of others it is never asked.

    A bug in counting about is handed to `report`, and lets the visitor through.
    """

    def __init__(
        self, counters: CounterStore, clock: Clock, report: Callable[[Exception], None]
    ) -> None:
        self._counters = counters
        self._clock = clock
        self._report = report
        self._totals: Memo[int] = Memo(FRESH_FOR, REMEMBERED)

    def take(self, key: str, link: Link) -> bool:
        """Use up a click of the link with this slug key; whether there was one left.

        Unavailable when that can't be told of an exact limit. Any other lets through whom it is
        not sure of, within `threads.WAITED`.
        """
        name, most = counter_of(key, link), link.max_clicks or 0
        if link.is_counted_exactly:
            return self._add(name, most) is not None
        return self._about(lambda: self._count(name, most)) is not False

    def is_used_up(self, key: str, link: Link) -> bool:
        """Whether no click is left, as far as that is known within `threads.WAITED`."""
        name, most = counter_of(key, link), link.max_clicks or 0
        return self._about(lambda: self._total(name) >= most) is True

    def _about(self, work: Callable[[], T]) -> T | None:
        try:
            return wait_briefly(work)
        except Exception as bug:  # noqa: BLE001 - a redirect never fails because of counting
            self._report(bug)
            return None

    def _count(self, name: str, most: int) -> bool:
        if self._total(name) >= most:
            return False
        return self._add(name, None) is not None

    def _add(self, name: str, most: int | None) -> int | None:
        total = self._counters.add(name, 1, most=most)
        known = most if total is None else total
        self._totals.put(name, known or 0, self._clock())
        return total

    def _total(self, name: str) -> int:
        now = self._clock()
        total = self._totals.get(name, now)
        if total is None:
            total = self._counters.read(name)
            self._totals.put(name, total, now)
        return total


def counter_of(key: str, link: Link) -> str:
    """The counter of this link, and of none that has its slug after it."""
    return f"{key}#{sortable_time(link.created_at)}#clicks"
