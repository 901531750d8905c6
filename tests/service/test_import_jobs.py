"""Background imports as work: workers that die, stall or meet, and stores that are away.

What could break for a user: a link that is made twice, or not at all; a row that is told wrongly, or
twice, or not; an import that never ends; another row's slug.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.core.errors import NotFound, Unavailable
from chalicelib.core.import_jobs import MOST_FAILING, MOST_FAILING_BYTES
from chalicelib.core.jobs import MAX_TRIES, Job
from chalicelib.core.links import Link
from chalicelib.store.memory import LinkMemory
from tests.job_fakes import Platform
from tests.service.export_platform import Times
from tests.service.import_platform import (
    Dying,
    begin,
    break_at,
    check_whole,
    links_in,
    platform_of,
    read,
    report_of,
    run_to_end,
    service_of,
    sheet_of,
)


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
