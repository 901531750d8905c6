"""Jobs in this process's memory. Gone when it ends."""

from threading import Lock

from chalicelib.core.errors import Stale
from chalicelib.core.jobs import Job


class JobMemory:
    """The `JobStore` over a dict; it keeps every promise but durability."""

    def __init__(self) -> None:
        self._jobs: dict[tuple[str, str], Job] = {}
        self._lock = Lock()

    def get(self, workspace: str, job_id: str) -> Job | None:
        """See JobStore."""
        return self._jobs.get((workspace, job_id))

    def create(self, job: Job) -> None:
        """See JobStore."""
        with self._lock:
            if (job.workspace, job.id) in self._jobs:
                raise Stale("Another worker has this job.")
            self._jobs[job.workspace, job.id] = job

    def replace(self, job: Job) -> None:
        """See JobStore."""
        with self._lock:
            there = self._jobs.get((job.workspace, job.id))
            if there is None or there.version != job.version - 1:
                raise Stale("Another worker has this job.")
            self._jobs[job.workspace, job.id] = job
