"""What the table's answers mean to us: a failed condition, or a table that does not answer."""

from collections.abc import Iterator
from contextlib import contextmanager

from pynamodb.exceptions import DoesNotExist, PutError, PynamoDBException

from chalicelib.core.errors import Unavailable


class ConditionFailed(Exception):
    """The table refused a put because its condition does not hold."""


@contextmanager
def answering() -> Iterator[None]:
    """Turn what PynamoDB raises when the table does not answer into Unavailable."""
    try:
        yield
    except DoesNotExist:
        raise
    except PutError as error:
        if error.cause_response_code == "ConditionalCheckFailedException":
            raise ConditionFailed from error
        raise _unavailable(error) from error
    except PynamoDBException as error:
        raise _unavailable(error) from error


def _unavailable(error: PynamoDBException) -> Unavailable:
    code = error.cause_response_code or type(error.cause).__name__
    return Unavailable(f"The table did not answer ({code}); please try again.")
