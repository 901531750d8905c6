"""Origin request: which region is asked, for what, and the proof that the edge asks.

Runs once for each origin that CloudFront tries: of an origin group the first is the nearest region,
the second the next. Of a single origin, which is what writes have, the client says which attempt it
is, as CloudFront repeats no write: attempt n goes to the n-th nearest.
"""

import os
import string
import time
from collections.abc import Sequence
from urllib.parse import quote

from chalicelib.core.origin_proofs import prove
from chalicelib.core.short_paths import ShortPath, split_path
from chalicelib.core.visitors import ADDRESS, EXTRA_PATH, PROOF, RAW_QUERY, SHARED
from infra.edge.failures import Failures
from infra.edge.messages import Event, Message, header, id_of, put, request_of
from infra.edge.settings import Settings, baked


# The custom header by which each origin of the template says which it is.
WHICH = "everhop-origin"
ATTEMPT = "everhop-attempt"
API = "/api/"
_NUMBERS = frozenset("123456789")
_failures = Failures()


def handler(event: Event, _context: object) -> Message:
    """The request as the region gets it."""
    # Where this replica runs: Lambda itself says so, and it is not ours to set.
    place = os.environ.get("AWS_REGION", "")
    return route(event, baked(), place, time.time(), _failures)


def route(event: Event, settings: Settings, place: str, now: float, failures: Failures) -> Message:
    """The same with these settings, asked at this place and time (seconds since 1970)."""
    request = request_of(event)
    origin = request.get("origin", {}).get("custom")
    if origin is None:
        return request  # a bucket's, with which we have no business
    nearest = settings.order_at(place)
    if request["uri"].startswith(API):
        # The same wherever it runs and whatever it remembers, so that no two attempts are one.
        region = nearest[(_number(header(request, ATTEMPT)) - 1) % len(nearest)]
    else:
        which = _number(_custom(origin, WHICH))
        region = _choose(which, id_of(event), nearest, now, failures)
    chosen = settings.origins[region]
    origin |= {"domainName": chosen.domain, "port": chosen.port, "protocol": chosen.protocol}
    origin["path"] = ""
    put(request, "Host", chosen.host)
    put(request, RAW_QUERY, _sendable(request["querystring"]))
    put(request, ADDRESS, request["clientIp"])
    put(request, PROOF, prove(settings.secret, now))
    if not request["uri"].startswith(API):
        _rewrite(request, split_path(request["uri"]))
    return request


def _choose(
    which: int, request: str, nearest: Sequence[str], now: float, failures: Failures
) -> str:
    if which == 1:
        first = failures.sort(nearest, now)[0]
        failures.begin(request, first)
        return first
    # CloudFront asks the second origin when the first has failed. That was this request's own: by
    # now another may have failed as well, and what comes first today is perhaps the one that works.
    failed = failures.asked(request) or nearest[0]
    failures.note(failed, now)
    others = [region for region in nearest if region != failed]
    return failures.sort(others or nearest, now)[0]


def _custom(origin: Message, name: str) -> str:
    values = origin.get("customHeaders", {}).get(name, [])
    return str(values[0]["value"]) if values else ""


def _number(text: str) -> int:
    return int(text) if text in _NUMBERS else 1


def _rewrite(request: Message, path: ShortPath) -> None:
    # No stage keeps what has a query: hardly two visitors bring the same, and none could be purged.
    alone = path.is_shared and bool(request["querystring"])
    if alone:
        put(request, SHARED, "1")
    cached = request["method"] == "POST" or (path.is_shared and not alone)
    request["uri"] = f"{API}{'r' if cached else 'v'}/{path.segment}"
    # The header has it, byte for byte. Twice, a long one is more than API Gateway takes, which is
    # 10,240 bytes with all headers; and an odd one would be API Gateway's to refuse.
    request["querystring"] = ""
    if path.extra:
        put(request, EXTRA_PATH, _sendable(path.extra))


def _sendable(text: str) -> str:
    if text.isascii() and text.isprintable() and " " not in text:
        return text
    # What is in no header as it is: CloudFront hands on UTF-8 as letters.
    return quote(text, safe=string.punctuation)
