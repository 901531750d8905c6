"""The optional parameters of a request, which DAX's clients send as a map with numbers for keys."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from local.dax.cbor import Reader
from local.dax.expressions import Names, Path, condition_text, projection_paths, update_text
from local.dax.keys import Schema, decode_key
from local.dax.values import Json, values_of


PROJECTION, CONSISTENT, CAPACITY, START_KEY, INDEX = 0, 2, 3, 9, 11
# What does not change what is found: placeholders, already put in, and the wish to know the cost.
BESIDES = {1, CAPACITY, 5}
Raw = dict[int, Any]
_CAPACITIES = ("NONE", "TOTAL", "INDEXES")
_RETURN_VALUES = ("", "NONE", "ALL_OLD", "UPDATED_OLD", "ALL_NEW", "UPDATED_NEW")
_SELECTS = ("", "ALL_ATTRIBUTES", "ALL_PROJECTED_ATTRIBUTES", "COUNT", "SPECIFIC_ATTRIBUTES")
_PLAIN: dict[int, tuple[str, Callable[[Any], Any]]] = {
    CONSISTENT: ("ConsistentRead", bool),
    CAPACITY: ("ReturnConsumedCapacity", _CAPACITIES.__getitem__),
    6: ("ReturnItemCollectionMetrics", ("NONE", "SIZE").__getitem__),
    7: ("ReturnValues", _RETURN_VALUES.__getitem__),
    INDEX: ("IndexName", bytes.decode),
    13: ("Limit", int),
    14: ("ScanIndexForward", bool),
    15: ("Select", _SELECTS.__getitem__),
    16: ("Segment", int),
    17: ("TotalSegments", int),
    19: ("ClientRequestToken", str),
}
_EXPRESSIONS: dict[int, tuple[str, Callable[[bytes, Names], str]]] = {
    4: ("ConditionExpression", condition_text),
    8: ("UpdateExpression", update_text),
    10: ("FilterExpression", condition_text),
}


@dataclass
class Options:
    """The optional parameters of one request, in DynamoDB's words."""

    body: Json = field(default_factory=dict)
    names: Names = field(default_factory=Names)

    def complete(self) -> Json:
        """The fields of the request to DynamoDB, once all expressions are added."""
        return self.body | self.names.fields()


def read_options(raw: Raw | None, schema: Schema = ()) -> Options:
    """The options of a request; the schema is needed for the key that a page starts from."""
    options = Options()
    for number, content in (raw or {}).items():
        if number in _PLAIN:
            name, read = _PLAIN[number]
            options.body[name] = read(content)
        elif number in _EXPRESSIONS:
            name, text_of = _EXPRESSIONS[number]
            options.body[name] = text_of(content, options.names)
    if raw and START_KEY in raw:
        options.body["ExclusiveStartKey"] = _start_key(raw, schema)
    return options


def read_paths(raw: Raw | None) -> list[Path] | None:
    """The paths of the projection, if there is one."""
    return projection_paths(raw[PROJECTION]) if raw and PROJECTION in raw else None


def is_consistent(raw: Raw | None) -> bool:
    """Whether a read must see all writes before it."""
    return bool(raw and raw.get(CONSISTENT))


def wants_capacity(raw: Raw | None) -> bool:
    """Whether the answer has the cost in it."""
    return bool(raw and raw.get(CAPACITY))


def _start_key(raw: Raw, schema: Schema) -> Json:
    if INDEX in raw:
        return values_of(Reader(raw[START_KEY]).item())
    return decode_key(raw[START_KEY], schema)
