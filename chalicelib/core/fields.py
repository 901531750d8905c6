"""The fields of a request body: how each is read, and every problem named at once."""

import re
from collections.abc import Callable, Container, Iterable, Mapping
from typing import Any, NamedTuple

from chalicelib.core.errors import Invalid, Problem, Refused
from chalicelib.core.links import REDIRECT_STATUSES
from chalicelib.core.times import TIME_PATTERN, parse_time


MAX_TAGS = 10
MAX_CLICKS = 1_000_000_000
# Line ends and tabs are text; other controls, and lone surrogates, are in no text on purpose.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_TEXT_PATTERN = "^[^\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\u007f-\\u009f]*$"
MAX_TAG = 32
LONGEST_NAME = 200  # of a field that is not known: enough to find it by
Parser = Callable[[object], Any]
Schema = Mapping[str, Any]


class Kind(NamedTuple):
    """A parser and the JSON Schema of what it takes, made side by side so that they agree."""

    parse: Parser
    schema: Schema


class Field(NamedTuple):
    """How one field is read; `cleared` is what null makes of it, when null is allowed.

    `about` and `example` are for the API's document, as is the schema.
    """

    kind: Kind
    nullable: bool = False
    cleared: Any = None
    about: str = ""
    example: Any = None


def or_null(schema: Schema) -> dict[str, Any]:
    """The schema of the same or null."""
    allowed = {"enum": [*schema["enum"], None]} if "enum" in schema else {}
    return {**schema, "type": [schema["type"], "null"], **allowed}


def text(most: int) -> Kind:
    """Text of up to `most` characters; an empty one clears, like null."""

    def parse(value: object) -> str | None:
        if not isinstance(value, str):
            raise Refused("type", "This is text.")
        if len(value) > most:
            raise Refused("too_long", f"At most {most} characters; this has {len(value)}.")
        if not _is_storable(value):
            raise Refused("characters", "There is a control character in it, or half of one.")
        return value.strip() or None

    return Kind(parse, {"type": "string", "maxLength": most, "pattern": _TEXT_PATTERN})


def _is_storable(value: str) -> bool:
    return not _CONTROL.search(value)


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise Refused("type", "This is true or false.")
    return value


def whole_number(least: int, most: int) -> Kind:
    """A whole number from `least` to `most`, written as one."""

    def parse(value: object) -> int:
        if not isinstance(value, int) or isinstance(value, bool):
            raise Refused("type", "This is a whole number.")
        if not least <= value <= most:
            raise Refused("out_of_range", f"A whole number from {least:,} to {most:,}.")
        return value

    return Kind(parse, {"type": "integer", "minimum": least, "maximum": most})


def choice(*allowed: str | int) -> Kind:
    """One of the values listed."""

    def parse(value: object) -> object:
        # 302.0 and True equal integers in Python, but are not what was asked for.
        if not any(type(value) is type(one) and value == one for one in allowed):
            raise Refused("choice", f"This is one of {', '.join(map(str, allowed))}.")
        return value

    kind = "integer" if all(isinstance(one, int) for one in allowed) else "string"
    return Kind(parse, {"type": kind, "enum": list(allowed)})


