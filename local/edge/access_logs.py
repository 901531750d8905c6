"""CloudFront's access log: a line of v1's 33 fields and the country for each request, in S3."""

import gzip
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from secrets import token_hex
from typing import NamedTuple
from urllib.parse import quote

from local.edge.decorations import result_of
from local.edge.engines import Answer
from local.edge.messages import Request, value_of


FIELDS = (
    "date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) "
    "cs(User-Agent) cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header "
    "cs-protocol cs-bytes time-taken x-forwarded-for ssl-protocol ssl-cipher "
    "x-edge-response-result-type cs-protocol-version fle-status fle-encrypted-fields c-port "
    "time-to-first-byte x-edge-detailed-result-type sc-content-type sc-content-len sc-range-start "
    "sc-range-end c-country"
).split()
HEADER = f"#Version: 1.0\n#Fields: {' '.join(FIELDS)}\n"
# What would break a line, or be more than ASCII, is percent-encoded; CloudFront does it so too.
_AS_IS = "!$&'()*+,-./:;=?@_~[]{}|^`\\<>#%"
_ODD = re.compile(r"[^!#-~]")
COUNTRY = "cloudfront-viewer-country"
Put = Callable[[str, bytes], None]  # an object's key and its bytes


class Asked(NamedTuple):
    """What of a request is not as it was, once it is answered."""

    target: str  # path and query
    country: str  # of the visitor; this edge believes who says one


@dataclass(frozen=True, slots=True)
class Record:
    """One request as it was asked and answered; times in seconds, `at` since 1970."""

    at: float
    place: str
    host: str  # the distribution's name
    request: Request
    asked: Asked
    answer: Answer
    size: int
    took: float


def line_of(record: Record, *, cookies: bool) -> str:
    """The record as its line; `-` stands for nothing."""
    request, answer = record.request, record.answer
    headers, response = request.headers, answer.response
    path, _, query = record.asked.target.partition("?")
    result = result_of(answer.told, response.status)
    first, last = _range_of(value_of(response.headers, "content-range"))
    address, port = request.client
    took = f"{record.took:.3f}"

    def said(name: str) -> str:
        return _field(value_of(headers, name))

    return (
        f"{_time(int(record.at))}\t{record.place}\t{record.size}\t{address}\t"
        f"{_field(request.method)}\t{record.host}\t{_field(path)}\t{response.status}\t"
        f"{said('referer')}\t{said('user-agent')}\t{_field(query)}\t"
        f"{said('cookie') if cookies else '-'}\t{result}\t{answer.request_id}\t{said('host')}\t"
        f"http\t{request.size}\t{took}\t{said('x-forwarded-for')}\t-\t-\t{result}\t"
        f"{request.version}\t-\t-\t{port}\t{took}\t{answer.detail or result}\t"
        f"{_field(value_of(response.headers, 'content-type'))}\t{len(response.body)}\t"
        f"{_field(first)}\t{_field(last)}\t{_field(record.asked.country)}"
    )


@lru_cache(4)
def _time(second: int) -> str:
    return time.strftime("%Y-%m-%d\t%H:%M:%S", time.gmtime(second))


def _field(text: str) -> str:
    if not text:
        return "-"
    return quote(text, safe=_AS_IS) if _ODD.search(text) else text


def _range_of(text: str) -> tuple[str, str]:
    first, _, rest = text.removeprefix("bytes ").partition("-")
    return (first, rest.partition("/")[0]) if rest else ("", "")


def key_of(prefix: str, distribution: str, at: float) -> str:
    """What CloudFront names a file that holds requests of this time's hour."""
    hour = time.strftime("%Y-%m-%d-%H", time.gmtime(at))
    return f"{prefix}{distribution}.{hour}.{token_hex(4)}.gz"


class AccessLog:
    """Lines until the next delivery; files are never of two hours."""

    def __init__(
        self, prefix: str, distribution: str, *, cookies: bool, most: int = 200_000
    ) -> None:
        self._prefix = prefix
        self._distribution = distribution
        self._cookies = cookies
        self._left = most
        # Lines, and not records: many objects that stay would make each request dearer.
        self._hours: dict[int, list[str]] = {}
        self.lost = 0

    def add(self, record: Record) -> None:
        """Note one request; when nothing is delivered for long, the newest are not noted."""
        if self._left <= 0:
            self.lost += 1
            return
        self._left -= 1
        hour = self._hours.setdefault(int(record.at // 3600), [])
        hour.append(line_of(record, cookies=self._cookies))

    def deliver(self, put: Put) -> int:
        """Write what there is, a file an hour, and forget it; how many requests that were.

        What `put` raises is raised, and what it did not take is there for the next delivery.
        """
        delivered = 0
        for hour in sorted(self._hours):
            lines = self._hours.pop(hour)
            try:
                put(key_of(self._prefix, self._distribution, hour * 3600), _file(lines))
            except Exception:
                self._hours[hour] = lines + self._hours.get(hour, [])
                raise
            delivered += len(lines)
            self._left += len(lines)
        return delivered


def _file(lines: list[str]) -> bytes:
    return gzip.compress(f"{HEADER}{chr(10).join(lines)}\n".encode(), mtime=0)


def log_of(prefix: str, distribution: str, *, cookies: bool) -> AccessLog:
    """The log of a distribution whose files begin with this prefix."""
    return AccessLog(f"{prefix.rstrip('/')}/" if prefix else "", distribution, cookies=cookies)
