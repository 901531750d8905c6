"""AWS's own clients, of DynamoDB and of DAX, and tables for them."""

import itertools
from collections.abc import Iterator
from contextlib import closing, contextmanager
from decimal import Context, Decimal
from typing import Any

import boto3
from amazondax import AmazonDaxClient
from botocore.config import Config


REGION = "us-east-1"
WIDE = Context(prec=100)
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


def comparable(value: Any) -> Any:
    """Sets without an order, and numbers by what they are worth."""
    if isinstance(value, list):
        return [comparable(one) for one in value]
    if not isinstance(value, dict):
        return value
    same = {key: comparable(one) for key, one in value.items()}
    for kind in same.keys() & {"SS", "BS", "NS"}:
        members = [Decimal(one) for one in value[kind]] if kind == "NS" else value[kind]
        same[kind] = sorted(members)
    if set(same) == {"N"}:
        same["N"] = f"{Decimal(value['N']).normalize(WIDE):f}"
    if "Responses" in same and isinstance(same["Responses"], dict):
        for items in same["Responses"].values():
            items.sort(key=repr)
    return same
