"""Bringing the access log to S3 every few seconds, where CloudFront takes minutes."""

import asyncio
import sys
from urllib.parse import quote
from urllib.request import Request, urlopen

from local.edge.access_logs import AccessLog, Put
from local.edge.log_events import LogEvents


EVERY = 5.0  # seconds


def bucket_at(url: str, bucket: str) -> Put:
    """What puts objects into this bucket of the S3 at `url`, which is made at the first.

    Without a signature: that S3 is this machine's own, and asks for none.
    """
    made = False

    def put(key: str, data: bytes) -> None:
        nonlocal made
        if not made:
            _put(f"{url}/{bucket}", b"")
            made = True
        _put(f"{url}/{bucket}/{quote(key)}", data)

    return put


def _put(url: str, data: bytes) -> None:
    kind = {"Content-Type": "application/x-gzip"}  # by default it would be a form's
    with urlopen(Request(url, data, kind, method="PUT"), timeout=10) as answered:  # noqa: S310
        answered.read()


async def deliver_always(log: AccessLog, put: Put, events: LogEvents) -> None:
    """Deliver until cancelled; what S3 did not take is tried again."""
    while True:
        await asyncio.sleep(EVERY)
        await deliver(log, put, events)


async def deliver(log: AccessLog, put: Put, events: LogEvents) -> None:
    """Deliver once, tell of it, and say so when that failed."""
    try:
        await asyncio.to_thread(log.deliver, events.noting(put))
        await asyncio.to_thread(events.tell)
    except Exception as error:  # noqa: BLE001 - visitors are served with or without a log
        print(f"The edge's log waits: {type(error).__name__}.", file=sys.stderr, flush=True)
