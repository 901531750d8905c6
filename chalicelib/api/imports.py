"""Routes of imports: a sheet of links goes in, a report row by row comes out."""

import time
from typing import Any

from chalice.app import Blueprint, Request, Response

from chalicelib.api.cursors import (
    DRY_RUN,
    FIRST_ROW,
    Parameter,
    check_parameters,
    read_declared,
)
from chalicelib.api.doors import Doors, json_answer, read_text, refuse_key, route
from chalicelib.core.errors import Invalid, NotConfigured, NotFound
from chalicelib.core.import_jobs import REPORT, SHEET, import_plan, read_place
from chalicelib.core.imports import read_sheet
from chalicelib.core.jobs import Job, describe_job, job_file
from chalicelib.core.times import format_time, time_after
from chalicelib.service.imports import STATUSES, ImportService, describe_row
from chalicelib.service.jobs import JobService
from chalicelib.service.keyed_links import draw_receipt


MAX_CSV = 2 * 1024 * 1024
MAX_ROWS = 1000
# In the background: as much as Lambda takes once the gateway has made Base64 of it.
MAX_LATER_CSV = 4 * 1024 * 1024
MAX_LATER_ROWS = 50_000
# API Gateway gives up at 29 s; the function's own limit may be shorter.
LONGEST = 20.0
NEEDED_MILLISECONDS = 1500
# A URL is for fetching at once: a new one is made at each look.
URL_WORKS_FOR = 600
_CONTENT_TYPES = ["text/csv", "application/csv", "text/plain", "application/vnd.ms-excel"]

PARAMETERS = (DRY_RUN, FIRST_ROW)
_NO_KEY = "An import takes no key: give each row a slug, and it is stored once however often sent."


PREFER = Parameter(
    "Prefer",
    {"type": "string", "examples": ["respond-async"]},
    "`respond-async` (RFC 7240): import in the background.",
    where="header",
)


def is_preferred(header: str, name: str) -> bool:
    """Whether a Prefer header has this preference, which takes no value; RFC 7240."""
    preferences = (one.partition(";")[0].strip().lower() for one in header.split(","))
    return name in preferences


def _has_time(request: Request, started: float) -> bool:
    context: Any = request.lambda_context
    left = context.get_remaining_time_in_millis()
    return left > NEEDED_MILLISECONDS and time.monotonic() - started < LONGEST


def routes(imports: ImportService, jobs: JobService, doors: Doors) -> Blueprint:
    """The blueprint, over these use cases."""
    api = Blueprint(__name__)

    @route(
        api,
        "/v1/imports",
        ["POST"],
        lambda say: say.Operation(
            "Imports",
            {
                200: say.json_of("What became of each row.", say.IMPORT_REPORT),
                202: say.json_of("The import, which is under way.", say.IMPORT, say.IMPORT_BEGUN),
            },
            errors=(Invalid, NotConfigured),
            parameters=(*PARAMETERS, PREFER),
            body=say.Body(
                {"type": "string"},
                "destination,slug,title\nhttps://example.com/menu,menu,Our menu",
            ),
        ),
        content_types=_CONTENT_TYPES,
    )
    def import_links(request: Request) -> Response:
        """Import a sheet.

        CSV with a header row: plain, or as YOURLS, Kutt, Shlink and Bitly export it. Up to 1,000
        rows and 2 MiB. Each row is stored or explained by itself, and a row that is there already
        stays as it is, so that sending a sheet twice does no harm. 422 means that the file as a
        whole can't be used and nothing of it was stored.

        With `Prefer: respond-async` up to 50,000 rows and 4 MiB are taken and imported in the
        background: the answer is 202, and `Location` says how far it is.
        """
        workspace = doors.authorise(request, "write")
        refuse_key(request, _NO_KEY)
        check_parameters(request, PARAMETERS)
        if is_preferred(request.headers.get("prefer", ""), "respond-async"):
            return begin(request, workspace)
        return import_now(request, workspace)

    def import_now(request: Request, workspace: str) -> Response:
        started = time.monotonic()
        dry_run = read_declared(request, DRY_RUN)
        first_row = read_declared(request, FIRST_ROW)
        sheet = read_sheet(read_text(request, MAX_CSV), first_row, MAX_ROWS)
        report = imports.run(
            workspace,
            sheet.rows,
            dry_run=dry_run,
            has_time=lambda: _has_time(request, started),
        )
        return json_answer(
            {
                "dry_run": dry_run,
                "format": sheet.format,
                "columns": dict(sheet.columns),
                "ignored_columns": list(sheet.ignored),
                "counts": report.counts,
                "rows": [
                    describe_row(row, lambda slug: doors.short_url(request, slug))
                    for row in report.rows
                ],
                "next_row": report.next_row,
            }
        )

    def begin(request: Request, workspace: str) -> Response:
        dry_run = read_declared(request, DRY_RUN)
        first_row = read_declared(request, FIRST_ROW)
        jobs.tools()  # says that there is no bucket before a sheet is read for nothing
        text = read_text(request, MAX_LATER_CSV)
        sheet = read_sheet(text, first_row, MAX_LATER_ROWS)
        base, receipt = doors.short_url(request, ""), draw_receipt(imports.links)
        plan = import_plan(sheet, first_row, base, receipt, dry_run=dry_run)
        plan |= {"regions": list(imports.links.regions)}
        job = jobs.start(workspace, "import", plan, **{SHEET: text.encode()})
        headers = {
            "Location": f"/api/v1/imports/{job.id}",
            "Preference-Applied": "respond-async",
        }
        return json_answer(_describe(jobs, job), 202, headers)

    @route(
        api,
        "/v1/imports/{job_id}",
        ["GET"],
        lambda say: say.Operation(
            "Imports",
            {200: say.json_of("The import as it is now.", say.IMPORT)},
            errors=(NotFound, NotConfigured),
            parameters=(say.JOB_ID,),
        ),
    )
    def read_import(request: Request, job_id: str) -> Response:
        """Look at an import in the background.

        Rows are done in their order; those that count are stored, or explained. Once it is `done`,
        `url` is where anyone can fetch the report of all rows, a CSV, until `url_expires_at`: look
        again for a new one. The import and its report are kept for a day.
        """
        # Its reasons quote the sheet, which only those who write links have seen.
        job = jobs.read(doors.authorise(request, "write"), "import", job_id)
        return json_answer(_describe(jobs, job))

    return api


def _describe(jobs: JobService, job: Job) -> dict[str, Any]:
    done, place, now = job.state == "done", read_place(job.progress), jobs.now()
    told = ("dry_run", "format", "columns", "ignored_columns", "total")
    return {
        **describe_job(job),
        **{name: job.plan[name] for name in told},
        "done": place.done,
        "last_row": place.last_row,
        "counts": {status: place.counts.get(status, 0) for status in STATUSES},
        "failing_rows": list(place.failing),
        "url": jobs.tools().files.url_of(job_file(job, REPORT), URL_WORKS_FOR) if done else None,
        "url_expires_at": format_time(time_after(now, URL_WORKS_FOR)) if done else None,
    }
