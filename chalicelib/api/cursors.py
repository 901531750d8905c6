"""The query of a list request: limit, filters, order, and the cursor to go on from."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeVar, get_args

from chalice.app import Request

from chalicelib.core.cursors import read_cursor, write_cursor
from chalicelib.core.errors import Invalid, Refused
from chalicelib.core.links import State
from chalicelib.core.texts import fold
from chalicelib.service.ports import ListQuery, Page


T = TypeVar("T")
MAX_LIMIT = 100
SORTS = {"-created_at": False, "created_at": True}  # whether the oldest come first
STATES: dict[str, State | None] = {"": None, **{state: state for state in get_args(State)}}


def read_list_query(request: Request, workspace: str, secret: bytes) -> ListQuery:
    """What to list; Invalid names the parameter that can't be used."""
    query = ListQuery(
        limit=read_parameter(request, "limit", "50", _limit),
        text=read_parameter(request, "q", "", _text),
        tag=read_parameter(request, "tag", "", _tag),
        archived=read_parameter(request, "archived", "false", parse_switch),
        oldest_first=read_parameter(request, "sort", "-created_at", _one_of(SORTS)),
        state=read_parameter(request, "state", "", _one_of(STATES)),
    )

    def position(cursor: str) -> str | None:
        return read_cursor(secret, _list_name(workspace, query), cursor) if cursor else None

    return replace(query, after=read_parameter(request, "cursor", "", position))


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


def _one_of(choices: Mapping[str, T]) -> Callable[[str], T]:
    def parse(text: str) -> T:
        if text not in choices:
            raise Refused("choice", f"This is one of {', '.join(filter(None, choices))}.")
        return choices[text]

    return parse


def _text(text: str) -> str:
    return fold(text.strip())


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


def next_cursor(page: Page, workspace: str, query: ListQuery, secret: bytes) -> str | None:
    """The cursor for what comes after a page; None at the end."""
    return page.after and write_cursor(secret, _list_name(workspace, query), page.after)


def _list_name(workspace: str, query: ListQuery) -> str:
    """What a cursor belongs to: all that decides which links come, and in which order."""
    parts = (workspace, query.archived, query.oldest_first, query.state, query.tag, query.text)
    return json.dumps(parts)
