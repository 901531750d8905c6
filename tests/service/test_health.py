"""Health checks: bounded in time, named, and no lever to ask the table often."""

import threading
import time
from collections.abc import Callable

from chalicelib.core.errors import Unavailable
from chalicelib.service.health import HealthService
from tests.clocks import SetClock
from tests.store.tables import together


def away() -> None:
    raise Unavailable("The table did not answer.")


def test_each_check_is_told_by_name() -> None:
    """One that fails does not hide the others."""
    health = HealthService({"dax": away, "table": lambda: None}, SetClock())

    assert [(one.name, one.is_ok) for one in health.check()] == [("dax", False), ("table", True)]
    assert all(one.took_ms >= 0 for one in health.check())


def test_what_does_not_answer_fails_in_time() -> None:
    """A table that hangs is a failing check after a moment, and not a monitor that hangs."""
    answers = threading.Event()
    hangs = {"table": lambda: answers.wait(30)}
    (check,) = HealthService(hangs, SetClock(), patience=0.1).check()
    answers.set()

    assert not check.is_ok  # it would be well if it had been waited for
    assert check.took_ms >= 100


def counted(asked: list[int]) -> Callable[[], None]:
    def ask() -> None:
        asked.append(1)
        time.sleep(0.01)

    return ask


def test_asking_often_asks_the_table_once_a_second() -> None:
    """Hundreds of requests in a second, also at the same time, are one read."""
    asked: list[int] = []
    clock = SetClock()
    health = HealthService({"table": counted(asked)}, clock)
    together(20, lambda _: [health.check() for _ in range(10)])

    assert len(asked) == 1
    clock.move(seconds=1)
    health.check()
    assert len(asked) == 2
