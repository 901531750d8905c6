"""The query of a list request: limit, filters, and the opaque cursor to go on from."""

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from typing import TypeVar

from chalice.app import Request

from chalicelib.core.errors import Invalid, Refused
from chalicelib.service.ports import ListQuery


T = TypeVar("T")
MAX_LIMIT = 100
_POSITION = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z#.+", re.DOTALL)


def read_list_query(request: Request) -> ListQuery:
    """What to list; Invalid names the parameter that can't be used."""
    return ListQuery(
        limit=read_parameter(request, "limit", "50", parse_limit),
        after=read_parameter(request, "cursor", "", _position),
        text=read_parameter(request, "q", "", str.strip),
        tag=read_parameter(request, "tag", "", _tag),
        archived=read_parameter(request, "archived", "false", parse_switch),
    )


def read_parameter(request: Request, name: str, default: str, parse: Callable[[str], T]) -> T:
    """One query parameter; Invalid points to it when `parse` refuses it."""
    given: Mapping[str, str] = request.query_params or {}
    try:
        return parse(given.get(name, default))
    except Refused as refused:
        raise Invalid([refused.at(f"/{name}")]) from None


def parse_limit(text: str) -> int:
    """A query parameter that says how many at the most."""
    if not re.fullmatch(r"\d{1,4}", text, re.ASCII) or not 1 <= int(text) <= MAX_LIMIT:
        raise Refused("limit", f"A whole number from 1 to {MAX_LIMIT}.")
    return int(text)


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
