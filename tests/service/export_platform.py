"""What exports are tried on: links in memory, workers with little time, and files to read."""

import json
from datetime import UTC, datetime, timedelta

from chalicelib.core.errors import Unavailable
from chalicelib.core.exports import EXPORT_FIELDS, export_plan
from chalicelib.core.fields import read_fields
from chalicelib.core.jobs import Job
from chalicelib.core.links import Link
from chalicelib.service.jobs import JobService
from chalicelib.service.ports import ListQuery, Page
from chalicelib.store.memory import LinkMemory
from tests.job_fakes import Platform


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
