"""The route of bulk edits: what GET /v1/links?tag=... lists, PATCH changes."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from chalice.app import Blueprint, Request, Response

from chalicelib.api.cursors import (
    ARCHIVED,
    CURSOR,
    DRY_RUN,
    LIMIT,
    STATE,
    TEXT,
    Parameter,
    check_parameters,
    list_name,
    parse_tag,
    read_declared,
    read_parameter,
)
from chalicelib.api.deadlines import seconds_left
from chalicelib.api.doors import Doors, json_answer, read_json, request_id, route
from chalicelib.api.preconditions import versions_to_match
from chalicelib.api.problems import describe_error
from chalicelib.core.bulk_edits import BULK_FIELDS, read_bulk_edit
from chalicelib.core.cursors import read_cursor, write_cursor
from chalicelib.core.errors import Invalid, PreconditionRequired, Refused, Stale
from chalicelib.core.idempotency import digest_request
from chalicelib.service.bulk_edits import BulkEditService, EditReport
from chalicelib.service.ports import ListQuery


def _parse_tag(text: str) -> str:
    tag = parse_tag(text)
    if tag is None:
        raise Refused("required", "Say which tag the links have that are to be edited.")
    return tag


TAG = Parameter(
    "tag",
    {"type": "string", "pattern": r"\S", "examples": ["spring"]},
    "The links with this tag.",
    parse=_parse_tag,
    required=True,
)
TRIAL = DRY_RUN._replace(schema={**DRY_RUN.schema, "examples": [True]})
PARAMETERS = (TAG, TRIAL, TEXT, STATE, ARCHIVED, LIMIT, CURSOR)


def routes(edits: BulkEditService, doors: Doors) -> Blueprint:
    """The blueprint, over these use cases."""
    api = Blueprint(__name__)

    @route(
        api,
        "/v1/links",
        ["PATCH"],
        lambda say: say.Operation(
            "Links",
            {
                200: say.json_of(
                    "How many were edited.", say.EDIT_REPORT, example=say.EDIT_REPORT_EXAMPLE
                )
            },
            errors=(Stale, PreconditionRequired, Invalid),
            parameters=(*PARAMETERS, say.ANY_VERSION),
            body=say.Body(say.Model("BulkEdit", say.body_of(BULK_FIELDS)), say.BULK_EDIT_EXAMPLE),
        ),
    )
    def edit_links(request: Request) -> Response:
        """Edit all links of a tag.

        Go on with `next_cursor`, and the same filters and body, until it is null. Links that have
        the change already stay as they are, so that sending it again does no harm. Where links
        lead and what they are called is edited one by one; for all at once nobody could undo it.
        """
        workspace = doors.authorise(request, "write")
        left = seconds_left(request)
        check_parameters(request, PARAMETERS)
        dry_run = read_declared(request, TRIAL)
        query, body = _read_query(request), read_json(request)
        edit = read_bulk_edit(body)
        # All that decides what an edit does: with anything else its cursor would skip links.
        asked = [list_name(workspace, query), digest_request("PATCH /v1/links", body, ""), dry_run]
        cursors = _Cursors(doors.cursor_secret, json.dumps(asked))
        query = replace(query, after=read_parameter(request, "cursor", "", cursors.read))
        # Last: a precondition counts only where the request would succeed (RFC 9110, 13.2.1).
        _check_version(request, required=doors.require_if_match)
        report = edits.run(workspace, query, edit, left, dry_run=dry_run)
        cursor = cursors.write(report.after)
        return json_answer(_describe(report, request_id(request), cursor, dry_run=dry_run))

    return api


class _Cursors(NamedTuple):
    """The cursors of one edit; "" is a place too: the start of the list."""

    secret: bytes
    name: str

    def read(self, cursor: str) -> str | None:
        return (cursor and read_cursor(self.secret, self.name, cursor)) or None

    def write(self, after: str | None) -> str | None:
        return None if after is None else write_cursor(self.secret, self.name, after)


def _read_query(request: Request) -> ListQuery:
    """Newest first, so that links that are made meanwhile are not waited for."""
    return ListQuery(
        limit=read_declared(request, LIMIT),
        text=read_declared(request, TEXT),
        tag=read_declared(request, TAG),
        archived=read_declared(request, ARCHIVED),
        state=read_declared(request, STATE),
    )


def _check_version(request: Request, *, required: bool) -> None:
    if versions_to_match(request, required=required) is not None:
        raise Stale("Many links have no one version; send * as If-Match.")


def _describe(
    report: EditReport, request: str, cursor: str | None, *, dry_run: bool
) -> dict[str, Any]:
    failed: Sequence[dict[str, Any]] = [
        {"slug": one.slug, "problem": describe_error(one.error, request)} for one in report.failed
    ]
    counts = {"edited": report.edited, "unchanged": report.unchanged, "failed": len(failed)}
    return {"dry_run": dry_run, "counts": counts, "failed": failed, "next_cursor": cursor}
