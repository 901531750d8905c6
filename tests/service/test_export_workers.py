"""Workers of exports that run out of time, die, stall or meet: the file is whole all the same."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.core.errors import NotFound
from chalicelib.core.jobs import LEASE, MAX_RESETS, MAX_TRIES
from chalicelib.service.exports import PAGE
from chalicelib.service.job_workers import Busy
from chalicelib.service.ports import Page
from tests.job_fakes import FileMemory, Platform
from tests.service.export_platform import PART, Listed, N, Times, begin, read, service_of, slugs_in


def test_a_worker_without_time_hands_on() -> None:
    """With time for a page at a time, each worker goes on where the one before stopped."""
    links = Listed(5 * PAGE - 1)
    platform = Platform(links)
    job = begin(platform, format="json")
    pages = 0

    def seconds_left() -> float:
        return 60.0 if links.pages == pages else 10.0

    while platform.calls:
        call, pages = platform.calls.pop(), links.pages
        platform.worker.run(*call, seconds_left)

    assert slugs_in(platform, job) == [f"s{number}" for number in range(5 * PAGE - 1)]
    assert links.pages == 6  # five of the active, one of the archived


FAULTS = st.lists(st.integers(1, 40), max_size=MAX_TRIES - 1, unique=True)


class Dying(Exception):
    """The worker's process ends."""


@settings(max_examples=60, deadline=None)
@given(FAULTS)
def test_workers_that_die_anywhere(faults: list[int]) -> None:
    """Wherever workers die, at any call to the outside, the file has every link once."""
    clock = Times()
    platform = Platform(Listed(N), clock, files=FileMemory(smallest=PART))
    job = begin(platform, format="json")
    count = 0

    def dies(act):
        def tried(*words, **named):
            nonlocal count
            count += 1
            if count in faults:
                raise Dying
            result = act(*words, **named)
            count += 1
            if count in faults:
                raise Dying
            return result

        return tried

    for store, names in (
        (platform.files, ("begin", "put_part", "complete")),
        (platform.jobs, ("replace",)),
        (platform.links, ("page",)),
    ):
        for name in names:
            setattr(store, name, dies(getattr(store, name)))
    for _ in range(30):
        platform.run()
        if read(platform, job).is_over:
            break
        clock.now += LEASE + timedelta(seconds=11)
        service_of(platform).read("w", "export", job.id)
    del platform.jobs.replace

    assert read(platform, job).state == "done"
    assert slugs_in(platform, job) == [f"s{number}" for number in range(N)]


def test_a_table_that_often_fails() -> None:
    """A page that can't be read costs that page, and not all that were read since the last part."""
    links = Listed(N)
    links.fail_at = set(range(2, 10_000, 4))
    clock = Times()
    platform = Platform(links, clock)
    job = begin(platform, format="json")
    for _ in range(40):
        platform.run()
        clock.now += timedelta(minutes=2)
        if service_of(platform).read("w", "export", job.id).is_over:
            break

    assert slugs_in(platform, job) == [f"s{number}" for number in range(N)]
    assert links.pages < 2 * N // PAGE


def test_one_worker_at_a_time() -> None:
    """A second call for a job that is being worked on is told so, and changes nothing."""
    platform = Platform(Listed(10))
    job = begin(platform)
    seen = []
    page = platform.links.page

    def meet(*words):
        if not seen:
            seen.append(read(platform, job).version)
            platform.call("w", job.id)
            seen.append(read(platform, job).version)
        return page(*words)

    platform.links.page = meet
    platform.run()

    assert [type(one) for one in platform.raised] == [Busy]
    assert seen[0] == seen[1]
    assert read(platform, job).state == "done"


def test_a_worker_that_slept_too_long_is_out() -> None:
    """A worker whose lease ended meanwhile saves nothing over what the next one has done."""
    clock = Times()
    platform = Platform(Listed(N), clock, files=FileMemory(smallest=PART))
    job = begin(platform, format="json")
    page, calls = platform.links.page, []

    def stall(*words):
        calls.append(words)
        if len(calls) == 12:  # the first worker is asleep: another takes the job, and ends it
            clock.now += LEASE + timedelta(seconds=1)
            platform.call("w", job.id)
            assert read(platform, job).state == "done"
        return page(*words)

    platform.links.page = stall
    before = platform.run()

    assert before == 1
    assert platform.raised == []
    assert slugs_in(platform, job) == [f"s{number}" for number in range(N)]


def test_a_lease_is_kept_through_a_long_look() -> None:
    """A filter that finds nothing for minutes does not cost the worker its lease."""
    clock = Times()
    platform = Platform(Listed(100_000), clock)
    job = begin(platform)
    page, leases = platform.links.page, []

    def slow(*words):
        clock.now += timedelta(seconds=20)
        leases.append(read(platform, job).leased_until - clock.now)
        return Page((), page(*words).after)

    platform.links.page = slow
    platform.run()

    assert read(platform, job).state == "done"
    assert min(leases) > timedelta(0)


def test_what_can_not_succeed_ends() -> None:
    """An export whose bucket never answers fails after a few tries, and says why."""
    clock = Times()
    platform = Platform(Listed(10), clock)
    job = begin(platform)
    platform.files.down = True
    service = service_of(platform)
    for _ in range(MAX_TRIES + 2):
        platform.run()
        clock.now += timedelta(minutes=2)
        service.read("w", "export", job.id)
    failed = service.read("w", "export", job.id)

    assert failed.state == "failed"
    assert "The bucket of files did not answer." in str(failed.problem)
    assert platform.calls == []


def test_an_upload_that_is_lost_begins_anew() -> None:
    """When what was uploaded is gone the export is made from its beginning; not for ever, though."""
    for losses, state in ((1, "done"), (MAX_RESETS + 5, "failed")):
        clock = Times()
        platform = Platform(Listed(N), clock, files=FileMemory(smallest=PART))
        job = begin(platform, format="json")
        put, left = platform.files.put_part, [losses]

        def lose(name, upload, number, *rest, put=put, left=left, files=platform.files):
            if number == 2 and left[0]:
                left[0] -= 1
                files.uploads.clear()
            return put(name, upload, number, *rest)

        platform.files.put_part = lose
        for _ in range(20):
            platform.run()
            clock.now += timedelta(minutes=2)
            service_of(platform).read("w", "export", job.id)
        assert read(platform, job).state == state
        if state == "done":
            assert len(slugs_in(platform, job)) == N


def test_a_call_that_never_came_is_made_again() -> None:
    """A job that waits for a worker that was never called gets one when its owner looks."""
    clock = Times()
    platform = Platform(Listed(10), clock)
    job = begin(platform)
    platform.calls.clear()
    service = service_of(platform)
    service.read("w", "export", job.id)
    assert platform.calls == []
    clock.now += timedelta(seconds=11)
    service.read("w", "export", job.id)
    platform.run()

    assert service.read("w", "export", job.id).state == "done"


def test_jobs_are_forgotten_and_private() -> None:
    """After a day a job is not found; another workspace, or another kind, never finds it."""
    clock = Times()
    platform = Platform(Listed(10), clock)
    job = begin(platform)
    platform.run()
    service = service_of(platform)

    for workspace, kind in (("x", "export"), ("w", "import")):
        with pytest.raises(NotFound):
            service.read(workspace, kind, job.id)
    clock.now += timedelta(hours=23)
    assert service.read("w", "export", job.id).state == "done"
    clock.now += timedelta(hours=1, seconds=1)
    with pytest.raises(NotFound):
        service.read("w", "export", job.id)
