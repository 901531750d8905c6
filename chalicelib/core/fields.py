"""The fields of a request body: how each is read, and every problem named at once."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from chalicelib.core.errors import Invalid, Problem, Refused
from chalicelib.core.links import REDIRECT_STATUSES
from chalicelib.core.times import parse_time


MAX_TAGS = 10
# Line ends and tabs are text; other controls, and lone surrogates, are in no text on purpose.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
Parser = Callable[[object], Any]


class Field(NamedTuple):
    """How one field is read; `cleared` is what null makes of it, when null is allowed."""

    parse: Parser
    nullable: bool = False
    cleared: Any = None


def text(most: int) -> Parser:
    """Text of up to `most` characters; an empty one clears, like null."""

    def parse(value: object) -> str | None:
        if not isinstance(value, str):
            raise Refused("type", "This is text.")
        if len(value) > most:
            raise Refused("too_long", f"At most {most} characters; this has {len(value)}.")
        if not _is_storable(value):
            raise Refused("characters", "There is a control character in it, or half of one.")
        return value.strip() or None

    return parse


def _is_storable(value: str) -> bool:
    return not _CONTROL.search(value)


def flag(value: object) -> bool:
    """True or false, and nothing that only looks like it."""
    if not isinstance(value, bool):
        raise Refused("type", "This is true or false.")
    return value


def choice(*allowed: object) -> Parser:
    """One of the values listed."""

    def parse(value: object) -> object:
        # 302.0 and True equal integers in Python, but are not what was asked for.
        if not any(type(value) is type(one) and value == one for one in allowed):
            raise Refused("choice", f"This is one of {', '.join(map(str, allowed))}.")
        return value

    return parse


def tags(value: object) -> tuple[str, ...]:
    """Up to 10 tags, lower-cased, trimmed and without repeats, in their order."""
    if not isinstance(value, list):
        raise Refused("type", "Tags are a list of texts.")
    found = tuple(dict.fromkeys(map(_tag, value)))
    if len(found) > MAX_TAGS:
        raise Refused("too_many", f"At most {MAX_TAGS} tags; these are {len(found)}.")
    return found


def _tag(value: object) -> str:
    tag = " ".join(value.casefold().split()) if isinstance(value, str) else ""
    if not 1 <= len(tag) <= 32 or not _is_storable(tag) or not tag.isprintable():
        raise Refused("tag", "A tag has 1 to 32 visible characters.")
    return tag


# Destination and slug follow the deployment's policies: the service adds them.
PLAIN_FIELDS: Mapping[str, Field] = {
    "title": Field(text(200), nullable=True),
    "notes": Field(text(2000), nullable=True),
    "tags": Field(tags, nullable=True, cleared=()),
    "status": Field(choice(*REDIRECT_STATUSES), nullable=True, cleared=302),
    "expires_at": Field(parse_time, nullable=True),
    "starts_at": Field(parse_time, nullable=True),
    "forward_query": Field(flag, nullable=True, cleared=False),
    "query_winner": Field(choice("destination", "visitor"), nullable=True, cleared="destination"),
    "disabled": Field(flag, nullable=True, cleared=False),
    "archived": Field(flag, nullable=True, cleared=False),
}


def read_fields(
    body: object, fields: Mapping[str, Field], required: Iterable[str] = ()
) -> dict[str, Any]:
    """The values of the fields that `body` has; Invalid with a problem for each bad one.

    A field that is missing is not in the result; one that is null is there with its cleared value.
    """
    if not isinstance(body, dict):
        raise Invalid([Problem("", "type", "The body is a JSON object.")])
    values: dict[str, Any] = {}
    problems = [
        Problem(f"/{name}", "required", "This field is needed.")
        for name in required
        if name not in body
    ]
    for name, value in body.items():
        try:
            values[name] = _read(fields.get(name), value)
        except Refused as refused:
            problems.append(refused.at(_pointer(name)))
    if problems:
        raise Invalid(problems)
    return values


def _read(field: Field | None, value: object) -> Any:
    if field is None:
        raise Refused("unknown_field", "There is no such field.")
    if value is not None:
        return field.parse(value)
    if not field.nullable:
        raise Refused("required", "This field can't be cleared.")
    return field.cleared


def _pointer(name: object) -> str:
    return "/" + str(name).replace("~", "~0").replace("/", "~1")
