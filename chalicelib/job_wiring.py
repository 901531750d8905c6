"""Joins what jobs need: only the worker and the routes of jobs load it, and only then."""

from collections.abc import Callable
from functools import cache
from typing import Any

from chalicelib.config import Config
from chalicelib.core.errors import NotConfigured
from chalicelib.core.jobs import JobKind
from chalicelib.entrance import links_model, now
from chalicelib.link_wiring import make_link_service
from chalicelib.service.exports import ExportCraft
from chalicelib.service.import_jobs import ImportCraft
from chalicelib.service.imports import ImportService
from chalicelib.service.job_workers import Craft, Worker
from chalicelib.service.ports import Clock, JobStore, JobTools, LinkStore, Wake
from chalicelib.store.files import FileBucket
from chalicelib.store.job_calls import WorkerCall
from chalicelib.store.jobs import JobItem, JobTable
from chalicelib.store.models import bind_beside


def make_job_tools(config: Config, store: LinkStore) -> JobTools:
    """What jobs need; NotConfigured says what the deployment lacks for it."""
    if config.store == "memory":
        raise NotConfigured("This needs a table: the setting EVERHOP_STORE is memory here.")
    for name, value in (("EVERHOP_BUCKET", config.bucket), ("EVERHOP_WORKER", config.worker)):
        if not value:
            raise NotConfigured(f"The setting {name} is needed for this, and is not set.")
    jobs: JobStore = JobTable(bind_beside(JobItem, links_model(config, store)))
    wake: Wake = WorkerCall(config.worker, config.region)
    if config.has_others:
        from chalicelib.keeper_wiring import share_jobs  # noqa: PLC0415 - only where others are

        jobs, wake = share_jobs(store, jobs, wake)
    place = f"{config.region}/{config.bucket}"
    return JobTools(jobs, _open_bucket(place), wake, place, _open_bucket)


def _open_bucket(place: str) -> FileBucket:
    """The files that are kept in a place: a region and a bucket of it."""
    region, _, bucket = place.partition("/")
    return FileBucket(bucket, region)


def make_worker(
    config: Config, tools: Callable[[], JobTools], store: LinkStore, clock: Clock = now
) -> Callable[[dict[str, str], Any], None]:
    """The worker function: goes on with the job that an event names."""

    @cache
    def make() -> Worker:
        files = tools().files
        imports = ImportService(make_link_service(config, store, clock))
        crafts: dict[JobKind, Craft] = {
            "export": ExportCraft(store, files),
            "import": ImportCraft(imports, files),
        }
        return Worker(tools, crafts, clock)

    def work(event: dict[str, str], context: Any) -> None:
        make().run(
            event["workspace"], event["job"], lambda: context.get_remaining_time_in_millis() / 1000
        )

    return work
