"""Jobs as a worker does them: it takes one on lease, works, and saves as it goes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib.core.errors import EverhopError, Stale, Unavailable
from chalicelib.core.jobs import (
    LEASE,
    Job,
    JobKind,
    fail_job,
    finish_job,
    is_free,
    keep_job,
    lease_job,
    release_job,
    reset_job,
    save_job,
)
from chalicelib.core.times import to_milliseconds
from chalicelib.service.ports import Clock, JobStore, JobTools


# With fewer seconds left a worker hands its job on: one page and one upload fit into this.
NEEDED = 30.0
_OURS = "Something went wrong on our side; it is in the logs."


class Busy(Exception):
    """Another worker has the job; raised so that the platform calls again later."""


class Lease:
    """A job in the hands of one worker; saving raises Stale once another one has it."""

    def __init__(
        self, job: Job, jobs: JobStore, clock: Clock, seconds_left: Callable[[], float]
    ) -> None:
        self.job = job
        self._jobs = jobs
        self._clock = clock
        self._seconds_left = seconds_left

    def now(self) -> datetime:
        """The time, in the precision in which it is stored."""
        return to_milliseconds(self._clock())

    @property
    def has_time(self) -> bool:
        """Whether there is time for one more step."""
        return self._seconds_left() > NEEDED

    def keep(self) -> None:
        """Make the lease longer when half of it is over."""
        until, now = self.job.leased_until, self.now()
        if until is not None and until - now < LEASE / 2:
            self._store(keep_job(self.job, now))

    def save(self, progress: Mapping[str, Any]) -> None:
        """Keep how far the work is."""
        self._store(save_job(self.job, progress, self.now()))

    def reset(self) -> None:
        """Let the work begin anew with the next worker."""
        self._store(reset_job(self.job, self.now()))

    def release(self, problem: str | None = None) -> None:
        """Let another worker go on at once."""
        self._store(release_job(self.job, self.now(), problem))

    def finish(self, progress: Mapping[str, Any]) -> None:
        """The work is done."""
        self._store(finish_job(self.job, progress, self.now()))

    def _store(self, job: Job) -> None:
        self._jobs.replace(job)
        self.job = job


# Works until the job is over, or there is no more time (False) and all is saved.
Craft = Callable[[Lease], bool]


@dataclass(frozen=True, slots=True)
class Worker:
    """What the worker function does with an event."""

    tools: Callable[[], JobTools]
    crafts: Mapping[JobKind, Craft]
    clock: Clock

    def run(self, workspace: str, job_id: str, seconds_left: Callable[[], float]) -> None:
        """Go on with a job. What it raises makes the platform call again; nothing is done twice."""
        tools, now = self.tools(), to_milliseconds(self.clock())
        job = tools.jobs.get(workspace, job_id)
        if job is None or job.is_over:
            return
        if not is_free(job, now):
            raise Busy(job_id)
        try:
            self._take(job, now, tools, seconds_left)
        except Stale:
            return  # another worker has it, and all that was saved

    def _take(
        self, job: Job, now: datetime, tools: JobTools, seconds_left: Callable[[], float]
    ) -> None:
        if job.is_hopeless:
            problem = f"It was given up after several tries. {job.problem or ''}".strip()
            tools.jobs.replace(fail_job(job, problem, now))
            return
        leased = lease_job(job, now, tools.place)
        tools.jobs.replace(leased)
        lease = Lease(leased, tools.jobs, self.clock, seconds_left)
        try:
            is_over = self.crafts[job.kind](lease)
        except Stale:
            raise
        except Exception as error:
            lease.release(str(error) if isinstance(error, EverhopError) else _OURS)
            raise
        if not is_over:
            lease.release()
            tools.wake(job.workspace, job.id)


def lost(lease: Lease, what: str) -> Unavailable:
    """The error after which a job begins anew: what it had stored outside the table is gone."""
    lease.reset()
    return Unavailable(f"{what} was lost on the way, so it begins anew.")
