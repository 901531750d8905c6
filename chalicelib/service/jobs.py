"""Jobs as their owners use them: start one, and look at it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from chalicelib.core.errors import NotFound
from chalicelib.core.homes import draw_at_home
from chalicelib.core.jobs import Job, JobKind, is_forgotten, job_file, job_home, new_job
from chalicelib.core.times import to_milliseconds
from chalicelib.service.ports import Chance, Clock, JobTools


_IDS = 27**14


@dataclass(frozen=True, slots=True)
class JobService:
    """The use cases of jobs; `tools` raises NotConfigured where the deployment has none.

    Of many `regions` this one is first, and the home of the jobs that begin here.
    """

    tools: Callable[[], JobTools]
    clock: Clock
    chance: Chance
    regions: Sequence[str] = ()

    def now(self) -> datetime:
        """The time, in the precision in which it is stored."""
        return to_milliseconds(self.clock())

    def start(self, workspace: str, kind: JobKind, plan: Mapping[str, Any], **files: bytes) -> Job:
        """Store a job, with what it needs in files by these names, and call a worker for it."""
        tools = self.tools()
        job_id = draw_at_home(lambda: f"{self.chance(_IDS):017x}", job_home, self.regions)
        job = replace(new_job(job_id, workspace, kind, plan, self.now()), place=tools.place)
        for name, data in files.items():
            tools.files.put(job_file(job, name), data)
        tools.jobs.create(job)
        tools.wake(workspace, job.id)
        return job

    def read(self, workspace: str, kind: JobKind, job_id: str) -> Job:
        """The job as it is now; NotFound for none of this workspace and kind.

        One whose worker is gone gets another: whoever waits for a job looks at it.
        """
        tools, now = self.tools(), self.now()
        job = tools.jobs.get(workspace, job_id)
        if job is None or job.kind != kind or job.expires_at <= now:
            raise NotFound(f"There is no {kind} “{job_id}”; they are kept for a day.")
        if is_forgotten(job, now):
            tools.wake(workspace, job_id)
        return job

    def url_of(self, job: Job, name: str, works_for: int) -> str:
        """A URL of a file of the job, for so many seconds: of the region that it was made in."""
        return self.tools().files_of(job).url_of(name, works_for)
