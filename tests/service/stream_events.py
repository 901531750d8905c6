"""Events as Lambda hands them to the function of a stream, made of links as the table has them."""

from base64 import b64encode
from datetime import UTC, datetime
from itertools import count
from typing import Any

from chalicelib.core.links import Link
from chalicelib.store.models import LinkItem, to_item


Json = dict[str, Any]
STREAM = "arn:aws:dynamodb:us-east-1:123456789012:table/everhop-prod/stream/2026-11-23T12:00:00.000"
_numbers = count(1)


def image_of(key: str, link: Link, write_id: str = "") -> Json:
    """The item that stores a link, in DynamoDB's own form."""
    item = to_item(LinkItem, key, link, write_id or f"v{link.version} to {link.destination}")
    return {name: _as_json(value) for name, value in item.serialize().items()}


def _as_json(value: Json) -> Json:
    return {"B": b64encode(value["B"]).decode()} if "B" in value else dict(value)


def record_of(
    key: str,
    old: Json | None,
    new: Json | None,
    at: datetime = datetime(2026, 11, 23, 12, tzinfo=UTC),
) -> Json:
    """One record of the stream."""
    number = next(_numbers)
    images = {name: it for name, it in (("OldImage", old), ("NewImage", new)) if it}
    kind = "INSERT" if old is None else "MODIFY" if new else "REMOVE"
    return {
        "eventID": f"{number:032x}",
        "eventName": kind,
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "us-east-1",
        "dynamodb": {
            # Whole seconds, as DynamoDB tells them.
            "ApproximateCreationDateTime": int(at.timestamp()),
            "Keys": {"pk": {"S": f"link#{key}"}, "sk": {"S": "link"}},
            **images,
            "SequenceNumber": f"{number:021d}",
            "SizeBytes": 512,
            "StreamViewType": "NEW_AND_OLD_IMAGES",
        },
        "eventSourceARN": STREAM,
    }


def event_of(*records: Json) -> Json:
    """A batch of them."""
    return {"Records": list(records)}
