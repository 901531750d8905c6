"""Work beside an answer: waited for a little, as Lambda may freeze after it, and never for long."""

from collections.abc import Callable
from contextlib import suppress
from threading import Thread
from typing import TypeVar

from chalicelib.core.errors import Unavailable


WAITED = 0.1  # seconds
T = TypeVar("T")


def wait_briefly(work: Callable[[], T]) -> T | None:
    """What the work comes to; None when that takes longer than WAITED, or a store is away.

    Work that takes longer goes on for as long as the process runs.
    """
    answers: list[T] = []

    def run() -> None:
        with suppress(Unavailable):
            answers.append(work())

    thread = Thread(target=run, daemon=True)
    thread.start()
    thread.join(WAITED)
    return answers[0] if answers else None
