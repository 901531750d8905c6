"""Reading HTTP/1.1 strictly: what two readers could understand differently is refused."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

from local.edge.functions import DISALLOWED, DISALLOWED_PREFIXES
from local.edge.messages import Headers


MAX_TARGET = 8_192
MAX_HEAD = 20_480  # bytes of request line and headers, as CloudFront counts
MAX_BODY = 10 * 1024 * 1024  # what API Gateway takes
_LINE = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}) ([^ ]+) HTTP/(\d)\.(\d)")
_FIELD = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*)", re.DOTALL)
_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
# What a request's first line may be as long as it has not come to its end.
_BEGUN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]{0,32}( [^ ]*( [HTP/0-9.]{0,8})?)?")
_NO_END = re.compile(rb"(?<!\r)\n|\r[^\n]")
_SIZE = re.compile(rb"[0-9A-Fa-f]{1,8}")
# Everything that may stand in a request target as it is; other bytes are percent-encoded.
_TARGET = "!$%&'()*+,-./:;=?@_~[]{}|^`\\\"<>"


class Refused(Exception):
    """What can't be read, or is too long: the status that says so. The connection is closed."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


@dataclass(frozen=True, slots=True)
class Head:
    """A request's line and headers; `length` is None for a body in chunks."""

    method: str
    target: str
    headers: Headers
    length: int | None
    keep_alive: bool
    version: str
    expects: bool


def check_begun(raw: bytes) -> None:
    """Refused when nothing could still come that makes a request of what came so far.

    Who speaks TLS, or ends lines with a line feed alone, is told at once: they would wait.
    """
    first, ended, _ = raw.partition(b"\r")
    is_line = _LINE.fullmatch(first.decode("latin-1")) if ended else _BEGUN.fullmatch(first)
    if _CONTROL.search(first) or _NO_END.search(raw) or not is_line:
        raise Refused(400, "the first line is no request.")


def parse_head(raw: bytes) -> Head:
    """What `raw`, all before the empty line, says; Refused for anything that is not quite HTTP."""
    first, *rest = raw.split(b"\r\n")
    matched = _LINE.fullmatch(first.decode("latin-1"))
    if not matched or _CONTROL.search(first):
        raise Refused(400, "the first line is no request.")
    if matched[3] != "1":
        raise Refused(505, "this speaks HTTP/1.")
    if len(matched[2]) > MAX_TARGET:
        raise Refused(414, "the address is too long.")
    if not matched[2].startswith("/"):
        raise Refused(400, "the request has no path.")
    version = f"HTTP/1.{matched[4]}"
    fields = _fields(rest)
    length = _framing(fields, version)
    headers: Headers = {}
    for name, key, value in fields:
        if name not in DISALLOWED and not name.startswith(DISALLOWED_PREFIXES):
            headers.setdefault(name, []).append({"key": key, "value": value})
    _check_host(headers)
    headers.pop("transfer-encoding", None)
    said = {name: value.lower() for name, _, value in fields if name in ("connection", "expect")}
    keep = "close" not in said.get("connection", "") and (
        version == "HTTP/1.1" or "keep-alive" in said.get("connection", "")
    )
    expects = said.get("expect", "") == "100-continue"
    return Head(matched[1], _encoded(first.split(b" ")[1]), headers, length, keep, version, expects)


def _encoded(target: bytes) -> str:
    return quote(target, safe=_TARGET)


def _fields(lines: list[bytes]) -> list[tuple[str, str, str]]:
    fields = []
    for line in lines:
        if _CONTROL.search(line):
            raise Refused(400, "a header has a control character.")
        matched = _FIELD.fullmatch(_text(line))
        if matched is None:
            raise Refused(400, "a header is none.")
        key = matched[1]
        fields.append((key.lower(), key, matched[2].rstrip(" \t")))
    return fields


def _text(line: bytes) -> str:
    # What is not UTF-8 goes on as the letters of Latin-1, and not as the same `?` for all of it.
    try:
        return line.decode()
    except UnicodeDecodeError:
        return line.decode("latin-1")


def _framing(fields: list[tuple[str, str, str]], version: str) -> int | None:
    lengths = [value for name, _, value in fields if name == "content-length"]
    codings = [value for name, _, value in fields if name == "transfer-encoding"]
    if codings:
        if lengths or version != "HTTP/1.1" or [one.lower() for one in codings] != ["chunked"]:
            raise Refused(400, "how long the body is can't be told.")
        return None
    if not lengths:
        return 0
    if len(lengths) > 1 or not re.fullmatch(r"\d{1,15}", lengths[0], re.ASCII):
        raise Refused(400, "how long the body is can't be told.")
    if int(lengths[0]) > MAX_BODY:
        raise Refused(413, "the body is too large.")
    return int(lengths[0])


def _check_host(headers: Headers) -> None:
    # Also of HTTP/1.0: which site is meant is known by nothing else.
    hosts = headers.get("host", ())
    if len(hosts) != 1 or not re.fullmatch(r"[!-~]+", hosts[0]["value"]):
        raise Refused(400, "the request has no host.")
    if re.search(r"[/?#@,\\]", hosts[0]["value"]):
        raise Refused(400, "the request's host is none.")


class Chunks:
    """A body in chunks, as it comes; no extensions and no trailers, which nobody needs."""

    def __init__(self) -> None:
        self.body = bytearray()
        self._buffer = bytearray()
        self._left = 0
        self._step: Callable[[], bool] = self._read_size
        self.done = False

    def feed(self, data: bytes) -> bytes:
        """Take what came; what is left over when the body is complete. Refused as parse_head's."""
        self._buffer += data
        while not self.done and self._step():
            pass
        return bytes(self._buffer) if self.done else b""

    def _line(self) -> bytes | None:
        end = self._buffer.find(b"\r\n")
        if end < 0:
            if len(self._buffer) > 16:
                raise Refused(400, "a chunk has no size.")
            return None
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 2]
        return line

    def _read_size(self) -> bool:
        line = self._line()
        if line is None:
            return False
        if not _SIZE.fullmatch(line):
            raise Refused(400, "a chunk has no size.")
        self._left = int(line, 16)
        if len(self.body) + self._left > MAX_BODY:
            raise Refused(413, "the body is too large.")
        self._step = self._read_data if self._left else self._read_end
        return True

    def _read_data(self) -> bool:
        if len(self._buffer) < self._left + 2:
            return False
        if self._buffer[self._left : self._left + 2] != b"\r\n":
            raise Refused(400, "a chunk is longer than it says.")
        self.body += self._buffer[: self._left]
        del self._buffer[: self._left + 2]
        self._step = self._read_size
        return True

    def _read_end(self) -> bool:
        line = self._line()
        if line:
            raise Refused(400, "a body may have no trailers.")
        self.done = line is not None
        return self.done
