"""What the table's answers mean to us: a failed condition, or a table that does not answer."""

from collections.abc import Iterator
from contextlib import contextmanager

from pynamodb.exceptions import DoesNotExist, PutError, PynamoDBException, UpdateError

from chalicelib.core.errors import Unavailable


class NoAnswer(Unavailable):
    """Nobody answered at all, not even to refuse."""


class ConditionFailed(Exception):
    """The table refused a write because its condition does not hold."""


@contextmanager
def answering() -> Iterator[None]:
    """Turn what PynamoDB raises when the table does not answer into Unavailable."""
    try:
        yield
    except DoesNotExist:
        raise
    except (PutError, UpdateError) as error:
        if _code_of(error) == "ConditionalCheckFailedException":
            raise ConditionFailed from error
        raise _unavailable(error) from error
    except PynamoDBException as error:
        raise _unavailable(error) from error


def _code_of(error: PynamoDBException) -> str | None:
    # Not cause_response_code: it fails where botocore has an error without a response.
    response = getattr(error.cause, "response", None) or {}
    code: str | None = response.get("Error", {}).get("Code")
    return code


def _unavailable(error: PynamoDBException) -> Unavailable:
    code = _code_of(error)
    kind = Unavailable if code else NoAnswer
    cause = code or type(error.cause).__name__
    return kind(f"The table did not answer ({cause}); please try again.")
