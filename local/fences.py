"""Who may not write to a region's DynamoDB: IAM's Deny, as far as one machine has such a thing.

Each region's processes sign with a key of their own (`key_of`), which is what a role is on AWS. A
database that was told of a fence refuses writes signed with the region's key, whichever region they
were sent to. A control command changes it; what is refused is forgotten when the database ends.
"""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from local.controls import ControlError, Json


FENCE = "fence"
_WRITES = frozenset(
    "PutItem UpdateItem DeleteItem BatchWriteItem TransactWriteItems ExecuteStatement".split()
)


def key_of(region: str) -> str:
    """AWS_ACCESS_KEY_ID of a region's processes."""
    return f"local-{region}"


class Fences:
    """The regions whose processes write nothing here."""

    def __init__(self) -> None:
        self._regions: set[str] = set()

    async def set(self, words: Mapping[str, Any]) -> Json:
        """The act of FENCE: a region is refused from now on, or no more."""
        region, refused = words.get("region"), words.get("refused")
        if not (isinstance(region, str) and isinstance(refused, bool)):
            raise ControlError("a fence needs a region, and whether it is refused.")
        (self._regions.add if refused else self._regions.discard)(region)
        return {"refused": sorted(self._regions)}

    def refuses(self, headers: Mapping[str, str]) -> bool:
        """Whether a request is a write of somebody who may not."""
        operation = headers.get("X-Amz-Target", "").rpartition(".")[2]
        if operation not in _WRITES or not self._regions:
            return False
        _, _, credential = headers.get("Authorization", "").partition("Credential=")
        return credential.partition("/")[0] in map(key_of, self._regions)


def refusal(headers: Mapping[str, str]) -> web.Response:
    """What DynamoDB answers then."""
    operation = headers.get("X-Amz-Target", "").rpartition(".")[2]
    message = f"Not authorized to perform dynamodb:{operation}: an explicit deny in the fence."
    fault = {"__type": "com.amazon.coral.service#AccessDeniedException", "message": message}
    return web.json_response(fault, status=400, content_type="application/x-amz-json-1.0")
