"""What goes wrong at DAX, in the words of botocore, so that PynamoDB's callers can't tell.

amazon-dax-client raises its own ClientErrors, some without a code, and lets errors of sockets and
of its own code through. Either DAX answered, and the table's own client would have raised the like
of it; or DAX is lost, and whether the table saw the call may not be known.
"""

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError


THROTTLED = frozenset(
    {
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestLimitExceededException",
        "ThrottlingException",
    }
)
# What is about DAX itself: no answer, no route, an answer that can't be read, a role that DAX does
# not know. The table may well answer.
_NO_ANSWER = frozenset(
    {
        "AccessDeniedException",
        "ConnectionException",
        "DecoderException",
        "EndOfStreamException",
        "InternalServerError",
        "InternalServerErrorException",
        "MalformedResultException",
        "MissingAuthenticationTokenException",
        "NoRouteException",
        "UnrecognizedClientException",
    }
)
_NEVER_SENT = frozenset(
    {
        "AccessDeniedException",
        "MissingAuthenticationTokenException",
        "NoRouteException",
        "UnrecognizedClientException",
    }
)
_NAMES = {"RequestLimitExceededException": "RequestLimitExceeded"}  # as DynamoDB spells it


class Lost(Exception):
    """DAX gave no answer to a call. `at_once`: it failed quickly, so another try costs no time."""

    def __init__(self, cause: Exception, *, at_once: bool, sent: bool) -> None:
        super().__init__(type(cause).__name__)
        self.cause = cause
        self.at_once = at_once
        self.sent = sent  # perhaps; False is certain

    def as_botocore(self, endpoint: str) -> Exception:
        """What botocore raises when the table does not answer."""
        kind: type[Exception] = ConnectionClosedError if self.at_once else ReadTimeoutError
        return kind(endpoint_url=endpoint, error=self.cause)  # type: ignore[call-arg]


def explain(error: Exception, operation: str) -> ClientError | Lost:
    """What an error of the DAX client comes to: an answer, or that there was none."""
    if isinstance(error, OSError):
        refused = isinstance(error, ConnectionRefusedError)
        return Lost(error, at_once=not isinstance(error, TimeoutError), sent=not refused)
    if isinstance(error, TypeError) and operation.startswith("Batch"):
        # The client stumbles over two requests for one item when they have binary attributes.
        return _client_error(operation, "ValidationException", str(error), {})
    if not isinstance(error, ClientError):
        return Lost(error, at_once=True, sent=True)
    code = _code_of(error)
    if code is None or code in _NO_ANSWER or getattr(error, "auth_error", False):
        return Lost(error, at_once=True, sent=code not in _NEVER_SENT)
    message = error.response.get("Error", {}).get("Message", "")
    return _client_error(operation, code, message, _rest_of(error))


def _code_of(error: ClientError) -> str | None:
    code = error.response.get("Error", {}).get("Code") or getattr(error, "code", None)
    if isinstance(code, tuple):  # the client has one code that is two
        code = code[0]
    return code and _NAMES.get(code, code)


def _client_error(operation: str, code: str, message: str, rest: Mapping[str, Any]) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}, **rest}, operation)


def _rest_of(error: ClientError) -> dict[str, Any]:
    metadata: dict[str, Any] = {**error.response.get("ResponseMetadata", {})}
    metadata["HTTPHeaders"] = {"x-amzn-requestid": metadata.get("RequestId", "")}
    rest: dict[str, Any] = {"ResponseMetadata": metadata}
    reasons = getattr(error, "cancellation_reasons", None)
    if reasons:
        rest["CancellationReasons"] = to_reasons(reasons)
    return rest


def to_reasons(flat: list[Any]) -> list[dict[str, Any]]:
    """Why each action of a transaction failed, out of `[code, message, item]` repeated.

    The client hands items over undecoded; calls that ask for them take the other road.
    """
    return [
        {
            "Code": code or "None",
            **({"Message": message} if message else {}),
        }
        for code, message in zip(flat[::3], flat[1::3], strict=True)
    ]
