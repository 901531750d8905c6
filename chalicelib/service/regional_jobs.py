"""Jobs of many regions: begun, worked on and saved in one, the home of their id; seen from any."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from chalicelib.core.errors import Unavailable
from chalicelib.core.jobs import Job, job_home
from chalicelib.service.ports import JobStore, OtherRegions, Wake
from chalicelib.service.regions import Regions
from chalicelib.service.threads import ask_within


WAIT = 0.15  # seconds
AskWithin = Callable[[float, Callable[[], Job | None]], Job | None]


@dataclass(frozen=True, slots=True)
class RegionalJobs:
    """The `JobStore` over this region's and those of the others."""

    local: JobStore
    regions: Regions
    others: OtherRegions[JobStore]
    wait: float = WAIT
    ask_within: AskWithin = ask_within

    def get(self, workspace: str, job_id: str) -> Job | None:
        """See JobStore; of a home that is silent, what has come from there.

        Unavailable when nothing has.
        """
        found = self.local.get(workspace, job_id)
        if found is not None and found.is_over:
            return found
        try:
            home = self.regions.home_of(job_home(job_id))
            return found if home == self.regions.here else self._ask(home, workspace, job_id)
        except Unavailable:
            if found is None:
                raise
            return found

    def _ask(self, home: str, workspace: str, job_id: str) -> Job | None:
        try:
            ask = partial(self.others, home, lambda store: store.get(workspace, job_id))
            return self.ask_within(self.wait, ask)
        except Unavailable as error:
            detail = f"This would be a job of {home}, which did not tell in time."
            raise Unavailable(detail, retry_for=1) from error

    def create(self, job: Job) -> None:
        """See JobStore."""
        self._at_home(job, lambda store: store.create(job))

    def replace(self, job: Job) -> None:
        """See JobStore; it is the home that replaces, or nobody."""
        self._at_home(job, lambda store: store.replace(job))

    def _at_home(self, job: Job, act: Callable[[JobStore], None]) -> None:
        home = self.regions.home_of(job_home(job.id))
        if home == self.regions.here:
            act(self.local)
        else:
            self.others(home, act)


@dataclass(frozen=True, slots=True)
class HomeWake:
    """A `Wake` for jobs that are at home here; those of others their own region looks after."""

    wake: Wake
    regions: Regions

    def __call__(self, workspace: str, job_id: str) -> None:
        """See Wake. A job that nobody was called for is looked after when somebody looks at it."""
        if self._is_here(job_id):
            self.wake(workspace, job_id)

    def _is_here(self, job_id: str) -> bool:
        try:
            return self.regions.is_here(job_home(job_id))
        except Unavailable:  # its home moves, or is not known: no worker could save it now
            return False
