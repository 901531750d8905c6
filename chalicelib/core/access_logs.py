"""CloudFront's access logs: gzip files of lines, read to the fields that clicks are counted by.

Tab-separated with the fields that a header names (v1, and W3C of v2), or a JSON object a line. A
line that can't be read costs that line, a file that can't be read costs all of it.
"""

import json
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any, NamedTuple


class BadFile(Exception):
    """A file that is no log, or no whole one; the text says why."""


# What a request is counted by, in this order. Two are not in v1: the country is chosen in v2,
# headers are in real-time logs alone. The type of the answer tells the variant; see core/rules.
# Bytes as they are in the log: to make text of what is met once is cheap, and of every line dear.
Request = tuple[bytes, bytes, bytes, bytes, bytes, bytes, bytes, bytes, bytes, bytes, bytes]
WANTED = (
    "date time cs-method cs-uri-stem sc-status cs(Referer) cs(User-Agent) cs-uri-query "
    "c-country cs-headers sc-content-type"
).split()
_NEEDED = ("date", "time", "cs-method", "cs-uri-stem", "sc-status")
# Without a header, as files of v2's format `plain` are, the fields are those of v1. The first dozen
# are what lines had in the first years, and begin with since, unless others were chosen.
_FIELDS = (
    "date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) "
    "cs(User-Agent) cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header "
    "cs-protocol cs-bytes time-taken x-forwarded-for ssl-protocol ssl-cipher "
    "x-edge-response-result-type cs-protocol-version fle-status fle-encrypted-fields c-port "
    "time-to-first-byte x-edge-detailed-result-type sc-content-type sc-content-len sc-range-start "
    "sc-range-end"
).split()
_DOZEN = 12
_HASH = ord("#")
MOST_INFLATED = 4 * 1024**3  # bytes; some ten million lines
LONGEST_LINE = 1024**2  # bytes: a URL has 8 KB at most, and all headers 20
# What a core keeps near by while it is inflated and split: four times as much is slower.
_PIECE = 64 * 1024
_GZIP = 31  # zlib's word for a gzip header and its check sums


def inflate(pieces: Iterable[bytes], most: int = MOST_INFLATED) -> Iterator[bytes]:
    """What is in a gzip file that comes in pieces, in pieces; BadFile when it is none or cut off.

    Also when it would be more than `most` bytes: that is known after so many, and no more is kept.
    """
    machine, total, empty = zlib.decompressobj(_GZIP), 0, True
    for piece in pieces:
        rest = piece
        while rest:
            if machine.eof:  # files may be several, one after another
                machine = zlib.decompressobj(_GZIP)
            data = _inflate_some(machine, rest)
            empty, total = False, total + len(data)
            if total > most:
                raise BadFile(f"it has more than {most} bytes when it is inflated")
            yield data
            rest = machine.unconsumed_tail or machine.unused_data
    if empty:
        raise BadFile("it is empty")
    if not machine.eof:
        raise BadFile("it is cut off")


def _inflate_some(machine: Any, data: bytes) -> bytes:
    try:
        inflated: bytes = machine.decompress(data, _PIECE)
    except zlib.error as error:
        if data.startswith(b"PAR1"):
            raise BadFile("it is Parquet, which is not read: deliver W3C or JSON") from None
        raise BadFile(f"it is no gzip, or is damaged ({error})") from None
    return inflated


def split_lines(pieces: Iterable[bytes]) -> Iterator[list[bytes]]:
    """The lines of what comes in pieces, some at a time."""
    rest = b""
    for piece in pieces:
        lines = piece.split(b"\n")
        lines[0] = rest + lines[0]
        rest = lines.pop()
        if len(rest) > LONGEST_LINE:
            raise BadFile(f"it has a line of more than {LONGEST_LINE} bytes")
        if lines:
            yield lines
    if rest:
        yield [rest]


def text_of(field: bytes) -> str:
    """A field as text; what is no UTF-8 is replaced."""
    return field.decode("utf-8", "replace")


class Problems(dict[str, int]):
    """How many lines could not be read, by the reason."""

    def note(self, reason: str) -> None:
        """One line more."""
        self[reason] = self.get(reason, 0) + 1


