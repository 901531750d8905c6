"""Jobs as their owners use them: start one, and look at it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib.core.errors import NotFound
from chalicelib.core.jobs import Job, JobKind, is_forgotten, job_file, new_job
from chalicelib.core.times import to_milliseconds
from chalicelib.service.ports import Chance, Clock, JobTools


_IDS = 27**14


@dataclass(frozen=True, slots=True)
class JobService:
    """The use cases of jobs; `tools` raises NotConfigured where the deployment has none."""

    tools: Callable[[], JobTools]
    clock: Clock
    chance: Chance

    def now(self) -> datetime:
        """The time, in the precision in which it is stored."""
        return to_milliseconds(self.clock())

    def start(self, workspace: str, kind: JobKind, plan: Mapping[str, Any], **files: bytes) -> Job:
        """Store a job, with what it needs in files by these names, and call a worker for it."""
        tools = self.tools()
        job = new_job(f"{self.chance(_IDS):017x}", workspace, kind, plan, self.now())
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
