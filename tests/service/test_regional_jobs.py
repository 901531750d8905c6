"""Jobs of two regions: begun and worked on in one, seen from both, and taken over when it is lost.

What could break for a user: an export that the other region does not know; one that is fetched from
a bucket it was never in; two workers in two regions; a job that hangs for ever with its region.
"""

import secrets
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from chalicelib.core.errors import NotFound, Stale, Unavailable
from chalicelib.core.homes import Absence, home_of
from chalicelib.core.jobs import GRACE, Job, finish_job, job_home, lease_job
from chalicelib.service.job_workers import Lease, Worker
from chalicelib.service.jobs import JobService
from chalicelib.service.ports import JobTools
from chalicelib.service.regional_jobs import HomeWake
from tests.job_fakes import FileMemory
from tests.service.two_regions import NAMES, A, B, World


@dataclass
class Here:
    """One region: its jobs, the calls of its workers, and where its files are."""

    world: World
    name: str
    calls: list[tuple[str, str]] = field(default_factory=list)
    worked: list[Job] = field(default_factory=list)

    @property
    def tools(self) -> JobTools:
        wake = HomeWake(lambda *call: self.calls.append(call), self.world.seen_from(self.name))
        place = f"{self.name}/files"
        return JobTools(self.world.jobs_at(self.name), FileMemory(), wake, place, _files_at)

    @property
    def jobs(self) -> JobService:
        order = sorted(NAMES, key=lambda other: other != self.name)
        return JobService(lambda: self.tools, self.world.clock, secrets.randbelow, order)

    def run(self, *, is_over: bool = True) -> None:
        """Work off the calls; a job goes on from its progress, and is over or handed on."""

        def craft(lease: Lease) -> bool:
            self.worked.append(lease.job)
            lease.save({"done": 1})
            if is_over:
                lease.finish({"done": 2})
            return is_over

        worker = Worker(lambda: self.tools, {"export": craft}, self.world.clock)
        for _ in range(len(self.calls)):
            worker.run(*self.calls.pop(0), lambda: 900.0)
        self.world.write_down()


class Placed(FileMemory):
    """Files whose URLs say where they are."""

    place = ""

    def url_of(self, name: str, works_for: int) -> str:
        return f"https://{self.place}/{name}"


def _files_at(place: str) -> FileMemory:
    files = Placed()
    files.place = place
    return files


@pytest.fixture
def world() -> World:
    return World()


def test_it_is_at_home_where_it_began(world: World) -> None:
    """Each region begins its own jobs and calls its own workers, and asks nobody."""
    for region in (Here(world, name) for name in NAMES):
        job = region.jobs.start("w", "export", {})
        assert home_of(job_home(job.id), NAMES) == region.name
        assert job.place == f"{region.name}/files"
        assert region.calls == [("w", job.id)]
    assert world.asked == []


def test_it_is_seen_from_the_other_region(world: World) -> None:
    """At once, as it is there now; what is older here, or silent there, does not hide it."""
    first, other = Here(world, A), Here(world, B)
    job = first.jobs.start("w", "export", {})
    assert other.jobs.read("w", "export", job.id) == job

    world.replicate(A)
    first.run()
    seen = other.jobs.read("w", "export", job.id)
    assert (seen.state, world.regions[B].jobs.get("w", job.id)) == ("done", job)
    world.regions[A].away = True
    assert other.jobs.read("w", "export", job.id) == job
    world.replicate(A)
    assert other.jobs.read("w", "export", job.id) == seen


def test_its_file_is_fetched_from_where_it_is(world: World) -> None:
    """A URL made in the other region leads into the bucket of the first."""
    first, other = Here(world, A), Here(world, B)
    job = first.jobs.start("w", "export", {})

    assert other.jobs.url_of(job, "jobs/w/links.csv", 60) == f"https://{A}/files/jobs/w/links.csv"
    assert first.jobs.url_of(job, "a", 60) == "https://files.test/a?for=60"
    assert other.jobs.url_of(replace(job, place=""), "a", 60) == "https://files.test/a?for=60"


def test_what_only_a_silent_home_can_know(world: World) -> None:
    """It is 503 and not 404, but for a job of another kind of id it stays 404 here."""
    first, other = Here(world, A), Here(world, B)
    job, own = first.jobs.start("w", "export", {}), other.jobs.start("w", "export", {})
    world.regions[A].away = True
    with pytest.raises(Unavailable, match=A):
        other.jobs.read("w", "export", job.id)
    with pytest.raises(NotFound):
        other.jobs.read("x", "export", own.id)


def test_only_its_home_calls_a_worker(world: World) -> None:
    """Looked at from elsewhere a forgotten job stays forgotten; at home it gets a worker."""
    first, other = Here(world, A), Here(world, B)
    job = first.jobs.start("w", "export", {})
    first.calls.clear()
    world.settle()
    world.clock.move(seconds=GRACE.total_seconds())
    other.jobs.read("w", "export", job.id)
    assert (first.calls, other.calls) == ([], [])
    first.jobs.read("w", "export", job.id)
    assert first.calls == [("w", job.id)]


def test_another_region_takes_over(world: World) -> None:
    """After an evacuation it goes on at its new home, from its beginning, as its files are gone."""
    first, other = Here(world, A), Here(world, B)
    job = first.jobs.start("w", "export", {})
    first.run(is_over=False)
    world.settle()
    world.regions[A].away = True
    world.absences.append(Absence(A, world.clock()))
    other.jobs.read("w", "export", job.id)
    assert other.calls == []
    world.clock.move(seconds=70)
    other.jobs.read("w", "export", job.id)
    other.run()

    assert [(one.place, one.progress) for one in first.worked] == [(f"{A}/files", {})]
    assert [(one.place, one.progress) for one in other.worked] == [(f"{B}/files", {})]
    assert other.jobs.read("w", "export", job.id).state == "done"


def test_a_worker_of_the_lost_region_is_out(world: World) -> None:
    """It can't save to what is not at home there any more, once the new home has moved on."""
    first, other = Here(world, A), Here(world, B)
    job = first.jobs.start("w", "export", {})
    leased = lease_job(job, world.clock(), job.place)
    first.tools.jobs.replace(leased)
    world.write_down()
    world.settle()
    world.absences.append(Absence(A, world.clock()))
    world.clock.move(seconds=70)
    other.jobs.read("w", "export", job.id)
    other.run(is_over=False)

    with pytest.raises(Stale):
        first.tools.jobs.replace(finish_job(leased, {}, world.clock() + timedelta(seconds=1)))


def test_a_job_from_before_it_had_a_place(world: World) -> None:
    """It goes on where it is, and has a place from then on."""
    job = replace(Here(world, A).jobs.start("w", "export", {}), place="", progress={"done": 3})
    leased = lease_job(job, world.clock(), "us-east-1/files")

    assert (leased.place, leased.progress) == ("us-east-1/files", {"done": 3})
    assert lease_job(leased, world.clock(), "us-east-1/files").progress == {"done": 3}
