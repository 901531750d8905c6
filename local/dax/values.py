"""Attribute values: DynamoDB's JSON ({"S": "a"}, binary in base64) and what CBOR has for it."""

from base64 import b64decode, b64encode
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from local.dax.cbor import Malformed, Tagged
from local.dax.numbers import number_of, text_of


Json = dict[str, Any]
STRINGS, NUMBERS, BINARIES = 3321, 3322, 3323  # tags of sets
_SET_MEMBERS = {STRINGS: "S", NUMBERS: "N", BINARIES: "B"}
_SET_TAGS = {"SS": STRINGS, "NS": NUMBERS, "BS": BINARIES}


def value_of(item: Any) -> Json:
    """The attribute value that an item of CBOR stands for; Malformed when it is none."""
    read = _FROM_ITEM.get(type(item))
    if read is None:
        raise Malformed(f"An attribute value cannot be a {type(item).__name__}.")
    return read(item)


def values_of(items: dict[str, Any]) -> Json:
    """Attributes by their names."""
    return {name: value_of(item) for name, item in items.items()}


def item_of(value: Json) -> Any:
    """What CBOR has for an attribute value."""
    ((kind, content),) = value.items()
    return _TO_ITEM[kind](content)


def items_of(values: Json) -> dict[str, Any]:
    """What CBOR has for attributes, by their names."""
    return {name: item_of(value) for name, value in values.items()}


def _text(content: bytes) -> str:
    return b64encode(content).decode()


def _set_of(tagged: Tagged) -> Json:
    kind = _SET_MEMBERS[tagged.tag]
    return {f"{kind}S": [value_of(member)[kind] for member in tagged.item]}


def _set_writer(kind: str) -> Callable[[list[str]], Tagged]:
    member = _TO_ITEM[kind[0]]
    return lambda contents: Tagged(_SET_TAGS[kind], [member(content) for content in contents])


_FROM_ITEM: dict[type, Callable[[Any], Json]] = {
    str: lambda item: {"S": item},
    int: lambda item: {"N": str(item)},
    Decimal: lambda item: {"N": text_of(number_of(item))},
    # AWS's client for JavaScript writes what a float holds as one; its shortest digits are meant.
    float: lambda item: {"N": text_of(number_of(repr(item)))},
    bytes: lambda item: {"B": _text(item)},
    bool: lambda item: {"BOOL": item},
    type(None): lambda _: {"NULL": True},
    list: lambda item: {"L": [value_of(one) for one in item]},
    dict: lambda item: {"M": values_of(item)},
    Tagged: _set_of,
}
_TO_ITEM: dict[str, Callable[[Any], Any]] = {
    "S": str,
    "N": number_of,
    "B": b64decode,
    "BOOL": bool,
    "NULL": lambda _: None,
    "L": lambda values: [item_of(one) for one in values],
    "M": items_of,
}
_TO_ITEM |= {kind: _set_writer(kind) for kind in _SET_TAGS}
