"""Clients of the AWS services that only jobs use: made at the first call, never at a cold start."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.session import get_session

from chalicelib.core.errors import Unavailable


# Retries with the same timeouts must still fit into lambda_timeout: a request may wait for these.
_ASKING = {"connect_timeout": 1, "read_timeout": 2, "retries": {"total_max_attempts": 2}}
# Regional addresses (virtual), or a signed URL for a new bucket leads to the wrong region.
_SENDING = {
    "connect_timeout": 2,
    "read_timeout": 20,
    "retries": {"total_max_attempts": 4, "mode": "standard"},
    "signature_version": "s3v4",
    "s3": {"addressing_style": "virtual"},
    # TLS guards what is sent; sums of parts would have to be kept with the parts.
    "request_checksum_calculation": "when_required",
    "response_checksum_validation": "when_required",
}


@cache
def make_client(service: str, region: str) -> Any:
    """The client of `s3`, `sqs` or `lambda` in a region; 20 to 150 ms at the first call."""
    # A fixed user agent, as of the table's client; botocore's own grows with each Chalice app.
    config = Config(**(_SENDING if service == "s3" else _ASKING), user_agent="everhop")
    return get_session().create_client(service, region_name=region, config=config)


def code_of(error: ClientError) -> str:
    """What AWS calls the error."""
    return str(error.response.get("Error", {}).get("Code", "unknown"))


def code_of_cause(error: Unavailable) -> str:
    """What AWS calls the error that a service was blamed for; empty when it did not answer."""
    cause = error.__cause__
    return code_of(cause) if isinstance(cause, ClientError) else ""


@contextmanager
def blaming(what: str) -> Iterator[None]:
    """Turn what botocore raises into Unavailable that says what did not answer, and why."""
    try:
        yield
    except ClientError as error:
        raise Unavailable(f"{what} did not do as asked ({code_of(error)}).") from error
    except BotoCoreError as error:
        raise Unavailable(f"{what} did not answer ({type(error).__name__}).") from error
