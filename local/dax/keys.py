"""Primary keys as DAX writes them: without names, and not always in the same bytes."""

from collections.abc import Callable
from typing import Any

from local.dax.cbor import Encoded, Malformed, Reader, dumps
from local.dax.lex_decimals import decode, encode
from local.dax.numbers import number_of, text_of
from local.dax.values import Json, item_of, value_of


# Names and types ("S", "N", "B") of the partition key and, where there is one, of the sort key.
Schema = tuple[tuple[str, str], ...]


def decode_key(data: bytes, schema: Schema) -> Json:
    """The key attributes of a key's bytes."""
    name, kind = schema[0]
    if len(schema) == 1:
        return {name: _from_bare(data, kind)}
    reader = Reader(data)
    first = _checked(value_of(reader.item()), kind)
    sort_name, sort_kind = schema[1]
    return {name: first, sort_name: _FROM_RAW[sort_kind](reader.rest())}


def encode_key(item: Json, schema: Schema) -> bytes:
    """The bytes of an item's key: of one key there is one form, whatever a client sent."""
    name, kind = schema[0]
    if len(schema) == 1:
        return dumps(item_of(item[name])) if kind == "N" else _TO_RAW[kind](item[name])
    sort_name, sort_kind = schema[1]
    return dumps(item_of(item[name]), Encoded(_TO_RAW[sort_kind](item[sort_name])))


def attributes_of(item: Json, schema: Schema) -> Json:
    """The item without its key."""
    names = {name for name, _ in schema}
    return {name: value for name, value in item.items() if name not in names}


def _from_bare(data: bytes, kind: str) -> Json:
    return _checked(value_of(Reader(data).item()), kind) if kind == "N" else _FROM_RAW[kind](data)


def _checked(value: Json, kind: str) -> Json:
    if kind not in value:
        raise Malformed("A key of another type than the table's.")
    return value


def _number(data: bytes) -> Json:
    return {"N": text_of(decode(data))}


_FROM_RAW: dict[str, Callable[[bytes], Json]] = {
    "S": lambda data: {"S": data.decode()},
    "B": value_of,
    "N": _number,
}
_TO_RAW: dict[str, Callable[[Any], bytes]] = {
    "S": lambda value: value["S"].encode(),
    "B": item_of,
    "N": lambda value: encode(number_of(value["N"])),
}
