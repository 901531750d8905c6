"""The route of batches: up to 100 creates in one request, each with a status of its own."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from chalice.app import Blueprint, Request, Response

from chalicelib.api.deadlines import seconds_left
from chalicelib.api.doors import Doors, json_answer, read_asked, read_json, request_id, route
from chalicelib.api.problems import describe_error
from chalicelib.core.batches import BATCH_FIELDS, row_pointer
from chalicelib.core.errors import IdempotencyInProgress, IdempotencyMismatch, Invalid, SlugTaken
from chalicelib.core.fields import read_fields
from chalicelib.core.links import Link, describe_link
from chalicelib.service.batches import BatchService, MadeLink, Outcome


MAX_BODY = 1024 * 1024
COUNTED = ("created", "taken", "invalid", "failed")


def routes(batches: BatchService, doors: Doors) -> Blueprint:
    """The blueprint, over these use cases."""
    api = Blueprint(__name__)

    def describe_row(request: Request, outcome: Outcome, number: int) -> dict[str, Any]:
        if not isinstance(outcome, MadeLink):
            problem = describe_error(outcome, request_id(request))
            if isinstance(outcome, SlugTaken):
                pointer = f"{row_pointer(number)}/slug"
                problem["errors"] = [
                    {"pointer": pointer, "code": outcome.code, "detail": str(outcome)}
                ]
            return {"status": outcome.status, "problem": problem}
        link = outcome.link
        # As of when it was made, so that a replay says the same.
        return {"status": 201, "link": _describe(doors, request, link, link.updated_at)}

    @route(
        api,
        "/v1/links/batch",
        ["POST"],
        lambda say: say.Operation(
            "Links",
            {
                200: say.json_of(
                    "What became of each row, in their order.",
                    say.batch_report(batches.links.create_fields),
                    example=say.batch_example(batches.links.create_fields),
                )
            },
            errors=(IdempotencyInProgress, Invalid, IdempotencyMismatch),
            parameters=(say.BATCH_KEY, say.ATTEMPT),
            body=say.Body(say.batch_body(batches.links.create_fields), say.BATCH_EXAMPLE),
        ),
    )
    def create_links(request: Request) -> Response:
        """Create many links.

        Up to 100 links and 1 MiB. Each row is created or explained by itself, as if it had been
        sent alone: look at each `status`. Rows that are 503 had no answer from the table, or no
        time: send the same batch with the same `Idempotency-Key` again, and what is missing is
        made, and nothing twice. 422 means that nothing of the batch was read.
        """
        workspace = doors.authorise(request, "write")
        left = seconds_left(request)
        body = read_json(request, MAX_BODY)
        rows = read_fields(body, BATCH_FIELDS, required=["links"])["links"]
        asked = read_asked(request, workspace, "POST /v1/links/batch", body)
        outcomes = batches.create(workspace, rows, asked, left)
        results = [describe_row(request, one, number) for number, one in enumerate(outcomes)]
        return json_answer(
            {"counts": _counts(outcomes), "results": results}, headers=_replay(outcomes)
        )

    return api


def _describe(doors: Doors, request: Request, link: Link, at: datetime) -> dict[str, object]:
    return describe_link(link, doors.short_url(request, link.slug), at)


def _counts(outcomes: Iterable[Outcome]) -> dict[str, int]:
    counted = Counter(map(_kind, outcomes))
    return {kind: counted[kind] for kind in COUNTED}


def _kind(outcome: Outcome) -> str:
    if isinstance(outcome, MadeLink):
        return "created"
    if isinstance(outcome, Invalid):
        return "invalid"
    return "taken" if isinstance(outcome, SlugTaken) else "failed"


def _replay(outcomes: Iterable[Outcome]) -> dict[str, str]:
    """The header of an answer whose links were all there before."""
    made = [one for one in outcomes if isinstance(one, MadeLink)]
    replayed = made and all(one.replayed for one in made)
    return {"Idempotent-Replayed": "true"} if replayed else {}
