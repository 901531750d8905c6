"""The query of a list request: limit, filters, order, and the cursor to go on from."""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple, TypeVar, get_args

from chalice.app import Request

from chalicelib.core.cursors import read_cursor, write_cursor
from chalicelib.core.errors import Invalid, Problem, Refused
from chalicelib.core.fields import Schema, pointer_to
from chalicelib.core.links import State
from chalicelib.core.texts import fold
from chalicelib.service.links import MAX_TEXT
from chalicelib.service.ports import ListQuery, Page


T = TypeVar("T")
MAX_LIMIT = 100
SORTS = {"-created_at": False, "created_at": True}  # whether the oldest come first
STATES: dict[str, State | None] = {"": None, **{state: state for state in get_args(State)}}


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
    required: bool = False


def read_list_query(request: Request, workspace: str, secret: bytes) -> ListQuery:
    """What to list; Invalid names the parameter that can't be used."""
    check_parameters(request, LIST_PARAMETERS)
    query = ListQuery(
        limit=read_declared(request, LIMIT),
        text=read_declared(request, TEXT),
        tag=read_declared(request, TAG),
        archived=read_declared(request, ARCHIVED),
        oldest_first=read_declared(request, SORT),
        state=read_declared(request, STATE),
    )

    def position(cursor: str) -> str | None:
        return read_cursor(secret, list_name(workspace, query), cursor) if cursor else None

    return replace(query, after=read_parameter(request, "cursor", "", position))


def check_parameters(request: Request, declared: Iterable[Parameter]) -> None:
    """Invalid for a query parameter that is not declared, or is there twice.

    Passed over, a filter that is misspelt would list, or change, more than was meant.
    """
    names = {one.name for one in declared}
    given: Any = request.query_params or {}
    unknown = [
        Problem(pointer_to(name), "unknown_field", "There is no such parameter.")
        for name in given
        if name not in names
    ]
    repeated = [
        Problem(pointer_to(name), "repeated", "This can be there once.")
        for name in given
        if name in names and len(given.getlist(name)) > 1
    ]
    if unknown or repeated:
        raise Invalid(unknown + repeated)


def read_declared(request: Request, parameter: Parameter) -> Any:
    """A query parameter by its declaration, which is also what the API's document says of it."""
    return read_parameter(request, parameter.name, parameter.default, parameter.parse)


def read_parameter(request: Request, name: str, default: str, parse: Callable[[str], T]) -> T:
    """One query parameter; Invalid points to it when `parse` refuses it."""
    given: Mapping[str, str] = request.query_params or {}
    try:
        return parse(given.get(name, default))
    except Refused as refused:
        raise Invalid([refused.at(pointer_to(name))]) from None


def parse_limit(text: str) -> int:
    """A query parameter that says how many at the most."""
    if not re.fullmatch(r"\d{1,4}", text, re.ASCII) or not 1 <= int(text) <= MAX_LIMIT:
        raise Refused("limit", f"A whole number from 1 to {MAX_LIMIT}.")
    return int(text)


def _one_of(choices: Mapping[str, T]) -> Callable[[str], T]:
    def parse(text: str) -> T:
        if text not in choices:
            raise Refused("choice", f"This is one of {', '.join(filter(None, choices))}.")
        return choices[text]

    return parse


def _text(text: str) -> str:
    if len(text) > MAX_TEXT:
        raise Refused("too_long", f"At most {MAX_TEXT} characters.")
    return fold(text.strip())


def parse_tag(text: str) -> str | None:
    """A query parameter that is a tag; None when it is empty."""
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


def next_cursor(page: Page, workspace: str, query: ListQuery, secret: bytes) -> str | None:
    """The cursor for what comes after a page; None at the end."""
    return page.after and write_cursor(secret, list_name(workspace, query), page.after)


def list_name(workspace: str, query: ListQuery) -> str:
    """What a cursor belongs to: all that decides which links come, and in which order."""
    parts = (workspace, query.archived, query.oldest_first, query.state, query.tag, query.text)
    return json.dumps(parts)


_SWITCH = {"type": "boolean", "default": False}
LIMIT = Parameter(
    "limit",
    {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": 50},
    "How many links a page has at the most.",
    parse=parse_limit,
    default="50",
)
CURSOR = Parameter(
    "cursor", {"type": "string"}, "The `next_cursor` of the page before, of this very list."
)
TEXT = Parameter(
    "q",
    {"type": "string", "maxLength": MAX_TEXT},
    "Only links with this text in what people wrote of them, in any case.",
    parse=_text,
)
TAG = Parameter("tag", {"type": "string"}, "Only links with this tag.", parse=parse_tag)
ARCHIVED = Parameter(
    "archived",
    _SWITCH,
    "The archived links instead of the others.",
    parse=parse_switch,
    default="false",
)
SORT = Parameter(
    "sort",
    {"type": "string", "enum": list(SORTS), "default": "-created_at"},
    "The order: newest first, or oldest first without the minus.",
    parse=_one_of(SORTS),
    default="-created_at",
)
STATE = Parameter(
    "state",
    {"type": "string", "enum": list(get_args(State))},
    "Only links that are in this state now.",
    parse=_one_of(STATES),
)
LIST_PARAMETERS = (LIMIT, CURSOR, SORT, TEXT, TAG, STATE, ARCHIVED)
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
