"""Changes as the records of DynamoDB Streams, in the form that Lambda hands to a function."""

import hashlib
import json
from typing import Any

from moto.core import DEFAULT_ACCOUNT_ID

from local.replication.changes import Change


Record = dict[str, Any]
# What DynamoDB says of items that its own time to live deleted; only in the region that did.
_TTL = {"type": "Service", "principalId": "dynamodb.amazonaws.com"}


def stream_arn(region: str, table: str) -> str:
    """The ARN of a table's stream: what EVERHOP_STREAM is on one machine."""
    return (
        f"arn:aws:dynamodb:{region}:{DEFAULT_ACCOUNT_ID}:table/{table}"
        "/stream/2026-01-01T00:00:00.000"
    )


def record_of(change: Change, log: str, region: str) -> Record:
    """The record of a change; the same change is always the same record."""
    record = {
        "eventID": hashlib.blake2b(f"{log}/{change.sequence}".encode(), digest_size=16).hexdigest(),
        "eventName": _name_of(change),
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": region,
        "dynamodb": _images(change),
        "eventSourceARN": stream_arn(region, change.table),
    }
    return {**record, "userIdentity": _TTL} if change.by_ttl else record


def _name_of(change: Change) -> str:
    if change.old is None:
        return "INSERT"
    return "MODIFY" if change.new is not None else "REMOVE"


def _images(change: Change) -> Record:
    images = {"NewImage": change.new, "OldImage": change.old}
    return {
        "ApproximateCreationDateTime": change.at // 1000,
        "Keys": json.loads(change.key),
        **{name: json.loads(image) for name, image in images.items() if image is not None},
        "SequenceNumber": sequence_number(change),
        "SizeBytes": len(change.key) + len(change.new or "") + len(change.old or ""),
        "StreamViewType": "NEW_AND_OLD_IMAGES",
    }


def sequence_number(change: Change) -> str:
    """As long as DynamoDB's, so that texts sort as numbers do."""
    return f"{change.sequence:021d}"
