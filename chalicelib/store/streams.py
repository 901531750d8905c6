"""Records of the table's stream, as Lambda hands them over, read for what they tell of links."""

from base64 import b64decode
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from chalicelib.core.changes import Record, Version
from chalicelib.store.keys import LINK_SK, key_of_link
from chalicelib.store.models import LinkItem, to_link


Json = Mapping[str, Any]


class UnreadableRecord(ValueError):
    """A record that can't be read, now or later; the text says what of it."""


def sequence_of(record: Json) -> str:
    """The place of a record in its stream; "" when it has none."""
    return str(record.get("dynamodb", {}).get("SequenceNumber", ""))


def read_record(record: Json) -> Record | None:
    """A record about a link; None for one about anything else. UnreadableRecord."""
    try:
        told = record["dynamodb"]
        keys = told["Keys"]
        key = key_of_link(keys["pk"]["S"])
        if keys["sk"]["S"] != LINK_SK or key is None:
            return None
        at = datetime.fromtimestamp(float(told["ApproximateCreationDateTime"]), UTC)
        old, new = (read_image(told.get(name)) for name in ("OldImage", "NewImage"))
        return Record(sequence_of(record), at, key, old, new)
    except Exception as error:
        # PynamoDB raises what it likes about items that are not as its model; none is to be lost.
        raise UnreadableRecord(type(error).__name__) from error


def read_image(image: Json | None) -> Version | None:
    """The link that an item in DynamoDB's own form is; None for none."""
    if not image:
        return None
    item = LinkItem.from_raw_data({name: _decoded(value) for name, value in image.items()})
    if not item.write_id:
        raise ValueError("an item without write_id")
    return Version(to_link(item), str(item.write_id))


def _decoded(value: Json) -> dict[str, Any]:
    # Events are JSON, where bytes are text; a client has undone that.
    binary = value.get("B")
    return {"B": b64decode(binary, validate=True)} if isinstance(binary, str) else dict(value)
