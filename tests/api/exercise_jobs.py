"""Every way in which the operations of jobs say that they can end; for test_openapi."""

from chalicelib.core.errors import Unavailable
from chalicelib.core.jobs import Job
from chalicelib.service.ports import JobTools
from chalicelib.store.memory_jobs import JobMemory
from tests.api.driver import Api
from tests.job_fakes import FileMemory


class DownJobs(JobMemory):
    """A store of jobs that does not answer."""

    def get(self, workspace: str, job_id: str) -> Job | None:
        raise Unavailable("The table did not answer.")

    def create(self, job: Job) -> None:
        raise Unavailable("The table did not answer.")


def working_tools() -> JobTools:
    """Tools for jobs that nobody works on."""
    return JobTools(JobMemory(), FileMemory(), lambda *_: None)


def down_tools() -> JobTools:
    """Tools that do not answer."""
    return JobTools(DownJobs(), FileMemory(), lambda *_: None)


LATER = {"Content_Type": "text/csv", "Prefer": "respond-async"}
ROW = b"destination\nhttps://example.com/"


def exercise_jobs(api: Api) -> None:
    """Begin an export and an import and look at them, and all that can be wrong with either."""
    imported = api.keyed("POST", "/imports", ROW, **LATER).json_body
    api.keyed("GET", f"/imports/{imported['id']}")
    api.keyed("GET", "/imports/nope")
    begun = api.keyed("POST", "/exports", {}).json_body
    api.keyed("GET", f"/exports/{begun['id']}")
    api.keyed("GET", "/exports/nope")
    api.keyed("POST", "/exports", {"format": "xml"})
    for wrong in (b"{", b"x" * 100_000):
        api.keyed("POST", "/exports", wrong)
    api.keyed("POST", "/exports", b"a", Content_Type="image/png")


def ask_jobs(api: Api) -> None:
    """Ask each operation once, where it can't be done."""
    api.keyed("POST", "/imports", ROW, **LATER)
    api.keyed("GET", "/imports/x")
    api.keyed("POST", "/exports", {})
    api.keyed("GET", "/exports/x")
