"""Fields with parts of their own: objects and lists, read part by part with a pointer to each."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from chalicelib.core.errors import Invalid, Problem, Refused
from chalicelib.core.fields import Field, Kind, or_null, read_fields


Check = Callable[[dict[str, Any]], Any]


def object_of(
    fields: Mapping[str, Field],
    required: Iterable[str] = (),
    check: Check = dict,
    title: str = "",
) -> Kind:
    """An object with these fields; `check` looks at them together and makes the value.

    The API's document describes one with a `title` once, under that name.
    """
    needed = [*required]

    def parse(value: object) -> Any:
        if not isinstance(value, dict):
            raise Refused("type", "This is an object.")
        return check(read_fields(value, fields, needed))

    schema = {
        "type": "object",
        "required": needed,
        "properties": {name: _described(field) for name, field in fields.items()},
        "additionalProperties": False,
    }
    return Kind(parse, {**schema, **({"title": title} if title else {})})


def _described(field: Field) -> dict[str, Any]:
    schema = or_null(field.kind.schema) if field.nullable else field.kind.schema
    return {**schema, "description": field.about, "examples": [field.example]}


def list_of(kind: Kind, most: int, least: int = 1) -> Kind:
    """A list of `least` to `most` such values, in their order."""

    def parse(value: object) -> list[Any]:
        if not isinstance(value, list):
            raise Refused("type", "This is a list.")
        if len(value) < least:
            raise Refused("too_few", f"At least {least}; leave it out when it does not matter.")
        # Before the values are read, so that a long list costs nothing.
        if len(value) > most:
            raise Refused("too_many", f"At most {most:,}; these are {len(value):,}.")
        return _read_all(kind, value)

    limits = {"minItems": least, "maxItems": most} if least else {"maxItems": most}
    return Kind(parse, {"type": "array", **limits, "items": kind.schema})


def _read_all(kind: Kind, values: list[object]) -> list[Any]:
    read: list[Any] = []
    problems: list[Problem] = []
    for number, value in enumerate(values):
        try:
            read.append(kind.parse(value))
        except Refused as refused:
            problems.append(refused.at(f"/{number}"))
        except Invalid as invalid:
            problems += invalid.below(f"/{number}")
    if problems:
        raise Invalid(problems)
    return read


def set_of(kind: Kind, most: int) -> Kind:
    """The same for values whose order and number do not matter: each is kept once."""
    listed = list_of(kind, most)
    return Kind(lambda value: [*dict.fromkeys(listed.parse(value))], listed.schema)


def whole_number(least: int, most: int) -> Kind:
    """An integer of these limits; true and 1.0 are none."""

    def parse(value: object) -> int:
        if not isinstance(value, int) or isinstance(value, bool):
            raise Refused("type", "This is a whole number.")
        if not least <= value <= most:
            raise Refused("out_of_range", f"This is from {least} to {most}.")
        return value

    return Kind(parse, {"type": "integer", "minimum": least, "maximum": most})


def exact_text(least: int, most: int) -> Kind:
    """Text of `least` to `most` characters, kept as it is, spaces too."""

    def parse(value: object) -> str:
        if not isinstance(value, str):
            raise Refused("type", "This is text.")
        if not least <= len(value) <= most:
            raise Refused("length", f"This has {least} to {most} characters.")
        if any("\ud800" <= one <= "\udfff" for one in value):
            raise Refused("characters", "There is half of a character in it.")
        return value

    return Kind(parse, {"type": "string", "minLength": least, "maxLength": most})
