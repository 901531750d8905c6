"""Rate limits over counters that many processes share: what is allowed, and what it costs."""

import time
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.core.errors import Unavailable
from chalicelib.core.limits import share_of
from chalicelib.service.limits import SILENT_FOR, Limiter
from chalicelib.store.memory_counters import CounterMemory
from tests.clocks import SetClock
from tests.store.tables import together


class Watched(CounterMemory):
    """Counters that remember each call, and can be away or slow."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[tuple[str, int]] = []
        self.away = False
        self.takes = 0.0

    def add(
        self, name: str, amount: int, *, until: datetime | None = None, most: int | None = None
    ) -> int | None:
        self.calls.append((name, amount))
        time.sleep(self.takes)
        if self.away:
            raise Unavailable("The table did not answer.")
        return super().add(name, amount, until=until, most=most)


def limiter(counters: CounterMemory, quota: int, clock: SetClock, region: str = "r") -> Limiter:
    return Limiter(counters, quota, region, clock, patience=0.2)


def allowed(limit: Limiter, times: int, key: str = "k") -> int:
    """How many of so many requests are allowed."""
    standings = [limit.count(key) for _ in range(times)]
    return sum(one is not None and one.allowed for one in standings)


def test_one_process_is_exact() -> None:
    """It allows the quota and not one more, tells the truth all the way, and starts again."""
    clock = SetClock()
    for quota in (1, 7, 100, 600, 1234):
        limit = limiter(CounterMemory(), quota, clock)
        for left in reversed(range(quota)):
            standing = limit.count("k")
            assert standing == (True, quota, left, 60)
        assert limit.count("k") == (False, quota, 0, 60)
        assert limit.count("other") == (True, quota, quota - 1, 60)
        clock.move(seconds=60)
        assert limit.count("k") == (True, quota, quota - 1, 60)


def test_no_limit() -> None:
    """Without a quota nothing is counted."""
    counters = Watched()

    assert limiter(counters, 0, SetClock()).count("k") is None
    assert counters.calls == []


def test_regions_are_apart() -> None:
    """A counter belongs to one region: replication lets the last writer win, and would lose some."""
    counters, clock = CounterMemory(), SetClock()

    assert allowed(limiter(counters, 5, clock, "us-east-1"), 9) == 5
    assert allowed(limiter(counters, 5, clock, "eu-west-1"), 9) == 5


@settings(max_examples=300, deadline=None)
@given(
    quota=st.integers(1, 900),
    asks=st.lists(st.tuples(st.integers(0, 5), st.integers(1, 200)), max_size=40),
)
def test_many_processes_are_right_to_a_share_each(quota: int, asks: list[tuple[int, int]]) -> None:
    """Whoever asks when, they allow the quota, give or take a share for each process."""
    counters, clock = CounterMemory(), SetClock()
    processes = [limiter(counters, quota, clock) for _ in range(6)]
    total, refused = 0, False
    for process, times in asks:
        granted = allowed(processes[process], times)
        total += granted
        refused = refused or granted < times
        slack = share_of(quota) * len({one for one, _ in asks})
        assert total <= quota + slack
        assert not refused or total >= quota - slack


def test_what_it_costs() -> None:
    """Few requests cost nothing; many cost one write in six; a refused key costs two more at most."""
    counters = Watched()
    limit = limiter(counters, 600, SetClock())

    assert allowed(limit, 6) == 6
    assert counters.calls == []
    assert allowed(limit, 594) == 594
    assert len(counters.calls) == 99
    assert allowed(limit, 1000) == 0
    assert len(counters.calls) <= 101


def test_threads_do_not_count_twice() -> None:
    """20 threads of a process together are allowed what the key is, and all of it."""
    limit = limiter(CounterMemory(), 200, SetClock())
    found: list[int] = []

    together(20, lambda _: found.append(allowed(limit, 30)))

    assert sum(found) == 200


def test_counters_that_are_away_do_not_matter() -> None:
    """Requests go on, each process counts for itself, and the table is asked now and then."""
    counters, clock = Watched(), SetClock()
    counters.away = True
    limit = limiter(counters, 60, clock)

    assert allowed(limit, 70) == 60
    assert len(counters.calls) == 1
    clock.move(seconds=SILENT_FOR.total_seconds())
    counters.away = False
    assert limit.count("other") == (True, 60, 59, 50)
    assert len(counters.calls) == 2


def test_a_clock_that_was_set_back_does_not_silence_counters() -> None:
    """They are asked again although the time at which they were silent is yet to come."""
    counters, clock = Watched(), SetClock()
    counters.away = True
    limit = limiter(counters, 60, clock)
    limit.count("k")
    clock.move(hours=-1)
    limit.count("k")

    assert len(counters.calls) == 2


def test_slow_counters_are_not_waited_for() -> None:
    """One request waits a moment, the next ones do not."""
    counters, clock = Watched(), SetClock()
    counters.takes = 2.0
    limit = limiter(counters, 60, clock)

    assert allowed(limit, 20) == 20
    assert len(counters.calls) == 1


@pytest.mark.parametrize("quota", [50, 5000])
def test_memory_is_forgotten_with_the_minute(quota: int) -> None:
    """Keys of an earlier minute take no room."""
    clock = SetClock()
    limit = limiter(CounterMemory(), quota, clock)
    for number in range(100):
        limit.count(f"k{number}")
    clock.move(minutes=1)
    limit.count("k")

    assert list(limit._counts) == ["k"]
