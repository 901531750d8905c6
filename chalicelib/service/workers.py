"""Many calls of a store at once, inside the time that a request has."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from chalicelib.core.errors import Unavailable


T = TypeVar("T")
Left = Callable[[], float]  # how many seconds there are to work in; less than none when it is late
WORKERS = 8

NOT_TRIED = "There was no time for this one, and nothing of it was done; please send it again."
NOT_KNOWN = "There was no time to wait for this one: it may have been done or not."


def work_off(acts: Sequence[Callable[[], T]], left: Left, workers: int) -> list[T | Unavailable]:
    """What each act gave, in their order; Unavailable for those that there was no time for."""
    # Imported by the first request that needs it, so that no cold start pays for it.
    from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait  # noqa: PLC0415

    def outcome(future: Future[T]) -> T | Unavailable:
        if future.cancel():
            return Unavailable(NOT_TRIED)
        return future.result() if future.done() else Unavailable(NOT_KNOWN)

    pool = ThreadPoolExecutor(workers)
    try:
        futures = [pool.submit(act) for act in acts] if left() > 0 else []
        wait(futures, max(left(), 0), FIRST_EXCEPTION)
        # The last first: those that wait must not start while the others are looked at.
        outcomes = [outcome(future) for future in reversed(futures)]
    finally:
        # Nobody waits for a call that hangs; the store's own timeouts end it.
        pool.shutdown(wait=False, cancel_futures=True)
    return outcomes[::-1] or [Unavailable(NOT_TRIED) for _ in acts]
