"""Errors in the words of DAX: codes of its own beside DynamoDB's."""

from dataclasses import dataclass
from typing import Any

from local.dax.cbor import dumps


DYNAMODB = (4, 37, 38, 39)  # DynamoDB refused it; the fifth code says why
UNKNOWN_REASON = 0  # no client knows it, so all take the name that is sent with it
REASONS = {
    "ProvisionedThroughputExceededException": 40,
    "ResourceNotFoundException": 41,
    "ConditionalCheckFailedException": 43,
    "ResourceInUseException": 45,
    "ValidationException": 46,
    "InternalServerError": 47,
    "InternalServerErrorException": 47,
    "ItemCollectionSizeLimitExceededException": 48,
    "LimitExceededException": 49,
    "ThrottlingException": 50,
    "TransactionConflictException": 57,
    "TransactionCanceledException": 58,
    "TransactionInProgressException": 59,
    "IdempotentParameterMismatchException": 60,
    "RequestLimitExceeded": 61,
}
ACCESS_DENIED = (4, 37, 38, 42)
TABLE_NOT_FOUND = (4, 23, 24)
NOT_AUTHENTICATED = (4, 23, 31, 33)


@dataclass(eq=False)
class DaxError(Exception):
    """A request that fails: what DynamoDB, or DAX in its place, says about it."""

    code: str
    message: str
    status: int = 400
    codes: tuple[int, ...] = ()  # DAX's own, where they don't follow from `code`
    # Why a transaction was cancelled: code, message and item of each operation, or None. The item
    # comes from DynamoDB as JSON and goes to clients as bytes.
    reasons: tuple[tuple[str | None, str | None, Any], ...] = ()

    def encoded(self) -> bytes:
        """The answer that says so."""
        details: list[Any] = [None, self.code, self.status]
        if self.reasons:
            details.append([field for reason in self.reasons for field in reason])
        return dumps(list(self.codes or codes_for(self.code)), self.message, details)


def codes_for(code: str) -> tuple[int, ...]:
    """DAX's codes for an error of DynamoDB."""
    if code == "AccessDeniedException":
        return ACCESS_DENIED
    return (*DYNAMODB, REASONS.get(code, UNKNOWN_REASON))


def invalid(message: str) -> DaxError:
    """A request that DAX itself refuses."""
    return DaxError("ValidationException", message)
