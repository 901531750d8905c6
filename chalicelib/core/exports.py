"""Exports: what may be asked for."""

from collections.abc import Mapping
from typing import Any, Literal, get_args

from chalicelib.core.errors import Refused
from chalicelib.core.fields import Field, Kind, choice, tags, text
from chalicelib.core.jobs import Job, job_file
from chalicelib.core.links import State


ExportFormat = Literal["csv", "json"]


def _parse_archived(value: object) -> object:
    if not (isinstance(value, bool) or value == "all"):
        raise Refused("choice", 'This is one of true, false, "all".')
    return value


def _parse_tag(value: object) -> str:
    (tag,) = tags.parse([value])
    return str(tag)


EXPORT_FIELDS: Mapping[str, Field] = {
    "format": Field(
        choice(*get_args(ExportFormat)),
        nullable=True,
        cleared="csv",
        about="`csv` for spreadsheets and for importing again, `json` for programs.",
        example="csv",
    ),
    "archived": Field(
        # No enum: of values of two types generators of clients make nothing.
        Kind(_parse_archived, {"type": ["boolean", "string"], "pattern": "^all$"}),
        about="`true` for the archived links, `false` for the others, `all` for both.",
        example="all",
    ),
    "tag": Field(
        Kind(_parse_tag, tags.schema["items"]),
        nullable=True,
        about="Only links with this tag.",
        example="spring",
    ),
    "q": Field(
        text(100),
        nullable=True,
        about="Only links with this text in what people wrote of them, in any case.",
        example="sale",
    ),
    "state": Field(
        choice(*get_args(State)),
        nullable=True,
        about="Only links that are in this state when they are read.",
        example="active",
    ),
}


def export_plan(values: Mapping[str, Any], base: str) -> dict[str, Any]:
    """What to export: the values asked for, those not named, and what short URLs begin with."""
    defaults = {"format": "csv", "archived": "all", "tag": None, "q": None, "state": None}
    return {**defaults, **values, "base": base}


def file_of(job: Job) -> str:
    """The name of an export's file; the last part of it is what people save it as."""
    return job_file(job, f"links.{job.plan['format']}")
