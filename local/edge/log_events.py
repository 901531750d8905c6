"""Telling the regions of log files that have come, as S3 does: by an event to their functions.

As S3 does it too, an event may come twice, and is not lost: a region that can't be told, as nobody
answers there, is told when it is back.
"""

import json
from collections.abc import Sequence
from urllib.parse import quote_plus
from urllib.request import Request, urlopen

from local.edge.access_logs import Put


FUNCTION = "everhop-local-clicks"
_ANSWERS_IN = 5.0  # seconds


def event_of(bucket: str, key: str) -> bytes:
    """What S3 tells of a new object, as far as anyone reads it."""
    told = {"bucket": {"name": bucket}, "object": {"key": quote_plus(key, safe="/")}}
    record = {"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "s3": told}
    return json.dumps({"Records": [record]}).encode()


class LogEvents:
    """Events that are still to be told to the APIs, whose ports have Lambda's own API too."""

    def __init__(self, bucket: str, apis: Sequence[str]) -> None:
        self._bucket = bucket
        self._apis = apis
        self._untold: list[tuple[str, bytes]] = []

    def noting(self, put: Put) -> Put:
        """The same put, which notes what was put."""

        def put_and_note(key: str, data: bytes) -> None:
            put(key, data)
            event = event_of(self._bucket, key)
            self._untold += [(api, event) for api in self._apis]

        return put_and_note

    def tell(self) -> int:
        """Tell what there is to tell; how many events are left for later."""
        untold, self._untold = self._untold, []
        away: set[str] = set()
        for api, event in untold:
            if api in away or not _invoke(api, event):
                away.add(api)
                self._untold.append((api, event))
        return len(self._untold)


def _invoke(api: str, event: bytes) -> bool:
    url = f"{api}/2015-03-31/functions/{FUNCTION}/invocations"
    headers = {"X-Amz-Invocation-Type": "Event", "Content-Type": "application/json"}
    try:
        with urlopen(Request(url, event, headers), timeout=_ANSWERS_IN) as answered:  # noqa: S310
            return bool(answered.status == 202)
    except OSError:
        return False
