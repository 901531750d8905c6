"""Imports in the background whose workers die, sleep or meet: each row is once a link, or told."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.core.errors import Unavailable
from chalicelib.core.jobs import LEASE, MAX_TRIES
from chalicelib.service.job_workers import Busy
from tests.service.import_platform import (
    FIRST,
    Dying,
    begin,
    break_at,
    check_whole,
    links_in,
    platform_of,
    read,
    report_of,
    run_to_end,
    sheet_of,
)


FAULTS = st.lists(st.integers(1, 260), max_size=MAX_TRIES - 1, unique=True)


@settings(max_examples=150, deadline=None)
@given(FAULTS, st.sampled_from([Dying, Unavailable]), st.integers(1, 7))
def test_broken_anywhere(faults: list[int], error: type[Exception], step: int) -> None:
    """Wherever workers die or calls fail, their answers lost or not, the outcome is the same."""
    platform = platform_of(step)
    job = begin(platform, sheet_of(3))
    break_at(platform, faults, error)
    run_to_end(platform, job)
    break_at(platform, [], error)

    check_whole(platform, job, 3)


def test_broken_at_each_call() -> None:
    """The same, at every call there is, one by one."""
    for fault in range(1, 150):
        platform = platform_of(3)
        job = begin(platform, sheet_of(1))
        break_at(platform, [fault], Dying)
        run_to_end(platform, job)
        check_whole(platform, job, 1)


def dry_statuses() -> list[str]:
    return [status.replace("created", "ready") for status in FIRST]


@settings(max_examples=60, deadline=None)
@given(FAULTS)
def test_dry_runs_broken_anywhere(faults: list[int]) -> None:
    """A dry run that others go on with knows what rows before it would have stored."""
    platform = platform_of(2)
    job = begin(platform, sheet_of(2), dry_run=True)
    break_at(platform, faults, Dying)
    run_to_end(platform, job)

    assert [row["status"] for row in report_of(platform, job)] == dry_statuses() * 2
    assert links_in(platform) == []


@pytest.mark.parametrize("looks", [5, 9, 500])
@pytest.mark.parametrize("has_stored", [True, False])
@pytest.mark.parametrize("sleeps_at", range(1, 12))
def test_a_worker_that_slept_too_long(sleeps_at: int, has_stored: bool, looks: int) -> None:
    """While one sleeps in a row another goes on, for some rows or to the end; it does no harm then."""
    platform = platform_of(5)
    job = begin(platform, sheet_of(3))
    create, calls = platform.links.create, []

    def sleep() -> None:
        platform.clock.now += LEASE + timedelta(seconds=1)
        left = iter([60.0] * looks)
        platform.worker.run("w", job.id, lambda: next(left, 10.0))
        assert (read(platform, job).state == "done") == (looks == 500)

    def stall(*words: Any) -> None:
        calls.append(words)
        is_asleep = len(calls) == sleeps_at
        if is_asleep and not has_stored:
            sleep()
        try:
            create(*words)
        finally:
            if is_asleep and has_stored:
                sleep()

    platform.links.create = stall
    platform.run()

    check_whole(platform, job, 3)
    assert platform.raised == []


def test_one_worker_at_a_time() -> None:
    """A second call meanwhile is told so, and changes nothing."""
    platform = platform_of()
    job = begin(platform, sheet_of(2))
    create, met = platform.links.create, []

    def meet(*words: Any) -> None:
        if not met:
            met.append(words)
            platform.call("w", job.id)
        create(*words)

    platform.links.create = meet
    platform.run()

    assert [type(one) for one in platform.raised] == [Busy]
    check_whole(platform, job, 2)


def test_a_worker_without_time_hands_on() -> None:
    """With time for a few rows at a time each worker goes on where the one before stopped."""
    platform = platform_of(100)
    job = begin(platform, sheet_of(3))
    workers = 0
    while platform.calls:
        workers += 1
        left = iter(range(60, 0, -5))
        platform.worker.run(*platform.calls.pop(), lambda left=left: float(next(left)))

    check_whole(platform, job, 3)
    assert workers == 5
