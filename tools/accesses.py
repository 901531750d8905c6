"""Whose account this is, in which region, and what is missing to ask: each with what mends it."""

from typing import NamedTuple

import boto3
from botocore.config import Config
from botocore.exceptions import NoCredentialsError, NoRegionError

from tools.aws_errors import AWS_ERRORS, sentence_for


# A plan without AWS should not be long in coming.
_CONFIG = Config(connect_timeout=3, read_timeout=10, retries={"total_max_attempts": 2})


class Access(NamedTuple):
    """An account and the operator's own region, "" where they are not known, and why not."""

    account: str
    region: str
    missing: tuple[str, ...]


def find_access(*, needs_region: bool) -> Access:
    """Look for both; `needs_region` when the stages name none of their own."""
    missing: list[str] = []
    try:
        session = boto3.Session()
        region = session.region_name or ""
    except AWS_ERRORS as error:
        return Access("", "", (sentence_for(error),))
    if needs_region and not region:
        missing.append(sentence_for(NoRegionError()))
    try:
        if session.get_credentials() is None:
            raise NoCredentialsError
        client = session.client("sts", region_name=region or "us-east-1", config=_CONFIG)
        account = str(client.get_caller_identity()["Account"])
    except AWS_ERRORS as error:
        return Access("", region, (*missing, sentence_for(error)))
    return Access(account, region, tuple(missing))
