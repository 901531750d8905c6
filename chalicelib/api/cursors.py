"""The query of a list request: limit, filters, and the opaque cursor to go on from."""

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeVar

from chalice.app import Request

from chalicelib.core.errors import Invalid, Refused
from chalicelib.core.fields import Schema
from chalicelib.service.links import MAX_TEXT
from chalicelib.service.ports import ListQuery


T = TypeVar("T")
MAX_LIMIT = 100
_POSITION = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z#.+", re.DOTALL)


class Parameter(NamedTuple):
    """A part of the path, the query or a header; `parse` reads one of the query from its text.

    What it says of itself besides is for the API's document.
    """

    name: str
    schema: Schema
    about: str
    where: str = "query"
    parse: Callable[[str], Any] = str
    default: str = ""


def read_list_query(request: Request) -> ListQuery:
    """What to list; Invalid names the parameter that can't be used."""
    return ListQuery(
        limit=read_declared(request, LIMIT),
        after=read_declared(request, CURSOR),
        text=read_declared(request, TEXT),
        tag=read_declared(request, TAG),
        archived=read_declared(request, ARCHIVED),
    )


def read_declared(request: Request, parameter: Parameter) -> Any:
    """A query parameter by its declaration, which is also what the API's document says of it."""
    return read_parameter(request, parameter.name, parameter.default, parameter.parse)


def read_parameter(request: Request, name: str, default: str, parse: Callable[[str], T]) -> T:
    """One query parameter; Invalid points to it when `parse` refuses it."""
    given: Mapping[str, str] = request.query_params or {}
    try:
        return parse(given.get(name, default))
    except Refused as refused:
        raise Invalid([refused.at(f"/{name}")]) from None


def _limit(text: str) -> int:
    if not re.fullmatch(r"\d{1,4}", text, re.ASCII) or not 1 <= int(text) <= MAX_LIMIT:
        raise Refused("limit", f"A whole number from 1 to {MAX_LIMIT}.")
    return int(text)


def _text(text: str) -> str:
    if len(text) > MAX_TEXT:
        raise Refused("too_long", f"At most {MAX_TEXT} characters.")
    return text.strip()


def _tag(text: str) -> str | None:
    return " ".join(text.casefold().split()) or None


def parse_switch(text: str) -> bool:
    """A query parameter that is true or false."""
    if text not in ("true", "false"):
        raise Refused("type", "This is true or false.")
    return text == "true"


def parse_whole(text: str) -> int:
    """A query parameter that is a whole number from 1 on."""
    if not re.fullmatch(r"[1-9]\d{0,8}", text, re.ASCII):
        raise Refused("type", "A whole number from 1 on.")
    return int(text)


def write_cursor(position: str | None) -> str | None:
    """The cursor that stands for a position."""
    return position and base64.urlsafe_b64encode(position.encode()).decode().rstrip("=")


def _position(cursor: str) -> str | None:
    if not cursor:
        return None
    try:
        position = base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True)
        text = position.decode()
    except (binascii.Error, ValueError):
        text = ""
    if not _POSITION.fullmatch(text) or len(text) > 400:
        raise Refused("cursor", "This cursor was not given out by this list.")
    return text


_SWITCH = {"type": "boolean", "default": False}
LIMIT = Parameter(
    "limit",
    {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": 50},
    "How many links a page has at the most.",
    parse=_limit,
    default="50",
)
CURSOR = Parameter(
    "cursor", {"type": "string"}, "The `next_cursor` of the page before.", parse=_position
)
TEXT = Parameter(
    "q",
    {"type": "string", "maxLength": MAX_TEXT},
    "Only links with this text in what people wrote of them, in any case.",
    parse=_text,
)
TAG = Parameter("tag", {"type": "string"}, "Only links with this tag.", parse=_tag)
ARCHIVED = Parameter(
    "archived",
    _SWITCH,
    "The archived links instead of the others.",
    parse=parse_switch,
    default="false",
)
LIST_PARAMETERS = (LIMIT, CURSOR, TEXT, TAG, ARCHIVED)
DRY_RUN = Parameter(
    "dry_run",
    _SWITCH,
    "Report what would be, and store nothing.",
    parse=parse_switch,
    default="false",
)
FIRST_ROW = Parameter(
    "first_row",
    {"type": "integer", "minimum": 1, "maximum": 999_999_999, "default": 2},
    "The number of the first row below the header: goes on where an import stopped.",
    parse=parse_whole,
    default="2",
)
