"""JSON Schemas of what is sent and answered, made from the fields that validate."""

from collections.abc import Mapping, Sequence
from typing import Any, get_args

from chalicelib.api.cursors import Parameter
from chalicelib.api.openapi.operations import Answer, Header, Model
from chalicelib.core.fields import Field, Schema, or_null, time
from chalicelib.core.links import State, plain
from chalicelib.service.imports import STATUSES


COUNT = {"type": "integer", "minimum": 0}
SLUG_IN_PATH = Parameter(
    "slug",
    {"type": "string", "minLength": 1, "examples": ["spring-sale"]},
    "The link's slug, percent-encoded once; in any case unless slugs here are case-sensitive.",
    where="path",
)
IF_MATCH = Parameter(
    "If-Match",
    {"type": "string", "examples": ['"v1"']},
    "The `ETag` of the version you have seen: 412 when it is no longer the current one.",
    where="header",
)
IF_NONE_MATCH = Parameter(
    "If-None-Match",
    {"type": "string", "examples": ['"v1"']},
    "The `ETag` of what you have: 304 when it is still so.",
    where="header",
)
IDEMPOTENCY_KEY = Parameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
    "A name of yours for this create: sent again within 24 hours, it makes no second link.",
    where="header",
)
ATTEMPT = Parameter(
    "Everhop-Attempt",
    {"type": "string", "examples": ["2"]},
    "Which attempt of this request it is, counted from 1: each goes to the next nearest region, "
    "where the key of the first is looked for in all of them. What is no number is a later one.",
    where="header",
)
KNOWN = Answer("Nothing has changed since the `ETag` that you sent.")
TAGGED = {"ETag": Header("The link's version, for `If-Match`.", '"v1"')}
MADE = {**TAGGED, "Location": Header("Where to read it.", "/api/v1/links/spring-sale")}
RETRY = {"Retry-After": Header("Seconds to wait.", "2")}


def object_of(properties: Mapping[str, Schema | Model]) -> dict[str, Any]:
    """The schema of an object that is answered: all of these are always there."""
    return {"type": "object", "required": [*properties], "properties": {**properties}}


def list_of(item: Schema | Model) -> dict[str, Any]:
    """The schema of a list."""
    return {"type": "array", "items": item}


def described(schema: Schema, about: str, *examples: Any) -> dict[str, Any]:
    """The schema with a sentence for people and examples of what fits it."""
    return {**schema, "description": about, **({"examples": [*examples]} if examples else {})}


def body_of(fields: Mapping[str, Field], required: Sequence[str] = ()) -> dict[str, Any]:
    """The schema of a body that `read_fields` reads.

    One that creates needs something, and has a default for what is missing; an edit keeps that.
    """
    return {
        "type": "object",
        "required": [*required],
        "properties": {
            name: {**_sent(field), **(_default(field) if required else {})}
            for name, field in fields.items()
        },
        "additionalProperties": False,
    }


def shown(fields: Mapping[str, Field], drawn: Sequence[str] = ()) -> dict[str, Any]:
    """The schemas of the same fields as they are answered; those `drawn` are never null there."""
    return {
        name: _shown(field, name in drawn) for name, field in fields.items() if _is_shown(field)
    }


def _is_shown(field: Field) -> bool:
    return not field.kind.schema.get("writeOnly")


def _sent(field: Field) -> dict[str, Any]:
    schema = or_null(field.kind.schema) if field.nullable else field.kind.schema
    return described(schema, field.about, field.example)


def _default(field: Field) -> dict[str, Any]:
    return {"default": plain(field.cleared)} if field.nullable else {}


def _shown(field: Field, drawn: bool) -> dict[str, Any]:
    # What is stored may be from before today's policy: no pattern is promised.
    schema = {name: part for name, part in field.kind.schema.items() if name != "pattern"}
    kept_null = field.nullable and plain(field.cleared) is None and not drawn
    return described(or_null(schema) if kept_null else schema, field.about, field.example)


_CREATED = "2026-02-03T09:15:00Z"
_URL = {"type": "string", "format": "uri"}
_READ_ONLY = {
    "short_url": described(_URL, "What to publish.", "https://sho.rt/spring-sale"),
    "state": described(
        {"type": "string", "enum": [*get_args(State)]}, "What following it does now.", "active"
    ),
    "has_password": described(
        {"type": "boolean"}, "Whether visitors are asked for a password.", False
    ),
    "created_at": described(time.schema, "When it was made.", _CREATED),
    "updated_at": described(time.schema, "When it was last changed.", _CREATED),
    "version": described(
        {"type": "integer", "minimum": 1}, "One more with each change; the `ETag` is made of it.", 1
    ),
}


