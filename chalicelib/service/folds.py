"""Logs folded into counts, each once: whoever is told of a file, however often and in what order.

A file has a home, as a slug has: of all regions that are told of it, that one folds it. It is cut
into chunks the same way each time, and each is added in one transaction with the file's receipt.
Who comes second, or again after a crash, finds by the receipt where to go on.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from chalicelib.core.access_logs import (
    MOST_INFLATED,
    BadFile,
    LineReader,
    Problems,
    inflate,
    split_lines,
)
from chalicelib.core.counts import bound_counts
from chalicelib.core.errors import Unavailable
from chalicelib.core.folds import BLOCK, FORM, Chunk, Rows, cut, rows_of
from chalicelib.core.slugs import SlugPolicy
from chalicelib.core.tallies import Tally
from chalicelib.service.ports import Clock, FoldStore, LinkStore, Receipt
from chalicelib.service.regions import Regions


# Enough for the chunk that is being written, and for saying so.
_SECONDS_LEFT = 20.0
Open = Callable[[], Iterable[bytes]]  # the file's bytes in pieces, from its start each time


@dataclass(slots=True)
class Folded:
    """What became of a file: `bad` are lines that could not be read, by reason."""

    name: str
    state: str = "folded"  # or "known": it was folded before; or "elsewhere": its home is
    lines: int = 0
    requests: int = 0
    chunks: int = 0
    bad: Problems = field(default_factory=Problems)


def name_of_key(key: str) -> str:
    """What a file is known by: CloudFront's own name for it, wherever it is kept."""
    return key.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class FoldService:
    """The use case of one region."""

    links: LinkStore
    folds: FoldStore
    slugs: SlugPolicy
    regions: Regions
    clock: Clock
    honour_gpc: bool = True
    block: int = BLOCK
    most: int = MOST_INFLATED  # bytes

    def fold(self, name: str, open_file: Open, seconds_left: Callable[[], float]) -> Folded:
        """Fold what is not folded yet of this file.

        BadFile when it is no log, and then nothing of it is counted. Unavailable when it can't be
        folded now, or not in this time: what is done by then is not done again.
        """
        told = Folded(name)
        if not self.regions.is_here(_home_key(name)):
            told.state = "elsewhere"
            return told
        receipt = self.folds.receipt(name)
        if receipt.ended:
            told.state = "known"
            return told
        if receipt.chunks and receipt.form != FORM:
            raise BadFile(f"it was begun by another release, which cut it by form {receipt.form}")
        last = ""
        receipt = receipt._replace(form=FORM)
        for tally in self._whole(told, open_file):
            last = max(last, tally.last)
            receipt = self._fold_block(told, tally, receipt, seconds_left)
        self.folds.end(name, receipt, _text_of(told), self._seen_at(last))
        return told

    def _whole(self, told: Folded, open_file: Open) -> Iterator[Tally]:
        """The tallies of a file's blocks, none of them before all of the file was inflated."""
        blocks = self._blocks(told, open_file())
        first, second = next(blocks, None), next(blocks, None)
        if second is not None:
            for _ in inflate(open_file(), self.most):
                pass
        yield from (one for one in (first, second) if one is not None)
        yield from blocks

    def _blocks(self, told: Folded, pieces: Iterable[bytes]) -> Iterator[Tally]:
        reader = LineReader(told.bad)
        tally, room = self._tally(told), self.block
        for lines in split_lines(inflate(pieces, self.most)):
            told.lines += len(lines)
            while len(lines) > room:
                told.requests += tally.add(reader.read(lines[:room]))
                yield tally
                lines, tally, room = lines[room:], self._tally(told), self.block  # noqa: PLW2901
            told.requests += tally.add(reader.read(lines))
            room -= len(lines)
        yield tally

    def _tally(self, told: Folded) -> Tally:
        return Tally(self.slugs, told.bad, honour_gpc=self.honour_gpc)

    def _fold_block(
        self, told: Folded, tally: Tally, receipt: Receipt, seconds_left: Callable[[], float]
    ) -> Receipt:
        for chunk in cut(tally.groups()):
            # What another attempt, or region, was quicker with is not done again.
            if told.chunks >= receipt.chunks:
                if seconds_left() < _SECONDS_LEFT:
                    raise Unavailable("There is no time left for the rest of this file.")
                receipt = self._fold_chunk(told.name, chunk, receipt)
            told.chunks += 1
        return receipt

    def _fold_chunk(self, name: str, chunk: Chunk, receipt: Receipt) -> Receipt:
        # Asked each time: a region that is leaving stops here, before its successor begins.
        if not self.regions.is_here(_home_key(name)):
            raise Unavailable("The home of this file has moved to another region.")
        rows = rows_of(chunk, self._workspaces(chunk), name, receipt.chunks)
        after = self.folds.fold(name, receipt, self._bounded(rows))
        if after is not None:
            return after
        now = self.folds.receipt(name)
        if now.chunks <= receipt.chunks and not now.ended:
            raise Unavailable("Another one folds this file at the moment.")
        return now._replace(form=FORM)

    def _workspaces(self, chunk: Chunk) -> dict[str, str]:
        keys = sorted({group.slug_key for group, _ in chunk if not group.orphan})
        found = dict(self.folds.workspaces(keys))
        for key in keys:
            # It may be new, and on its way here from its home.
            if key not in found and (link := self.links.seek(key)) is not None:
                found[key] = link.workspace
        return found

    def _bounded(self, rows: Rows) -> Rows:
        names = self.folds.names(rows)
        return {row: bound_counts(counts, names.get(row, ())) for row, counts in rows.items()}

    def _seen_at(self, last: str) -> datetime | None:
        if not last:
            return None
        # An edge whose clock is ahead must not say that all is counted until then.
        try:
            seen = datetime.strptime(last, "%Y-%m-%d%H:%M:%S").replace(tzinfo=UTC)
        except ValueError:
            return None
        return min(seen, self.clock())


def _home_key(name: str) -> str:
    return f"log/{name}"


def _text_of(told: Folded) -> str:
    said = {"lines": told.lines, "requests": told.requests, "bad": told.bad}
    return json.dumps(said, separators=(",", ":"))
