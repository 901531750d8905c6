"""Sheets of rows of all kinds, the platform that imports them, and what must be so in the end."""

import csv
import io
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib.core.import_jobs import SHEET, import_plan
from chalicelib.core.imports import read_sheet
from chalicelib.core.jobs import LEASE, Job
from chalicelib.core.links import Link
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
