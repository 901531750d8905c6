"""Routes of imports: a sheet of links goes in, a report row by row comes out."""

import time
from typing import Any

from chalice.app import Blueprint, Request, Response

from chalicelib.api.cursors import DRY_RUN, FIRST_ROW, check_parameters, read_declared
from chalicelib.api.doors import Doors, json_answer, read_text, refuse_key, route
from chalicelib.core.errors import Invalid
from chalicelib.core.imports import read_sheet
from chalicelib.service.imports import ImportService, describe_row


MAX_CSV = 2 * 1024 * 1024
MAX_ROWS = 1000
# API Gateway gives up at 29 s; the function's own limit may be shorter.
LONGEST = 20.0
NEEDED_MILLISECONDS = 1500
_CONTENT_TYPES = ["text/csv", "application/csv", "text/plain", "application/vnd.ms-excel"]

PARAMETERS = (DRY_RUN, FIRST_ROW)
_NO_KEY = "An import takes no key: give each row a slug, and it is stored once however often sent."


def _has_time(request: Request, started: float) -> bool:
    context: Any = request.lambda_context
    left = context.get_remaining_time_in_millis()
    return left > NEEDED_MILLISECONDS and time.monotonic() - started < LONGEST


def routes(imports: ImportService, doors: Doors) -> Blueprint:
    """The blueprint, over these use cases."""
    api = Blueprint(__name__)

    @route(
        api,
        "/v1/imports",
        ["POST"],
        lambda say: say.Operation(
            "Imports",
            {200: say.json_of("What became of each row.", say.IMPORT_REPORT)},
            errors=(Invalid,),
            parameters=PARAMETERS,
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
        """
        workspace = doors.authorise(request, "write")
        started = time.monotonic()
        refuse_key(request, _NO_KEY)
        check_parameters(request, PARAMETERS)
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

    return api
