"""One side of the bench of logs, in a process of its own: `python -m bench.log_sides SIDE FILE`.

Prints how long it took in seconds of CPU, and what it needed of memory at most, in bytes.
"""

import gzip
import json
import resource
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from bench.naive_logs import count_rows, read_rows
from chalicelib.core.access_logs import LineReader, Problems, inflate, split_lines
from chalicelib.core.counts import RowKey
from chalicelib.core.folds import BLOCK, MOST_FILES
from chalicelib.core.slugs import SlugPolicy
from chalicelib.core.tallies import Tally
from chalicelib.core.times import parse_time
from chalicelib.service.folds import FoldService, LogFile
from chalicelib.service.ports import Receipt
from chalicelib.service.regions import one_region
from chalicelib.store.memory import LinkMemory


NOW = parse_time("2026-11-23T20:00:00Z")
SMALL = 5000  # lines of a small file
_KB = 1024


def pieces_of(file: Path) -> Iterator[bytes]:
    """The file as S3 streams it."""
    with file.open("rb") as opened:
        while piece := opened.read(64 * _KB):
            yield piece


def read(file: Path) -> None:
    """Read to requests, and count nothing."""
    problems = Problems()
    reader = LineReader(problems)
    for lines in split_lines(inflate(pieces_of(file))):
        deque(reader.read(lines), 0)
    if problems:
        sys.exit(f"lines were not read: {problems}")


def count(file: Path) -> None:
    """Count by link and hour, and write nothing: what the naive side does."""
    problems = Problems()
    reader, tally, room = LineReader(problems), Tally(SlugPolicy(), problems), BLOCK
    for lines in split_lines(inflate(pieces_of(file))):
        tally.add(reader.read(lines))
        room -= len(lines)
        if room <= 0:
            deque(tally.groups(), 0)
            tally, room = Tally(SlugPolicy(), problems), BLOCK
    deque(tally.groups(), 0)


class Meter:
    """A FoldStore that keeps no counts: only what writing them costs in DynamoDB."""

    def __init__(self, *, keeps_names: bool) -> None:
        self.rows = self.units = self.chunks = 0
        self._keeps_names = keeps_names
        self._names: dict[RowKey, set[str]] = {}

    def receipt(self, name: str) -> Receipt:
        """See FoldStore."""
        del name
        return Receipt()

    def workspaces(self, keys: Sequence[str]) -> dict[str, str]:
        """See FoldStore."""
        return {key: f"w{len(key) % 5}" for key in keys}

    def names(self, rows: Iterable[RowKey]) -> dict[RowKey, frozenset[str]]:
        """See FoldStore."""
        return {row: frozenset(self._names[row]) for row in rows if row in self._names}

    def fold(
        self, receipts: Mapping[str, Receipt], upto: str, rows: Mapping[RowKey, Mapping[str, int]]
    ) -> Mapping[str, Receipt]:
        """See FoldStore. A transaction writes each KB of an item twice."""
        for row, counts in rows.items():
            names = self._names.setdefault(row, set()) if self._keeps_names else set()
            names |= counts.keys()
            size = 80 + len(row.subject) + sum(len(one.encode()) + 6 for one in names)
            self.units += 2 * -(-size // _KB)
            self.rows += 1
        self.units += 2 * len(receipts)
        self.chunks += 1
        return {name: receipt.move(upto) for name, receipt in receipts.items()}

    def end(self, name: str, receipt: Receipt, told: str, seen_at: datetime | None) -> None:
        """See FoldStore."""
        del name, receipt, told, seen_at
        self.units += 1


def fold(file: Path, *, keeps_names: bool = False) -> dict[str, int]:
    """All that the function does but for the table; what it would have cost to write."""
    meter = Meter(keeps_names=keeps_names)
    _fold_all(meter, [LogFile("a.gz", partial(pieces_of, file))])
    return {"chunks": meter.chunks, "rows": meter.rows, "units": meter.units}


def fold_small(file: Path, *, together: int) -> dict[str, int]:
    """The same lines in many small files, as edges far apart have them, so many told of at once."""
    meter = Meter(keeps_names=True)
    files = [LogFile(f"{n}.gz", partial(iter, [data])) for n, data in enumerate(_deal(file))]
    for at in range(0, len(files), together):
        _fold_all(meter, files[at : at + together])
    return {"chunks": meter.chunks, "rows": meter.rows, "units": meter.units, "files": len(files)}


def _fold_all(meter: Meter, files: Sequence[LogFile]) -> None:
    regions = one_region("us-east-1", lambda: NOW)
    service = FoldService(LinkMemory(), meter, SlugPolicy(), regions, lambda: NOW)
    for told in service.fold(files, lambda: 900):
        if told.bad or told.state != "folded":
            sys.exit(f"not all was read: {told}")


def _deal(file: Path) -> Iterator[bytes]:
    """The lines of a log dealt out to files of SMALL lines, each with the header."""
    header, *lines = gzip.decompress(file.read_bytes()).split(b"#Fields:")[1].split(b"\n")
    count = max(len(lines) // SMALL, 1)
    for number in range(count):
        dealt = b"\n".join([b"#Fields:" + header, *lines[number::count]])
        yield gzip.compress(dealt, 1)


def _naive_read(file: Path) -> None:
    deque(read_rows(file), 0)


def _naive_count(file: Path) -> None:
    count_rows(file)


SIDES: dict[str, Callable[[Path], Any]] = {
    "read": read,
    "naive read": _naive_read,
    "count": count,
    "fold": fold,
    "cost": partial(fold, keeps_names=True),
    "apart": partial(fold_small, together=1),
    "together": partial(fold_small, together=MOST_FILES),
    "naive count": _naive_count,
}


def main(side: str, file: str) -> None:
    """Run it once and print."""
    started = time.process_time()
    told = SIDES[side](Path(file)) or {}
    took = time.process_time() - started
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _KB
    print(json.dumps({"seconds": took, "memory": memory, **told}))


if __name__ == "__main__":
    main(*sys.argv[1:])
