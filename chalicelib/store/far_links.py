"""Links in the table of another region, which may be far, frozen or gone.

Calls that fail open a breaker: a region that is away costs a few callers their time-out, and nobody
after them anything until a probe, one caller at a time, is answered.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

from chalicelib.core.errors import Unavailable
from chalicelib.core.links import Link
from chalicelib.service.ports import LinkStore, ListQuery, Page
from chalicelib.store.answers import NoAnswer
from chalicelib.store.breakers import Breaker


CALLS = 32  # at a time, of one container to one region: as many as a client has connections
PATIENCE = 0.1  # seconds that one more waits for its turn; a visitor waits a little longer at most
BUSY = "too many are asking it at once; please try again."
AWAY = "it was silent a moment ago; please try again in some seconds."


class FarLinks:
    """The `LinkStore` of another region; `open_store()` makes it, at the first call."""

    def __init__(
        self,
        open_store: Callable[[], LinkStore],
        breaker: Breaker | None = None,
        calls: int = CALLS,
    ) -> None:
        self._open_store = open_store
        self._breaker = breaker or trusting_breaker()
        self._turns = BoundedSemaphore(calls)

    def get(self, key: str, *, consistent: bool = False) -> Link | None:
        """See LinkStore."""
        with self._asking() as store:
            return store.get(key, consistent=consistent)

    def current(self, key: str) -> Link | None:
        """See LinkStore."""
        with self._asking() as store:
            return store.current(key)

    def seek(self, key: str) -> Link | None:
        """See LinkStore."""
        with self._asking() as store:
            return store.seek(key)

    def create(self, key: str, link: Link) -> None:
        """See LinkStore."""
        with self._asking() as store:
            store.create(key, link)

    def replace(self, key: str, link: Link) -> None:
        """See LinkStore."""
        with self._asking() as store:
            store.replace(key, link)

    def page(self, workspace: str, query: ListQuery) -> Page:
        """See LinkStore."""
        with self._asking() as store:
            return store.page(workspace, query)

    @contextmanager
    def _asking(self) -> Iterator[LinkStore]:
        """The store, for one call of it; Unavailable at once while it is left alone."""
        if not self._turns.acquire(timeout=PATIENCE):
            raise Unavailable(BUSY, retry_for=1)
        try:
            if not self._breaker.is_closed and not self._breaker.take_probe():
                raise Unavailable(AWAY)
            yield from self._judged()
        finally:
            self._turns.release()

    def _judged(self) -> Iterator[LinkStore]:
        is_silent = False
        try:
            yield self._open_store()
        except NoAnswer:
            is_silent = True
            raise
        finally:
            if is_silent:
                self._breaker.open()
            else:  # a refusal is an answer too
                self._breaker.close()


def trusting_breaker() -> Breaker:
    """A breaker that is closed until something fails."""
    breaker = Breaker()
    breaker.close()
    return breaker
