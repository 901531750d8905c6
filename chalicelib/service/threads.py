"""Waiting only so long for work that may take longer; it then goes on in its thread."""

import time
from collections.abc import Callable, Iterable
from threading import Thread
from typing import Generic, TypeVar

from chalicelib.core.errors import Unavailable


WAITED = 0.1  # seconds
T = TypeVar("T")


class _Asking(Thread, Generic[T]):
    """A thread that keeps what its function returned or raised."""

    def __init__(self, ask: Callable[[], T]) -> None:
        super().__init__(daemon=True)
        self._ask = ask
        self.answers: list[T] = []
        self.error: Exception | None = None

    def run(self) -> None:
        """Ask, in the thread."""
        try:
            self.answers.append(self._ask())
        except Exception as error:  # noqa: BLE001 - raised again where it is waited for
            self.error = error


def ask_within(seconds: float, ask: Callable[[], T]) -> T:
    """What `ask()` returns or raises; Unavailable when that takes longer, and then it goes on."""
    asking = _Asking(ask)
    asking.start()
    asking.join(seconds)
    if asking.error is not None:
        raise asking.error
    if not asking.answers:
        raise Unavailable("There was no answer in time.")
    return asking.answers[0]


def ask_all_within(seconds: float, asks: Iterable[Callable[[], T]]) -> list[T]:
    """What those return that do in time, asked all at once; of Unavailable ones there is nothing.

    Any other error of one of them is raised.
    """
    asking = [_Asking(ask) for ask in asks]
    for one in asking:
        one.start()
    ends_at = time.monotonic() + seconds
    for one in asking:
        one.join(max(0.0, ends_at - time.monotonic()))
        if one.error is not None and not isinstance(one.error, Unavailable):
            raise one.error
    return [answer for one in asking for answer in one.answers]


def wait_briefly(work: Callable[[], T]) -> T | None:
    """What work beside an answer comes to; None after WAITED, or when a store is away.

    It is waited for at all, as Lambda may freeze right after the answer.
    """
    try:
        return ask_within(WAITED, work)
    except Unavailable:
        return None
