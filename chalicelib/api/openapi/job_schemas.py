"""JSON Schemas of jobs: exports and imports, as they are answered."""

from typing import Any

from chalicelib.api.cursors import Parameter
from chalicelib.api.openapi.operations import Header, Model
from chalicelib.api.openapi.schemas import COUNT, IMPORT_REPORT, described, object_of
from chalicelib.core.exports import EXPORT_FIELDS
from chalicelib.core.fields import or_null, time


_ID = "0f3a9c17be2d4461a"
_TEXT = {"type": "string"}
JOB_ID = Parameter(
    "job_id", {"type": "string", "minLength": 1, "examples": [_ID]}, "The id.", where="path"
)
EXPORT_BEGUN = {"Location": Header("Where to look at it.", f"/api/v1/exports/{_ID}")}
_JOB = {
    "id": described(_TEXT, "What it is called.", _ID),
    "state": described(
        {"type": "string", "enum": ["waiting", "running", "done", "failed"]},
        "`waiting` and `running`: look again in a second or two.",
        "done",
    ),
    "created_at": described(time.schema, "When it was asked for.", "2026-02-03T09:15:00Z"),
    "updated_at": described(time.schema, "When it last got on.", "2026-02-03T09:15:02Z"),
    "expires_at": described(
        time.schema, "From then on it is 404, and its file is gone.", "2026-02-04T09:15:02Z"
    ),
    "problem": described(or_null(_TEXT), "Why it `failed`.", None),
}


def _file(name: str) -> dict[str, Any]:
    return {
        "url": described(
            or_null({"type": "string", "format": "uri"}),
            "Where the file is; new at each look, and a secret: it needs no key.",
            f"https://everhop-prod-files.s3.eu-west-1.amazonaws.com/jobs/default/{name}?...",
        ),
        "url_expires_at": described(
            or_null(time.schema), "Until when `url` works.", "2026-02-03T09:25:04Z"
        ),
    }


def _asked(name: str, example: object) -> dict[str, object]:
    field = EXPORT_FIELDS[name]
    schema = {key: part for key, part in field.kind.schema.items() if key != "pattern"}
    kept_null = field.nullable and field.cleared is None
    return described(or_null(schema) if kept_null else schema, "As asked.", example)


EXPORT = Model(
    "Export",
    object_of(
        {
            **_JOB,
            "format": _asked("format", "csv"),
            "filters": described(
                object_of(
                    {
                        "archived": _asked("archived", "all"),
                        "tag": _asked("tag", "spring"),
                        "q": _asked("q", None),
                        "state": _asked("state", None),
                    }
                ),
                "Which links were asked for; null is any.",
            ),
            "count": described(COUNT, "Links in the file so far.", 1204),
            "bytes": described(COUNT, "The size of the file so far.", 722410),
            **_file("links.csv"),
        }
    ),
)
IMPORT_BEGUN = {
    "Location": Header("Where to look at it.", f"/api/v1/imports/{_ID}"),
    "Preference-Applied": Header("That it is done as preferred.", "respond-async"),
}
_SHEET = IMPORT_REPORT.schema["properties"]
IMPORT = Model(
    "Import",
    object_of(
        {
            **_JOB,
            **{name: _SHEET[name] for name in ("dry_run", "format", "columns", "ignored_columns")},
            "total": described(COUNT, "Rows in the sheet.", 1),
            "done": described(COUNT, "Rows that are done so far: the first ones.", 1),
            "last_row": described(
                or_null({"type": "integer"}), "The number of the last of them.", 2
            ),
            "counts": _SHEET["counts"],
            "failing_rows": described(
                _SHEET["rows"],
                "The first rows that need attention, up to 100 or 32 KiB; the report has all.",
                [],
            ),
            **_file("report.csv"),
        }
    ),
)
