"""What came for short links last, as it will be counted: a place tells it at `/_local/clicks`.

It is read from the lines of the log, by what counts them later: so nothing is shown that is not
counted, or otherwise. No address is in it, as in no count.
"""

import json
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from itertools import count
from typing import NamedTuple
from urllib.parse import parse_qs

from chalicelib.core.access_logs import LineReader, Problems, split_lines
from chalicelib.core.counts import DIMENSIONS, KINDS, ORPHANS
from chalicelib.core.slugs import SlugPolicy
from chalicelib.core.tallies import Tally
from local.controls import Json
from local.edge.access_logs import FIELDS, HEADER
from local.edge.messages import Request, Response, headers_from, reason_of


CLICKS = "/_local/clicks"
MOST = 200  # lines that are remembered, of whatever was asked
First = Callable[[Request], Response | Awaitable[Response] | None]
_SHOWN = {"edge": "x-edge-result-type", "status": "sc-status", "place": "x-edge-location"}


class Noted(NamedTuple):
    """A line of the log and its number, which is greater than those of lines before it."""

    number: int
    line: str


class Feed:
    """The last lines at one place."""

    def __init__(self, slugs: SlugPolicy, most: int = MOST) -> None:
        self._slugs = slugs
        self._numbers = count(1)
        self._lines: deque[Noted] = deque(maxlen=most)

    def note(self, line: str) -> None:
        """Remember a line."""
        self._lines.append(Noted(next(self._numbers), line))

    def tell(self, after: int) -> Json:
        """What came since that number, the oldest first; `next` is the number to go on after."""
        last = self._lines[-1].number if self._lines else 0
        # A number that is yet to come is of another run: then all that there is is new.
        new = [noted for noted in self._lines if noted.number > after or after > last]
        return {"next": last, "clicks": [told for noted in new for told in self._read(noted)]}

    def _read(self, noted: Noted) -> Iterator[Json]:
        problems = Problems()
        tally = Tally(self._slugs, problems)
        for lines in split_lines([f"{HEADER}{noted.line}\n".encode()]):
            tally.add(LineReader(problems).read(lines))
        fields = dict(zip(FIELDS, noted.line.split("\t"), strict=True))
        for group, counts in tally.groups():
            yield {
                "number": noted.number,
                "at": f"{fields['date']}T{fields['time']}Z",
                "slug": group.slug_key,
                "counted": ORPHANS if group.orphan else next(it for it in KINDS if it in counts),
                **{shown: fields[name] for shown, name in _SHOWN.items()},
                **dict(_values(counts)),
            }


def _values(counts: dict[str, int]) -> Iterator[tuple[str, str]]:
    for name in counts:
        dimension, _, value = name.partition(":")
        if dimension in DIMENSIONS:
            yield dimension, value


def make_first(feed: Feed, then: First) -> First:
    """The door's answer to who asks for the feed; `then` answers all else."""

    def first(request: Request) -> Response | Awaitable[Response] | None:
        made = then(request)  # which knows this machine's names
        if made is not None or request.path != CLICKS:
            return made
        if request.method not in ("GET", "HEAD"):
            return _answer(405, {"error": f"{CLICKS} is only read."})
        after = _after(request)
        if after is None:
            return _answer(400, {"error": "after must be a number that `next` was before."})
        return _answer(200, feed.tell(after))

    return first


def _after(request: Request) -> int | None:
    given = parse_qs(request.query, keep_blank_values=True).get("after", ["0"])[-1]
    return int(given) if given.isascii() and given.isdigit() and len(given) < 19 else None


def _answer(status: int, said: Json) -> Response:
    headers = headers_from([("Content-Type", "application/json"), ("Cache-Control", "no-store")])
    if status == 405:
        headers.update(headers_from([("Allow", "GET, HEAD")]))
    return Response(status, headers, json.dumps(said).encode(), reason_of(status))
