"""Items as DAX writes them: the id of their list of names, then the values in its order."""

from local.dax.attribute_lists import AttributeLists
from local.dax.cbor import Encoded, Reader, dumps
from local.dax.errors import invalid
from local.dax.expressions import Path
from local.dax.keys import Schema, attributes_of
from local.dax.values import Json, item_of, value_of


def encode_item(item: Json, schema: Schema, lists: AttributeLists) -> bytes:
    """An item without its key, which its reader knows."""
    attributes = attributes_of(item, schema)
    names = sorted(attributes)
    return dumps(lists.id_of(names), *(item_of(attributes[name]) for name in names))


def decode_item(data: bytes, lists: AttributeLists) -> Json:
    """The attributes of an item that was encoded without its key."""
    number, *values = Reader(data).items()
    names = lists.names_of(number)
    if len(names) != len(values):
        raise invalid(f"{len(values)} values for the {len(names)} attributes of list {number}.")
    return {name: value_of(value) for name, value in zip(names, values, strict=True)}


def encode_some(attributes: Json, lists: AttributeLists) -> bytes:
    """Attributes that an update changed, by their places in their list."""
    names = sorted(attributes)
    places = {place: item_of(attributes[name]) for place, name in enumerate(names)}
    return dumps(lists.id_of(names), places)


def project(item: Json, paths: list[Path]) -> Encoded:
    """The values at the paths, by the paths' places in the request; none where there is none."""
    found = {place: _value_at(item, path) for place, path in enumerate(paths)}
    return Encoded(dumps({place: item_of(value) for place, value in found.items() if value}))


def _value_at(item: Json, path: Path) -> Json | None:
    value: Json = {"M": item}
    for part in path:
        inside = value.get("M" if isinstance(part, str) else "L")
        if inside is None:
            return None
        if isinstance(part, str):
            found = inside.get(part)
        else:
            found = inside[part] if part < len(inside) else None
        if found is None:
            return None
        value = found
    return value
