"""What is said of many links at once: batches of creates, and edits of all links of a tag."""

from collections.abc import Mapping
from typing import Any

from chalicelib.api.cursors import Parameter
from chalicelib.api.openapi.operations import Model
from chalicelib.api.openapi.problems import problem_model
from chalicelib.api.openapi.schemas import (
    COUNT,
    IDEMPOTENCY_KEY,
    NEW_LINK_EXAMPLE,
    body_of,
    described,
    link_example,
    link_model,
    list_of,
    object_of,
)
from chalicelib.core.batches import BATCH_FIELDS
from chalicelib.core.fields import Field, or_null


BATCH_KEY = IDEMPOTENCY_KEY._replace(
    about="A name of yours for this batch: sent again within 24 hours, no row is made twice."
)
BATCH_EXAMPLE = {
    "links": [
        {**NEW_LINK_EXAMPLE, "slug": "spring-print"},
        {"destination": "https://example.com/autumn", "slug": "spring-print"},
    ]
}
BULK_EDIT_EXAMPLE = {"expires_at": "2099-06-01T00:00:00Z", "add_tags": ["sale"]}
ANY_VERSION = Parameter(
    "If-Match",
    {"type": "string", "examples": ["*"]},
    "Any version: needed only where the deployment wants `If-Match` with every change.",
    where="header",
)


def batch_body(create_fields: Mapping[str, Field]) -> Model:
    """The body of a batch: the bodies of its creates."""
    row = Model("NewLink", body_of(create_fields, ["destination"]))
    links = {**BATCH_FIELDS["links"].kind.schema, "items": row}
    body = {"type": "object", "required": ["links"], "additionalProperties": False}
    return Model(
        "NewLinks",
        {**body, "properties": {"links": described(links, "What to create, in this order.")}},
    )


def batch_report(create_fields: Mapping[str, Field]) -> Model:
    """What became of each row: a link or a problem."""
    row = {
        "type": "object",
        "required": ["status"],
        "properties": {
            "status": described(
                {"type": "integer", "enum": [201, 409, 422, 503]},
                "What the row would have been answered alone. 503: worth sending again.",
                201,
            ),
            "link": link_model(create_fields),
            "problem": problem_model(),
        },
    }
    counts = {
        "created": described(COUNT, "201: there is a link, made now or by an earlier try."),
        "taken": described(COUNT, "409: the slug is another link's, or an earlier row's."),
        "invalid": described(COUNT, "422: each bad field is named."),
        "failed": described(COUNT, "503: the table did not answer, or time was up."),
    }
    return Model(
        "BatchReport",
        object_of(
            {
                "counts": described(object_of(counts), "How many rows ended how."),
                "results": described(
                    list_of(Model("BatchRow", row)), "One for each row, in the order of the rows."
                ),
            }
        ),
    )


def batch_example(create_fields: Mapping[str, Field]) -> dict[str, Any]:
    """What is answered to the example."""
    detail = "“spring-print” is the slug of /links/0 already."
    bad_field = {"pointer": "/links/1/slug", "code": "slug_taken", "detail": detail}
    problem = {
        "type": "urn:everhop:problem:slug_taken",
        "title": "The slug is taken",
        "status": 409,
        "code": "slug_taken",
        "detail": detail,
        "instance": "urn:everhop:request:4f7c1d2e",
        "errors": [bad_field],
    }
    link = link_example(create_fields, slug="spring-print", short_url="https://sho.rt/spring-print")
    return {
        "counts": {"created": 1, "taken": 1, "invalid": 0, "failed": 0},
        "results": [{"status": 201, "link": link}, {"status": 409, "problem": problem}],
    }


_CURSOR = "What to send as `cursor`, with the same filters and body, to go on."
EDIT_REPORT = Model(
    "EditReport",
    object_of(
        {
            "dry_run": described({"type": "boolean"}, "Whether nothing was changed.", False),
            "counts": described(
                object_of({"edited": COUNT, "unchanged": COUNT, "failed": COUNT}),
                "Of the links that this request looked at. `unchanged`: they have it already.",
            ),
            "failed": described(
                list_of(
                    Model(
                        "FailedEdit",
                        object_of(
                            {
                                "slug": described({"type": "string"}, "Which link.", "spring-sale"),
                                "problem": problem_model(),
                            }
                        ),
                    )
                ),
                "Links that can't have the change, and why. Those that are 503 are tried again "
                "when you go on.",
                [],
            ),
            "next_cursor": described(or_null({"type": "string"}), _CURSOR, None),
        }
    ),
)
EDIT_REPORT_EXAMPLE = {
    "dry_run": True,
    "counts": {"edited": 1, "unchanged": 0, "failed": 0},
    "failed": [],
    "next_cursor": None,
}
