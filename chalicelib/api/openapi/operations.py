"""What a route says of itself: the values that the OpenAPI document is made of."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from chalicelib.api.cursors import Parameter
from chalicelib.core.errors import EverhopError
from chalicelib.core.fields import Schema


NOTHING: Mapping[str, Any] = MappingProxyType({})


class Model(NamedTuple):
    """A schema with a name; one that has it as a part refers to it by the name."""

    name: str
    schema: Schema


class Body(NamedTuple):
    """What is sent, with an example that works; its media types are those of the route."""

    schema: Schema | Model
    example: Any
    is_required: bool = True


class Header(NamedTuple):
    """A header of an answer."""

    about: str
    example: str


class Answer(NamedTuple):
    """An answer that is no problem; without a media type it has no body, and it may have two.

    `others` are media types with a schema and an example of their own.
    """

    about: str
    schema: Schema | Model = NOTHING
    media_type: str = ""
    headers: Mapping[str, Header] = NOTHING
    example: Any = None
    others: Mapping[str, Any] = NOTHING


class Operation(NamedTuple):
    """One route. The docstring of its view has the summary and, below, what there is to know.

    With `keyed` come the errors of a key, with a body those of a body: `errors` names the others.
    """

    group: str
    answers: Mapping[int, Answer]
    errors: Sequence[type[EverhopError]] = ()
    parameters: Sequence[Parameter] = ()
    body: Body | None = None
    keyed: bool = True


# Of every answer that a key was good for.
LIMIT_HEADERS: Mapping[str, Header] = MappingProxyType(
    {
        "RateLimit-Policy": Header("How many requests a key may make.", '"default";q=600;w=60'),
        "RateLimit": Header("How many are left, for how long.", '"default";r=597;t=41'),
    }
)
# For a route that is there to say no (405) or what is allowed (204): nobody would call it.
UNLISTED = Operation("", {}, keyed=False)


def json_of(
    about: str,
    schema: Schema | Model,
    headers: Mapping[str, Header] = NOTHING,
    example: Any = None,
) -> Answer:
    """An answer in JSON; without an example of its own it has those of its parts."""
    return Answer(about, schema, "application/json", headers, example)


def page_of(about: str, headers: Mapping[str, Header] = NOTHING) -> Answer:
    """An answer for people, in HTML."""
    return Answer(about, {"type": "string"}, "text/html", headers)
