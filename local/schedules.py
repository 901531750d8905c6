"""EventBridge's part on this machine: calls the regions' scheduled function, as its rule says."""

import asyncio
import http.client
import json
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from urllib.parse import urlsplit

from infra.keep_warm import EVERY
from local.functions import PREFIX


FUNCTION = f"{PREFIX}-warm"
_WITHIN = 10.0  # seconds that Lambda may take to take an event


async def call_always(urls: Callable[[], Iterable[str]], every: float = EVERY * 60.0) -> None:
    """Have each region that is at one of these URLs run the function, now and every so often.

    One that does not answer has missed this round, and is called in the next.
    """
    while True:
        await asyncio.gather(*(asyncio.to_thread(_call, url) for url in urls()))
        await asyncio.sleep(every)


def _call(url: str) -> None:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=_WITHIN)
    with suppress(OSError, http.client.HTTPException):
        path = f"/2015-03-31/functions/{FUNCTION}/invocations"
        # EventBridge waits for no function either.
        connection.request("POST", path, _event(), {"X-Amz-Invocation-Type": "Event"})
        connection.getresponse().read()
    connection.close()


def _event() -> bytes:
    said = {
        "version": "0",
        "id": "00000000-0000-0000-0000-000000000000",
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": "123456789012",
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "region": "us-east-1",
        "resources": [f"arn:aws:events:us-east-1:123456789012:rule/{FUNCTION}-event"],
        "detail": {},
    }
    return json.dumps(said).encode()
