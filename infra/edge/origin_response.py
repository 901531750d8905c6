"""Origin response: how long the edge may keep an answer, and what a visitor need not see.

Runs for every answer of a region, before CloudFront keeps it. With the template's error caching
(ErrorCachingMinTTL) this is why no error outlives its cause by more than two seconds.
"""

import re
import time

from chalicelib.core.freshness import GENERATED_AT, left_for
from infra.edge.messages import Event, Message, drop, header, put, response_of
from infra.edge.settings import Settings, baked


ERRORS_FOR = 2  # seconds
_SHARED_FOR = re.compile(r"(?:^|,)\s*s-maxage\s*=\s*\"?(\d{1,10})", re.IGNORECASE)
_FOR = re.compile(r"(?:^|,)\s*(?:s-maxage|max-age)\s*=\s*\"?(\d{1,10})", re.IGNORECASE)
_NOT_SHARED = re.compile(r"(?:^|,)\s*(?:no-store|no-cache|private)\s*(?:,|=|$)", re.IGNORECASE)
# Of API Gateway and Lambda: of use to who runs this, and written down there.
_INTERNAL = ("everhop-", "x-amz-", "x-amzn-", "x-powered-by")


def handler(event: Event, _context: object) -> Message:
    """The response as CloudFront keeps and hands it on."""
    return clean(event, baked(), time.time())


def clean(event: Event, settings: Settings, now: float) -> Message:
    """The same with these settings, at this time (seconds since 1970)."""
    response = response_of(event)
    left = left_for(header(response, GENERATED_AT), settings.fresh_for, now)
    drop(response, lambda name: name.startswith(_INTERNAL))
    said = header(response, "cache-control")
    if int(response["status"]) >= 400:
        _limit_error(response, said)
    elif fresh_for := _longest(_SHARED_FOR, said):
        most = settings.unstamped_for if left is None else left
        put(response, "Cache-Control", _shared(min(fresh_for, most)))
    return response


def _limit_error(response: Message, said: str) -> None:
    # They would count where Cache-Control says nothing.
    drop(response, {"expires", "pragma"}.__contains__)
    if not _NOT_SHARED.search(said):
        fresh_for = min(_longest(_FOR, said), ERRORS_FOR)
        put(response, "Cache-Control", _shared(fresh_for) if fresh_for else "no-store")


def _longest(durations: re.Pattern[str], said: str) -> int:
    return max(map(int, durations.findall(said)), default=0)


def _shared(fresh_for: int) -> str:
    # Browsers ask again each time. What has expired is not served in place of an error, or a link
    # that is switched off would come back with the next fault.
    return f"max-age=0, s-maxage={fresh_for}, stale-if-error=0"
