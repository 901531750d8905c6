"""CloudFront's standard access log: a line of 33 fields for each request, in files in S3."""

import gzip
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from secrets import token_hex
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
    "sc-range-end"
).split()
HEADER = f"#Version: 1.0\n#Fields: {' '.join(FIELDS)}\n"
# What would break a line, or be more than ASCII, is percent-encoded; CloudFront does it so too.
_AS_IS = "!$&'()*+,-./:;=?@_~[]{}|^`\\<>#%"
Put = Callable[[str, bytes], None]  # an object's key and its bytes


@dataclass(frozen=True, slots=True)
class Record:
    """One request as it was asked and answered; times in seconds, `at` since 1970."""

    at: float
    place: str
    host: str  # the distribution's name
    request: Request
    asked: str  # path and query as they came, before a function changed them
    answer: Answer
    size: int
    took: float


def line_of(record: Record, *, cookies: bool) -> str:
    """The record as its line; `-` stands for nothing."""
    request, answer = record.request, record.answer
    headers, response = request.headers, answer.response
    path, _, query = record.asked.partition("?")
    result = result_of(answer.told, response.status)
    first, last = _range_of(value_of(response.headers, "content-range"))
    cookie = value_of(headers, "cookie") if cookies else ""
    day, _, second = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(record.at)).partition(" ")
    fields = [
        *(day, second, record.place, record.size, request.client[0], request.method, record.host),
        *(path, response.status, value_of(headers, "referer"), value_of(headers, "user-agent")),
        *(query, cookie, result, answer.request_id, value_of(headers, "host"), "http"),
        *(request.size, f"{record.took:.3f}", value_of(headers, "x-forwarded-for"), "", "", result),
        *(request.version, "", "", request.client[1], f"{record.took:.3f}"),
        *(answer.detail or result, value_of(response.headers, "content-type")),
        *(len(response.body), first, last),
    ]
    return "\t".join(map(_field, fields))


def _field(value: object) -> str:
    text = str(value)
    return quote(text, safe=_AS_IS) if text else "-"


def _range_of(text: str) -> tuple[str, str]:
    first, _, rest = text.removeprefix("bytes ").partition("-")
    return (first, rest.partition("/")[0]) if rest else ("", "")


def key_of(prefix: str, distribution: str, at: float) -> str:
    """What CloudFront names a file that holds requests of this time's hour."""
    hour = time.strftime("%Y-%m-%d-%H", time.gmtime(at))
    return f"{prefix}{distribution}.{hour}.{token_hex(4)}.gz"


class AccessLog:
    """Records until the next delivery; files are never of two hours."""

    def __init__(
        self, prefix: str, distribution: str, *, cookies: bool, most: int = 100_000
    ) -> None:
        self._prefix = prefix
        self._distribution = distribution
        self._cookies = cookies
        self._most = most
        self._records: list[Record] = []
        self.lost = 0

    def add(self, record: Record) -> None:
        """Note one request; when nothing is delivered for long, the newest are not noted."""
        if len(self._records) < self._most:
            self._records.append(record)
        else:
            self.lost += 1

    def deliver(self, put: Put) -> int:
        """Write what there is, a file an hour, and forget it; how many requests that were.

        What `put` raises is raised, and what it did not take is there for the next delivery.
        """
        taken, self._records = self._records, []
        hours: dict[int, list[Record]] = {}
        for record in taken:
            hours.setdefault(int(record.at // 3600), []).append(record)
        while hours:
            hour, records = next(iter(hours.items()))
            try:
                put(key_of(self._prefix, self._distribution, hour * 3600), self._file(records))
            except Exception:
                self._records = [one for left in hours.values() for one in left] + self._records
                raise
            del hours[hour]
        return len(taken)

    def _file(self, records: Sequence[Record]) -> bytes:
        lines = "".join(f"{line_of(one, cookies=self._cookies)}\n" for one in records)
        return gzip.compress(f"{HEADER}{lines}".encode(), mtime=0)


def log_of(prefix: str, distribution: str, *, cookies: bool) -> AccessLog:
    """The log of a distribution whose files begin with this prefix."""
    return AccessLog(f"{prefix.rstrip('/')}/" if prefix else "", distribution, cookies=cookies)
