"""Jobs: work that outlives its request. One worker at a time has it on lease, and saves as it goes.

A lease is only there to keep two from doing the same; what keeps them from harm is the version:
each save replaces the version before, so that of two workers one is told that it is out.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from chalicelib.core.times import format_time


JobState = Literal["waiting", "running", "done", "failed"]
JobKind = str  # names its craft and its route: "export"

LEASE = timedelta(seconds=60)
# How soon a job that nobody has on lease may be taken for forgotten.
GRACE = timedelta(seconds=10)
KEPT_FOR = timedelta(days=1)
# Leases that may end without anything saved before the job counts as failed.
MAX_TRIES = 6
# How often it may lose what it had stored outside the table, and begin anew.
MAX_RESETS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Some work of a workspace: `plan` is what was asked, `progress` where to go on; both JSON."""

    id: str
    workspace: str
    kind: JobKind
    plan: Mapping[str, Any]
    progress: Mapping[str, Any]
    created_at: datetime
    updated_at: datetime
    expires_at: datetime
    state: JobState = "waiting"
    leased_until: datetime | None = None
    tries: int = 0
    resets: int = 0
    problem: str | None = None
    place: str = ""  # where its files are: a region and a bucket
    version: int = 1

    @property
    def is_hopeless(self) -> bool:
        """Whether another try is not worth making."""
        return self.tries >= MAX_TRIES or self.resets > MAX_RESETS

    @property
    def is_over(self) -> bool:
        """Whether nothing more will become of it."""
        return self.state in ("done", "failed")


def job_home(job_id: str) -> str:
    """What the home of a job is told by."""
    return f"job/{job_id}"


def new_job(
    job_id: str, workspace: str, kind: JobKind, plan: Mapping[str, Any], now: datetime
) -> Job:
    """A job that waits for its first worker."""
    return Job(
        id=job_id,
        workspace=workspace,
        kind=kind,
        plan=plan,
        progress={},
        created_at=now,
        updated_at=now,
        expires_at=_expiry(now),
    )


def job_file(job: Job, name: str) -> str:
    """What a file of the job is called in the bucket; the last part of it is `name`."""
    return f"jobs/{job.workspace}/{job.id}/{name}"


def is_free(job: Job, now: datetime) -> bool:
    """Whether a worker may take it."""
    return not job.is_over and (job.leased_until is None or job.leased_until <= now)


def is_forgotten(job: Job, now: datetime) -> bool:
    """Whether nobody is at work on it who should be: its worker died, or was never called."""
    return is_free(job, now) and (job.leased_until or (job.updated_at + GRACE)) <= now


def lease_job(job: Job, now: datetime, place: str = "") -> Job:
    """The job in a worker's hands; from its beginning where its files are not `place`'s."""
    leased = _next(job, now, state="running", leased_until=now + LEASE, tries=job.tries + 1)
    if place in ("", job.place):
        return leased
    return replace(leased, place=place, progress={} if job.place else job.progress)


def keep_job(job: Job, now: datetime) -> Job:
    """The job with a longer lease and nothing new."""
    return _next(job, now, leased_until=now + LEASE)


def save_job(job: Job, progress: Mapping[str, Any], now: datetime) -> Job:
    """The job as far as it has come; whoever goes on goes on from here."""
    return _next(job, now, progress=progress, leased_until=now + LEASE, tries=0, problem=None)


def reset_job(job: Job, now: datetime) -> Job:
    """The job from its beginning."""
    return _next(job, now, progress={}, resets=job.resets + 1)


def release_job(job: Job, now: datetime, problem: str | None = None) -> Job:
    """The job for the next worker, who need not wait for the lease to end."""
    return _next(job, now, leased_until=None, problem=problem)


def finish_job(job: Job, progress: Mapping[str, Any], now: datetime) -> Job:
    """The job, done."""
    return _next(job, now, state="done", progress=progress, leased_until=None, problem=None)


def fail_job(job: Job, problem: str, now: datetime) -> Job:
    """The job, given up."""
    return _next(job, now, state="failed", leased_until=None, problem=problem)


def _next(job: Job, now: datetime, **changes: Any) -> Job:
    return replace(job, version=job.version + 1, updated_at=now, expires_at=_expiry(now), **changes)


def _expiry(now: datetime) -> datetime:
    return (now + KEPT_FOR).replace(microsecond=0)


def describe_job(job: Job) -> dict[str, Any]:
    """What the API answers of any job; a problem that is only a reason to try again is not told."""
    return {
        "id": job.id,
        "state": job.state,
        "created_at": format_time(job.created_at),
        "updated_at": format_time(job.updated_at),
        "expires_at": format_time(job.expires_at),
        "problem": job.problem if job.state == "failed" else None,
    }
