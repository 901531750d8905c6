"""Bringing the access log to S3 every few seconds, where CloudFront takes minutes."""

import asyncio
import sys
from typing import Any

from local.edge.access_logs import AccessLog, Put


EVERY = 5.0  # seconds


def bucket_at(url: str, bucket: str) -> Put:
    """What puts objects into this bucket of the S3 at `url`, which is made at the first."""
    client: Any = None

    def put(key: str, data: bytes) -> None:
        nonlocal client
        if client is None:
            import boto3  # noqa: PLC0415 - half a second, and an edge that nobody asks needs none

            client = boto3.client("s3", endpoint_url=url, region_name="us-east-1")
            client.create_bucket(Bucket=bucket)
        client.put_object(Bucket=bucket, Key=key, Body=data)

    return put


async def deliver_always(log: AccessLog, put: Put) -> None:
    """Deliver until cancelled; what S3 did not take is tried again."""
    while True:
        await asyncio.sleep(EVERY)
        await deliver(log, put)


async def deliver(log: AccessLog, put: Put) -> None:
    """Deliver once, and say so when that failed."""
    try:
        await asyncio.to_thread(log.deliver, put)
    except Exception as error:  # noqa: BLE001 - visitors are served with or without a log
        print(f"The edge's log waits: {type(error).__name__}.", file=sys.stderr, flush=True)
