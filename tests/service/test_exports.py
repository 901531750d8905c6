"""Exports as work: large ones, slow ones, and workers that die, stall or meet.

What could break for a user: a file that lacks links or has some twice; one that never comes; memory
that a large workspace fills; another workspace's links in it.
"""

import json
import tracemalloc
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.core.errors import NotFound, Unavailable
from chalicelib.core.exports import EXPORT_FIELDS, export_plan
from chalicelib.core.fields import read_fields
from chalicelib.core.jobs import LEASE, MAX_RESETS, MAX_TRIES, Job
from chalicelib.core.links import Link
from chalicelib.core.sheets import read_table
from chalicelib.service.exports import PAGE
from chalicelib.service.job_workers import Busy
from chalicelib.service.jobs import JobService
from chalicelib.service.ports import SMALLEST_PART, ListQuery, Page
from chalicelib.store.memory import LinkMemory
from tests.job_fakes import FileMemory, Platform


# As many links and as small a part as make five parts of them.
N, PART = 5_000, 500_000
START = datetime(2026, 1, 1, tzinfo=UTC)


class Listed(LinkMemory):
    """Links by their number, listed without being sorted again for each page."""

    def __init__(self, count: int, size: int = 300) -> None:
        super().__init__()
        self.count, self.notes, self.pages = count, "n" * size, 0
        self.fail_at: set[int] = set()

    def page(self, workspace: str, query: ListQuery) -> Page:
        self.pages += 1
        if self.pages in self.fail_at:
            raise Unavailable("The table did not answer.")
        if query.archived:
            return Page((), None)
        first = int(query.after or 0)
        last = min(first + query.limit, self.count)
        links = tuple(self.link(workspace, number) for number in range(first, last))
        return Page(links, str(last) if last < self.count else None)

    def link(self, workspace: str, number: int) -> Link:
        made = START + timedelta(seconds=number)
        return Link(
            workspace=workspace,
            slug=f"s{number}",
            destination=f"https://e.test/{number}",
            notes=self.notes,
            created_at=made,
            updated_at=made,
        )


class Times:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = START + timedelta(days=300)

    def __call__(self) -> datetime:
        return self.now


def service_of(platform: Platform) -> JobService:
    numbers = iter(range(1, 10_000))
    return JobService(lambda: platform.tools, platform.clock, lambda _: next(numbers))


def begin(platform: Platform, **asked: object) -> Job:
    plan = export_plan(read_fields(asked, EXPORT_FIELDS), "https://sho.rt/")
    return service_of(platform).start("w", "export", plan)


def read(platform: Platform, job: Job) -> Job:
    found = platform.jobs.get(job.workspace, job.id)
    assert found is not None
    return found


def slugs_in(platform: Platform, job: Job) -> list[str]:
    (file,) = [data for name, data in platform.files.files.items() if name.endswith("/links.json")]
    assert read(platform, job).progress["bytes"] == len(file)
    return [link["slug"] for link in json.loads(file)]


def test_a_large_export() -> None:
    """100,000 links are all in the file, in order, and never more than a part at once in memory."""
    platform = Platform(Listed(100_000))
    job = begin(platform, format="csv")
    platform.run()
    done = read(platform, job)
    (file,) = platform.files.files.values()
    table = read_table(file.decode(), 2, len)

    assert (done.state, done.progress) == ("done", {"count": 100_000, "bytes": len(file)})
    assert [row.cells[1] for row in table.records] == [f"s{number}" for number in range(100_000)]
    assert len(file) > 6_000_000
    assert platform.files.largest < SMALLEST_PART + 1_000_000


class Sink(FileMemory):
    """A store that keeps nothing of a part."""

    def put_part(self, name: str, upload: str, number: int, data: bytes) -> str:
        return "tag"

    def complete(self, name: str, upload: str, parts: Sequence[str]) -> None:
        pass


def test_memory_does_not_grow() -> None:
    """Six times the links take the same memory."""
    peaks = []
    for count in (2_000, 12_000):
        platform = Platform(Listed(count), files=Sink(smallest=100_000))
        begin(platform, format="json")
        tracemalloc.start()
        platform.run()
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()

    assert peaks[1] < 1.2 * peaks[0]


@pytest.mark.parametrize("count", [0, 1, PAGE - 1, PAGE, PAGE + 1])
@pytest.mark.parametrize("form", ["csv", "json"])
def test_small_exports(count: int, form: str) -> None:
    """Nothing, a page, and a page and a link are whole files."""
    platform = Platform(Listed(count))
    job = begin(platform, format=form)
    platform.run()
    (file,) = platform.files.files.values()

    assert read(platform, job).progress["count"] == count
    if form == "json":
        assert len(json.loads(file)) == count
    else:
        assert len(list(read_table(file.decode(), 2, len).records)) == count


def test_filters_archive_and_workspaces() -> None:
    """Filters are the list's; archived links are there when asked for; only one's own are."""
    store = LinkMemory()
    for number in range(6):
        link = Listed(0).link("w", number)
        link = replace(link, archived=number % 2 == 1, tags=("even",) if number % 2 == 0 else ())
        store.create(link.slug, replace(link, disabled=number == 2))
    store.create("other", replace(Listed(0).link("x", 9), slug="other"))
    found = {}
    for asked in (
        {},
        {"archived": True},
        {"archived": False},
        {"tag": "EVEN "},
        {"state": "disabled"},
        {"q": "TEST/4"},
        {"q": None, "tag": None, "state": None},
    ):
        platform = Platform(store)
        job = begin(platform, format="json", **asked)
        platform.run()
        found[str(asked)] = sorted(slugs_in(platform, job))

    assert [*found.values()] == [
        ["s0", "s1", "s2", "s3", "s4", "s5"],
        ["s1", "s3", "s5"],
        ["s0", "s2", "s4"],
        ["s0", "s2", "s4"],
        ["s2"],
        ["s4"],
        ["s0", "s1", "s2", "s3", "s4", "s5"],
    ]


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
