"""Background imports as work: workers that die, stall or meet, and stores that are away.

What could break for a user: a link that is made twice, or not at all; a row that is told wrongly, or
twice, or not; an import that never ends; another row's slug.
"""

import csv
import io
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.core.errors import NotFound, Unavailable
from chalicelib.core.import_jobs import MOST_FAILING, MOST_FAILING_BYTES, SHEET, import_plan
from chalicelib.core.imports import read_sheet
from chalicelib.core.jobs import LEASE, MAX_TRIES, Job
from chalicelib.core.links import Link
from chalicelib.service.job_workers import Busy
from chalicelib.service.jobs import JobService
from chalicelib.service.ports import ListQuery
from chalicelib.store.memory import LinkMemory
from tests.job_fakes import FileMemory, Platform
from tests.service.export_platform import Times


OTHERS = {"gone": "https://else.test/", "there": "https://e.test/there"}
ROWS = [
    "https://e.test/drawn,",
    "https://e.test/a,a",
    "javascript:alert(1),bad",
    "https://e.test/a,A",
    "https://e.test/other,a",
    "https://e.test/there,there",
    "https://e.test/gone,gone",
    "https://e.test/drawn,",
    "https://e.test/b,b",
]
FIRST = [
    "created",
    "created",
    "invalid",
    "exists",
    "taken",
    "exists",
    "taken",
    "created",
    "created",
]


def sheet_of(rounds: int) -> str:
    """The rows above, some times; each round has slugs of its own."""
    rows = []
    for at in range(rounds):
        for row in ROWS:
            destination, slug = row.split(",")
            own = f"{slug}{at}" if slug in ("a", "A", "b") else slug
            rows.append(f"{destination},{own}")
    return "destination,slug\n" + "\n".join(rows)


def platform_of(step: int = 4, clock: Any = None) -> Platform:
    """A platform whose table has some links already."""
    store, now = LinkMemory(), datetime(2026, 1, 1, tzinfo=UTC)
    for slug, leads in OTHERS.items():
        link = Link(workspace="w", slug=slug, destination=leads, created_at=now, updated_at=now)
        store.create(slug, link)
    return Platform(store, clock or Times(), files=FileMemory(smallest=400), step=step)


def service_of(platform: Platform) -> JobService:
    return JobService(lambda: platform.tools, platform.clock, lambda _: 7)


def begin(platform: Platform, text: str, *, dry_run: bool = False) -> Job:
    plan = import_plan(read_sheet(text), 2, "https://sho.rt/", "a secret", dry_run=dry_run)
    return service_of(platform).start("w", "import", plan, **{SHEET: text.encode()})


def read(platform: Platform, job: Job) -> Job:
    found = platform.jobs.get(job.workspace, job.id)
    assert found is not None
    return found


def run_to_end(platform: Platform, job: Job, most: int = 60) -> Job:
    """Look at it from time to time, as its owner does."""
    for _ in range(most):
        platform.run()
        if read(platform, job).is_over:
            break
        platform.clock.now += LEASE + timedelta(seconds=11)
        service_of(platform).read("w", "import", job.id)
    return read(platform, job)


def report_of(platform: Platform, job: Job) -> list[dict[str, str]]:
    (file,) = [data for name, data in platform.files.files.items() if name.endswith("/report.csv")]
    return list(csv.DictReader(io.StringIO(file.decode("utf-8-sig"), "")))


def links_in(platform: Platform) -> list[Link]:
    """All links that an import made."""
    found = platform.links.page("w", ListQuery(limit=10_000, scanned=100_000)).links
    return [link for link in found if link.slug not in OTHERS]


def check_whole(platform: Platform, job: Job, rounds: int) -> None:
    """Each row is a link or told why not, once, in order, and nothing else was made."""
    done, links, report = read(platform, job), links_in(platform), report_of(platform, job)
    statuses = FIRST * rounds
    assert done.state == "done", done.problem
    assert [int(row["row"]) for row in report] == list(range(2, 2 + len(statuses)))
    assert [row["status"] for row in report] == statuses
    assert done.progress["counts"] == Counter(statuses)
    assert len(links) == statuses.count("created")
    assert {link.created_at for link in links} <= {job.created_at}
    told = {row["slug"]: row for row in report if row["status"] == "created"}
    assert sorted(told) == sorted(link.slug for link in links)
    assert all(row["short_url"] == f"https://sho.rt/{slug}" for slug, row in told.items())


def test_each_row_is_stored_or_told() -> None:
    """The report has every row in order; the job counts them, and keeps those to look at."""
    platform = platform_of()
    job = begin(platform, sheet_of(3))
    platform.run()
    failing = read(platform, job).progress["failing"]

    check_whole(platform, job, 3)
    assert platform.raised == []
    assert [row["row"] for row in failing][:3] == [4, 6, 8]
    assert failing[0]["errors"][0]["code"] == "destination_scheme"


@pytest.mark.parametrize("rounds", [0, 1])
def test_small_sheets(rounds: int) -> None:
    """A sheet with a header alone is done at once, with a report that has a header alone."""
    platform = platform_of()
    job = begin(platform, sheet_of(rounds))
    platform.run()

    check_whole(platform, job, rounds)


FAULTS = st.lists(st.integers(1, 260), max_size=MAX_TRIES - 1, unique=True)


class Dying(Exception):
    """The worker's process ends."""


def break_at(platform: Platform, faults: list[int], error: type[Exception]) -> None:
    """Have the calls to the outside end so, before or after they had their effect."""
    count = 0

    def breaks(act: Any) -> Any:
        def check() -> None:
            nonlocal count
            count += 1
            if count in faults:
                raise error("It broke.")

        def tried(*words: Any, **named: Any) -> Any:
            check()
            result = act(*words, **named)
            check()
            return result

        return tried

    for store, names in (
        (platform.files, ("get", "put", "begin", "put_part", "complete")),
        (platform.jobs, ("replace",)),
        (platform.links, ("create", "get")),
    ):
        for name in names:
            setattr(store, name, breaks(getattr(store, name)))


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