def _tags(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise Refused("type", "Tags are a list of texts.")
    found = tuple(dict.fromkeys(map(_tag, value)))
    if len(value) > MAX_TAGS:
        raise Refused("too_many", f"At most {MAX_TAGS} tags; these are {len(value)}.")
    return found


def _tag(value: object) -> str:
    short = isinstance(value, str) and len(value) <= MAX_TAG
    tag = " ".join(str(value).casefold().split()) if short else ""
    if not 1 <= len(tag) <= MAX_TAG or not _is_storable(tag) or not tag.isprintable():
        raise Refused("tag", f"A tag has 1 to {MAX_TAG} visible characters.")
    return tag


# True or false, and nothing that only looks like it.
flag = Kind(_flag, {"type": "boolean"})
# A moment, from RFC 3339 with its offset.
time = Kind(parse_time, {"type": "string", "format": "date-time", "pattern": f"^{TIME_PATTERN}$"})
# Up to 10 tags, lower-cased, trimmed and without repeats, in their order.
tags = Kind(
    _tags,
    {
        "type": "array",
        "maxItems": MAX_TAGS,
        "items": {"type": "string", "minLength": 1, "maxLength": MAX_TAG, "pattern": r"\S"},
    },
)


# Destination and slug follow the deployment's policies: the service adds them.
PLAIN_FIELDS: Mapping[str, Field] = {
    "title": Field(
        text(200),
        nullable=True,
        about="A name for people, shown in the dashboard and on the preview page.",
        example="Spring sale",
    ),
    "notes": Field(
        text(2000),
        nullable=True,
        about="Anything worth remembering; only ever shown to the link's owners.",
        example="Printed on the April flyer.",
    ),
    "tags": Field(
        tags,
        nullable=True,
        cleared=(),
        about="Lower-cased, trimmed, and kept once each.",
        example=["spring", "print"],
    ),
    "status": Field(
        choice(*REDIRECT_STATUSES),
        nullable=True,
        cleared=302,
        about="What visitors are redirected with. Browsers may keep a 301 or 308 for long.",
        example=302,
    ),
    "expires_at": Field(
        time,
        nullable=True,
        about="From then on visitors get 410. A new link can't have ended already.",
        example="2099-06-01T00:00:00Z",
    ),
    "starts_at": Field(
        time,
        nullable=True,
        about="Until then the link looks as if there were none. Before `expires_at`.",
        example="2026-03-01T07:00:00Z",
    ),
    "forward_query": Field(
        flag,
        nullable=True,
        cleared=False,
        about="Whether the visitor's query is added to the destination's.",
        example=True,
    ),
    "query_winner": Field(
        choice("destination", "visitor"),
        nullable=True,
        cleared="destination",
        about="Whose value counts when both queries have the same key.",
        example="destination",
    ),
    "forward_path": Field(
        flag,
        nullable=True,
        cleared=False,
        about="Whether `/{slug}/more` leads to `/more` below the destination, and not to 404.",
        example=False,
    ),
    "disabled": Field(
        flag,
        nullable=True,
        cleared=False,
        about="Switched off: visitors get 410.",
        example=False,
    ),
    "archived": Field(
        flag,
        nullable=True,
        cleared=False,
        about="Left out of the list, and still followed.",
        example=False,
    ),
    "max_clicks": Field(
        whole_number(1, MAX_CLICKS),
        nullable=True,
        about=(
            "After so many clicks visitors get 410. Counted from when the link has it, and about "
            "right: some clicks more may get through."
        ),
        example=1000,
    ),
    "max_clicks_exact": Field(
        flag,
        nullable=True,
        cleared=False,
        about=(
            "Whether never one click more than `max_clicks` gets through; slower, never cached. "
            "Needs `max_clicks`, and is false again when that is cleared."
        ),
        example=False,
    ),
}


def read_fields(
    body: object,
    fields: Mapping[str, Field],
    required: Iterable[str] = (),
    others: Container[str] = (),
) -> dict[str, Any]:
    """The values of the fields that `body` has; Invalid with a problem for each bad one.

    A field that is missing is not in the result; one that is null is there with its cleared value.
    `others` are there to be read: nobody is told that there is none of that name.
    """
    if not isinstance(body, dict):
        raise Invalid([Problem("", "type", "The body is a JSON object.")])
    values: dict[str, Any] = {}
    problems = [
        Problem(pointer_to(name), "required", "This field is needed.")
        for name in required
        if name not in body
    ]
    for name, value in body.items():
        try:
            values[name] = _read(fields.get(name), value, is_there=name in others)
        except Refused as refused:
            problems.append(refused.at(pointer_to(name)))
        except Invalid as invalid:
            problems += invalid.below(pointer_to(name))
    if problems:
        raise Invalid(problems)
    return values


def _read(field: Field | None, value: object, *, is_there: bool) -> Any:
    if field is None:
        why = "This field can't be written here." if is_there else "There is no such field."
        raise Refused("unknown_field", why)
    if value is not None:
        return field.kind.parse(value)
    if not field.nullable:
        raise Refused("required", "This field can't be cleared.")
    return field.cleared


def pointer_to(name: object) -> str:
    """The JSON pointer to a field or parameter of this name, as much of it as is worth telling."""
    return "/" + str(name)[:LONGEST_NAME].replace("~", "~0").replace("/", "~1")
