"""Routes of exports: links go out as a file that is made in the background."""

from typing import Any

from chalice.app import Blueprint, Request, Response

from chalicelib.api.doors import Doors, json_answer, read_json, route
from chalicelib.core.errors import Invalid, NotConfigured, NotFound
from chalicelib.core.exports import EXPORT_FIELDS, export_plan, file_of
from chalicelib.core.fields import read_fields
from chalicelib.core.jobs import Job, describe_job
from chalicelib.core.times import format_time, time_after
from chalicelib.service.jobs import JobService


# A URL is for fetching at once: a new one is made at each look.
URL_WORKS_FOR = 600


def routes(jobs: JobService, doors: Doors) -> Blueprint:
    """The blueprint, over these use cases."""
    api = Blueprint(__name__)

    def answer(job: Job, status: int = 200) -> Response:
        location = {"Location": f"/api/v1/exports/{job.id}"} if status == 202 else {}
        return json_answer(_describe(jobs, job), status, location)

    @route(
        api,
        "/v1/exports",
        ["POST"],
        lambda say: say.Operation(
            "Exports",
            {202: say.json_of("The export, which is being made.", say.EXPORT, say.EXPORT_BEGUN)},
            errors=(Invalid, NotConfigured),
            body=say.Body(
                say.Model("NewExport", say.body_of(EXPORT_FIELDS)),
                {"format": "csv", "tag": "spring"},
            ),
        ),
    )
    def start_export(request: Request) -> Response:
        """Export links.

        All of the workspace's links, or those that the filters find, as CSV or JSON. The file is
        made in the background, however large it gets: look at `Location` until `state` is `done`,
        and fetch it from `url`. CSV is safe to open in a spreadsheet, and what an import reads
        back as the same links, less what no file has: rows of links with a password are
        refused there, and clicks are counted anew.
        """
        workspace = doors.authorise(request, "read")
        values = read_fields(read_json(request), EXPORT_FIELDS)
        plan = export_plan(values, doors.short_url(request, ""))
        return answer(jobs.start(workspace, "export", plan), 202)

    @route(
        api,
        "/v1/exports/{job_id}",
        ["GET"],
        lambda say: say.Operation(
            "Exports",
            {200: say.json_of("The export as it is now.", say.EXPORT)},
            errors=(NotFound, NotConfigured),
            parameters=(say.JOB_ID,),
        ),
    )
    def read_export(request: Request, job_id: str) -> Response:
        """Look at an export.

        Once it is `done`, `url` is where anyone can fetch the file until `url_expires_at`: look
        again for a new one. The export and its file are kept for a day.
        """
        return answer(jobs.read(doors.authorise(request, "read"), "export", job_id))

    return api


def _describe(jobs: JobService, job: Job) -> dict[str, Any]:
    done = job.state == "done"
    now = jobs.now()
    return {
        **describe_job(job),
        "format": job.plan["format"],
        "filters": {name: job.plan[name] for name in ("archived", "tag", "q", "state")},
        "count": job.progress.get("count", 0),
        "bytes": job.progress.get("bytes", 0),
        "url": jobs.url_of(job, file_of(job), URL_WORKS_FOR) if done else None,
        "url_expires_at": format_time(time_after(now, URL_WORKS_FOR)) if done else None,
    }
