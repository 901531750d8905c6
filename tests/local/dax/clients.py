"""AWS's own clients, of DynamoDB and of DAX, and tables for them."""

import itertools
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import boto3
from amazondax import AmazonDaxClient
from botocore.config import Config


REGION = "us-east-1"
KEYS = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
_numbers = itertools.count()


def dynamodb_client(url: str) -> Any:
    """A client of DynamoDB."""
    return boto3.client(
        "dynamodb",
        endpoint_url=url,
        region_name=REGION,
        config=Config(retries={"max_attempts": 0}),
        **KEYS,
    )


@contextmanager
def dax_client(endpoint: str, read_within: float = 5.0) -> Iterator[Any]:
    """A client of DAX that never tries twice, until the end of the block."""
    config = Config(
        retries={"max_attempts": 0}, connect_timeout=read_within, read_timeout=read_within
    )
    client = AmazonDaxClient(endpoint_url=endpoint, region_name=REGION, config=config, **KEYS)
    with closing(client):
        yield client


def make_table(client: Any, *kinds: str, name: str | None = None, **more: Any) -> str:
    """A new table whose key is `pk` and, with a second type ("S", "N", "B"), `sk`."""
    name = name or f"table-{next(_numbers)}"
    keys = dict(zip(("pk", "sk"), kinds, strict=False))
    types = keys | more.pop("types", {})
    client.create_table(
        TableName=name,
        KeySchema=[
            {"AttributeName": key, "KeyType": kind}
            for key, kind in zip(keys, ("HASH", "RANGE"), strict=False)
        ],
        AttributeDefinitions=[
            {"AttributeName": key, "AttributeType": kind} for key, kind in types.items()
        ],
        BillingMode="PAY_PER_REQUEST",
        **more,
    )
    return name


def index(name: str, *keys: str, **projection: Any) -> dict[str, Any]:
    """A secondary index over one or two attributes."""
    return {
        "IndexName": name,
        "KeySchema": [
            {"AttributeName": key, "KeyType": kind}
            for key, kind in zip(keys, ("HASH", "RANGE"), strict=False)
        ],
        "Projection": projection or {"ProjectionType": "ALL"},
    }