def test_what_is_done_is_saved_while_it_works() -> None:
    """Slow rows are saved every few seconds, so that people see it get on and little is repeated."""
    platform = platform_of(1000)
    job = begin(platform, sheet_of(3))
    create, seen = platform.links.create, []

    def slow(*words: Any) -> None:
        platform.clock.now += timedelta(seconds=2)
        seen.append(read(platform, job).progress.get("done", 0))
        create(*words)

    platform.links.create = slow
    platform.run()

    check_whole(platform, job, 3)
    assert len(set(seen)) >= 5


class AwayFor(LinkMemory):
    """A table that never takes one slug."""

    def create(self, key: str, link: Link) -> None:
        if key == "never":
            raise Unavailable("The home region did not answer.")
        super().create(key, link)


def test_a_row_that_no_try_can_store() -> None:
    """It holds the others up for some tries; then it is told as failed, and they are stored."""
    platform = Platform(AwayFor(), Times())
    job = begin(
        platform,
        "destination,slug\nhttps://e.test/,one\nhttps://e.test/,never\nhttps://e.test/,two",
    )
    done = run_to_end(platform, job)

    assert [row["status"] for row in report_of(platform, job)] == ["created", "failed", "created"]
    assert done.progress["counts"] == {"created": 2, "failed": 1}
    assert len(platform.raised) >= MAX_TRIES - 1


def test_a_table_that_is_away_for_long() -> None:
    """When nothing answers it fails and says why; what was done by then is told."""
    platform = platform_of(2)
    job = begin(platform, sheet_of(1))
    replace, left = platform.jobs.replace, [4]

    def away(changed: Job) -> None:
        left[0] -= 1
        if left[0] < 0 and changed.state == "running" and changed.tries == 0:
            raise Unavailable("The table did not answer.")
        replace(changed)

    platform.jobs.replace = away
    failed = run_to_end(platform, job)

    assert failed.state == "failed"
    assert "The table did not answer." in str(failed.problem)
    assert failed.progress["done"] == sum(failed.progress["counts"].values()) > 0


def test_a_sheet_that_is_lost() -> None:
    """Without its sheet an import can't go on: it fails, and says so."""
    platform = platform_of()
    job = begin(platform, sheet_of(1))
    platform.files.files.clear()
    failed = run_to_end(platform, job)

    assert failed.state == "failed"
    assert "lost" in str(failed.problem)


def test_a_piece_that_is_lost() -> None:
    """When a piece of the report is gone all begins anew, and makes nothing twice."""
    platform = platform_of()
    job = begin(platform, sheet_of(3))
    start, once = platform.files.begin, [True]

    def lose(*words: Any) -> str:
        if once.pop() if once else False:
            del platform.files.files[next(n for n in platform.files.files if "/rows." in n)]
        return start(*words)

    platform.files.begin = lose
    run_to_end(platform, job)

    check_whole(platform, job, 3)


def test_a_sheet_of_mistakes_stays_small() -> None:
    """However many rows fail, and whatever they say, the job's item stays small; the report has all."""
    platform = platform_of(500)
    text = "destination,slug,title,status\n" + f"x:,{'ü' * 300},{'t' * 300},999\n" * 2000
    job = begin(platform, text)
    platform.run()
    progress = read(platform, job).progress

    assert progress["counts"] == {"invalid": 2000}
    assert 0 < len(progress["failing"]) <= MOST_FAILING
    assert len(str(progress["failing"])) < 1.1 * MOST_FAILING_BYTES
    assert len(report_of(platform, job)) == 2000


def test_drawn_slugs_that_others_have() -> None:
    """A slug that somebody else has is drawn again, and each try draws the same ones."""
    platform = platform_of()
    taken = begin(platform, sheet_of(1))
    platform.run()
    drawn = [link for link in links_in(platform) if link.slug not in ("a0", "b0")]
    other = platform_of()
    now = datetime(2026, 1, 1, tzinfo=UTC)
    for link in drawn:
        there = Link(
            workspace="x",
            slug=link.slug,
            destination="https://x.test/",
            created_at=now,
            updated_at=now,
        )
        other.links.create(link.slug, there)
    job = begin(other, sheet_of(1))
    break_at(other, [12, 25], Dying)
    run_to_end(other, job)

    assert read(platform, taken).state == "done"
    check_whole(other, job, 1)
    assert not {link.slug for link in drawn} & {link.slug for link in links_in(other)}


def test_imports_are_private() -> None:
    """Another workspace, or whoever asks for an export by that id, finds none."""
    platform = platform_of()
    job = begin(platform, sheet_of(1))

    for workspace, kind in (("x", "import"), ("w", "export")):
        with pytest.raises(NotFound):
            service_of(platform).read(workspace, kind, job.id)


def test_the_checker_would_notice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows that bear no receipt are made twice or told as taken, and the check above fails then."""

    def unmarked(receipt: str, number: int) -> str:
        unmarked.calls += 1
        return f"{receipt}/{unmarked.calls}"

    unmarked.calls = 0
    monkeypatch.setattr("chalicelib.service.imports.row_receipt", unmarked)
    noticed = 0
    for fault in range(1, 60):
        platform = platform_of(4)
        job = begin(platform, sheet_of(1))
        break_at(platform, [fault], Dying)
        run_to_end(platform, job)
        try:
            check_whole(platform, job, 1)
        except AssertionError:
            noticed += 1

    assert noticed > 5
