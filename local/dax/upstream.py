"""DynamoDB behind DAX: its JSON over HTTP, asked as `local` asks, without real credentials."""

import json
from typing import Any

from aiohttp import ClientError, ClientSession, ClientTimeout, TCPConnector

from local.dax.errors import DaxError
from local.dax.values import Json
from local.fences import key_of


ANSWERS_WITHIN = 20  # seconds
CONNECTIONS = 64


class Unanswered(DaxError):
    """Nobody knows whether it was done: no answer came, or one of a server in trouble."""


class Upstream:
    """One DynamoDB endpoint."""

    def __init__(self, url: str, region: str) -> None:
        self._url = url
        # moto reads the region out of this and checks no signature.
        credential = f"Credential={key_of(region)}/20260101/{region}/dynamodb/aws4_request"
        self._headers = {
            "Content-Type": "application/x-amz-json-1.0",
            "Authorization": f"AWS4-HMAC-SHA256 {credential}, SignedHeaders=host, Signature=0",
        }
        self._session: ClientSession | None = None

    async def open(self) -> None:
        """Get ready to ask."""
        self._session = ClientSession(
            timeout=ClientTimeout(total=ANSWERS_WITHIN), connector=TCPConnector(limit=CONNECTIONS)
        )

    async def close(self) -> None:
        """Close all connections."""
        if self._session:
            await self._session.close()

    async def ask(self, operation: str, body: Json) -> Json:
        """What DynamoDB answers; a DaxError when it refuses, Unanswered when nobody knows."""
        headers = {**self._headers, "X-Amz-Target": f"DynamoDB_20120810.{operation}"}
        data = json.dumps(body).encode()
        assert self._session, "The cluster is not running."  # noqa: S101 - for the type checker
        try:
            async with self._session.post(self._url, data=data, headers=headers) as response:
                status, answer = response.status, json.loads(await response.read())
        except (ClientError, TimeoutError, ValueError) as error:
            raise Unanswered(
                "InternalServerError", f"No answer of DynamoDB: {error}", 500
            ) from None
        if status != 200:
            raise _error_of(status, answer)
        return dict(answer)


def _error_of(status: int, answer: Any) -> DaxError:
    code = str(answer.get("__type", "InternalServerError")).rpartition("#")[2]
    message = str(answer.get("message") or answer.get("Message") or "")
    reasons = tuple(
        (reason.get("Code"), reason.get("Message"), reason.get("Item"))
        for reason in answer.get("CancellationReasons") or ()
    )
    kind = Unanswered if status >= 500 else DaxError
    return kind(code, message, status, reasons=reasons)