NEW_LINK_EXAMPLE = {
    "destination": "https://example.com/spring",
    "slug": "spring-sale",
    "tags": ["spring", "print"],
}
CHANGES_EXAMPLE = {"title": "Spring sale", "expires_at": "2099-06-01T00:00:00Z"}


def link_model(create_fields: Mapping[str, Field]) -> Model:
    """A link as it is answered: the fields of a create, and what only the service writes."""
    read_only = {name: {**schema, "readOnly": True} for name, schema in _READ_ONLY.items()}
    schema = object_of({**shown(create_fields, drawn=("slug",)), **read_only})
    return Model("Link", {**schema, "examples": [link_example(create_fields)]})


def link_example(create_fields: Mapping[str, Field], **changed: Any) -> dict[str, Any]:
    """What the examples of bodies make of a link."""
    cleared = {
        name: plain(field.cleared) for name, field in create_fields.items() if _is_shown(field)
    }
    read_only = {name: schema["examples"][0] for name, schema in _READ_ONLY.items()}
    return {**cleared, **NEW_LINK_EXAMPLE, **read_only, **changed}


def page_model(create_fields: Mapping[str, Field]) -> Model:
    """A page of a list of links."""
    link = link_model(create_fields)
    cursor = described(
        or_null({"type": "string"}), "What to send as `cursor` for the next page.", None
    )
    return Model("LinkPage", object_of({"links": list_of(link), "next_cursor": cursor}))


_STATUS = {"type": "string", "enum": ["ok", "failing"]}
HEALTH = Model(
    "Health",
    object_of(
        {
            "status": _STATUS,
            "region": {"type": "string", "examples": ["us-east-1"]},
            "release": described(
                {"type": ["string", "null"]}, "What is deployed, if it has a name.", "1.4.0"
            ),
            "checks": list_of(
                object_of(
                    {
                        "name": {"type": "string", "examples": ["table"]},
                        "status": _STATUS,
                        "took_ms": {"type": "number", "minimum": 0, "examples": [4.2]},
                    }
                )
            ),
        }
    ),
)
FAILING_EXAMPLE = {
    "status": "failing",
    "region": "us-east-1",
    "release": "1.4.0",
    "checks": [{"name": "table", "status": "failing", "took_ms": 1000.2}],
}
FIELD_PROBLEM = Model(
    "FieldProblem",
    object_of(
        {
            "pointer": described(
                {"type": "string"},
                "A JSON Pointer to the field; empty for the whole body.",
                "/slug",
            ),
            "code": described(
                {"type": "string"}, "Stable; more may come to be.", "slug_characters"
            ),
            "detail": described(
                {"type": "string"},
                "A sentence for people.",
                "A slug has only letters A-Z, digits, - and _.",
            ),
        }
    ),
)
_COUNTS: Mapping[str, Schema] = dict.fromkeys(STATUSES, COUNT)
_ROW = {
    "row": described(
        {"type": "integer", "minimum": 1},
        "As a spreadsheet numbers it, the header being 1, unless `first_row` says otherwise.",
        2,
    ),
    "status": described(
        {"type": "string", "enum": [*STATUSES]},
        "`exists`: the slug leads to the same destination already, and nothing was changed; "
        "`errors` has the fields that differ. `taken`: it leads elsewhere. "
        "`ready`: a dry run's `created`. `failed`: worth another try.",
        "created",
    ),
    "slug": described(or_null({"type": "string"}), "Of the link that is there now.", "menu"),
    "short_url": described(or_null(_URL), "Where it is followed.", "https://sho.rt/menu"),
    "errors": described(list_of(FIELD_PROBLEM), "Why it was not stored, or what differs.", []),
}
IMPORT_REPORT = Model(
    "ImportReport",
    object_of(
        {
            "dry_run": described({"type": "boolean"}, "Whether nothing was stored.", False),
            "format": described({"type": "string"}, "Which kind of sheet it was.", "plain"),
            "columns": described(
                {"type": "object", "additionalProperties": {"type": "string"}},
                "Which column each field was read from.",
                {"destination": "destination", "slug": "slug", "title": "title"},
            ),
            "ignored_columns": described(
                list_of({"type": "string"}), "Columns that mean nothing here.", []
            ),
            "counts": described(
                object_of(_COUNTS),
                "How many rows ended how.",
                {status: int(status == "created") for status in STATUSES},
            ),
            "rows": described(list_of(Model("ImportRow", object_of(_ROW))), "Each row's report."),
            "next_row": described(
                or_null({"type": "integer"}),
                "The first row there was no time for: send the file again with `first_row`.",
                None,
            ),
        }
    ),
)