class Layout(NamedTuple):
    """Where in a line the wanted fields are: so many are split off at its start and at its end.

    A line that is `usual` begins with the first dozen of v1. The places of the last three fields
    are counted from the end, when they are there. `tabs` are how many a line must have, or 0 where
    that need not be known.
    """

    usual: bool
    right: int
    country: int
    headers: int
    answer: int
    left: int
    tabs: int
    pick: Callable[[Sequence[bytes]], Request]


def layout_of(fields: Sequence[str]) -> Layout:
    """The layout of lines with these fields; BadFile when they lack what a click needs."""
    missing = [name for name in _NEEDED if name not in fields]
    if missing:
        raise BadFile(f"its lines lack {', '.join(missing)}")
    usual = len(fields) > _DOZEN and list(fields[:_DOZEN]) == _FIELDS[:_DOZEN]
    # Most of what is wanted is in the first dozen of 33: the rest is split only if it must be.
    half = _DOZEN if usual else len(fields) // 2
    places = [fields.index(name) for name in WANTED if name in fields]
    left = max((place for place in places if place < half), default=-1) + 1
    right = len(fields) - min((place for place in places if place >= half), default=len(fields))

    def place_of(name: str) -> int:
        if name not in fields:
            return -1  # where `-` is appended
        place = fields.index(name)
        return place if place < half else place - len(fields) - 1

    # To count all fields costs as much as to split the first dozen, which all that a click needs is
    # among. Of a line that is cut off behind that, the country is not known.
    tabs = len(fields) - 1 if any(fields.index(name) >= half for name in _NEEDED) else 0
    *begin, country, headers, answer = map(place_of, WANTED)
    pick = itemgetter(*begin, country, headers, answer)
    return Layout(usual, right, country, headers, answer, left, tabs, pick)


class LineReader:
    """Reads lines of one file, which may come in parts; it knows the fields from its header."""

    def __init__(self, problems: Problems) -> None:
        self._problems = problems
        self._layout = layout_of(_FIELDS)

    def read(self, lines: Iterable[bytes]) -> Iterator[Request]:
        """The requests of these lines. The loop that all else waits for, so no calls in it.

        To take a line apart to names costs a quarter less than to pick from a list.
        """
        usual, right, country, headers, answer, *_ = self._layout
        for line in lines:
            if usual:
                try:
                    date, time, _, _, _, method, _, stem, status, referrer, agent, query, rest = (
                        line.split(b"\t", _DOZEN)
                    )
                    if date[0] != _HASH:
                        end = rest.rsplit(b"\t", right)
                        end.append(b"-")
                        yield (
                            date,
                            time,
                            method,
                            stem,
                            status,
                            referrer,
                            agent,
                            query,
                            end[country],
                            end[headers],
                            end[answer],
                        )
                        continue
                except (ValueError, IndexError):
                    pass  # it is another kind of line, or cut off
            request = self._read_line(line)
            usual, right, country, headers, answer, *_ = self._layout
            if request:
                yield request

    def _read_line(self, line: bytes) -> Request | None:
        """The request of a line of any kind; None for a header, and for what can't be read."""
        _, right, _, _, _, left, tabs, pick = self._layout
        parts = line.split(b"\t", left)
        if len(parts) == left + 1 and line[:1] != b"#" and (not tabs or line.count(b"\t") == tabs):
            if right:
                parts += line.rsplit(b"\t", right)[1:]
            parts.append(b"-")
            return pick(parts)
        if line.startswith(b"#"):
            self._layout = self._read_header(text_of(line))
        elif line.startswith(b"{"):
            return self._read_json(line)
        elif line.strip():
            self._problems.note("fields")
        return None

    def _read_header(self, line: str) -> Layout:
        name, _, value = line.partition(":")
        return layout_of(value.split()) if name == "#Fields" else self._layout

    def _read_json(self, line: bytes) -> Request | None:
        try:
            found = json.loads(text_of(line))
        except (ValueError, RecursionError):
            self._problems.note("json")
            return None
        if any(found.get(name) in (None, "", "-") for name in _NEEDED):
            self._problems.note("fields")
            return None
        return _picked(found)


def _picked(found: Mapping[str, Any]) -> Request:
    # JSON may escape what no UTF-8 has.
    first, *rest = (str(found.get(name) or "-").encode("utf-8", "replace") for name in WANTED)
    return (first, *rest)  # type: ignore[return-value]
