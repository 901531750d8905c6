"""Logs folded into counts, each once: whoever is told of a file, however often and in what order.

A file has a home, as a slug has: of all regions that are told of it, that one folds it. Small files
that come together are written together, long ones a block at a time; see fold_batches.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from chalicelib.core.access_logs import (
    MOST_INFLATED,
    BadFile,
    LineReader,
    inflate,
    split_lines,
)
from chalicelib.core.errors import Unavailable
from chalicelib.core.folds import BLOCK, FORM, MOST_FILES
from chalicelib.core.slugs import SlugPolicy
from chalicelib.core.tallies import Tally
from chalicelib.service.fold_batches import (
    BatchWriter,
    Folded,
    Part,
    SecondsLeft,
    home_key,
    seen_at,
)
from chalicelib.service.ports import Clock, FoldStore, LinkStore, Receipt
from chalicelib.service.regions import Regions


class LogFile(NamedTuple):
    """A file to be folded; `open` gives its bytes in pieces, from its start each time."""

    name: str
    open: Callable[[], Iterable[bytes]]


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
    together: int = MOST_FILES

    def fold(self, files: Iterable[LogFile], seconds_left: SecondsLeft) -> list[Folded]:
        """Fold what is not folded yet of these files; what became of each, in their order.

        A file that is `refused`, and then nothing of it is counted, keeps no other from it.
        """
        batch = _Batch(self, seconds_left)
        told = [batch.take(file) for file in files]
        batch.write()
        return told

    def receipt_of(self, name: str) -> Receipt | str:
        """How far a file is folded, or the state that it is in when it is not to be folded here.

        BadFile when another release has begun it.
        """
        if not self.regions.is_here(home_key(name)):
            return "elsewhere"
        receipt = self.folds.receipt(name)
        if receipt.ended:
            return "known"
        if receipt.chunks and receipt.form != FORM:
            raise BadFile(f"it was begun by another release, which cut it by form {receipt.form}")
        return receipt._replace(form=FORM)

    def blocks(self, told: Folded, pieces: Iterable[bytes]) -> Iterator[tuple[Tally, bool]]:
        """The tallies of a file's blocks, each with whether it is the last."""
        reader = LineReader(told.bad)
        tally, room = self._tally(told), self.block
        for lines in split_lines(inflate(pieces, self.most)):
            told.lines += len(lines)
            while len(lines) > room:
                told.requests += tally.add(reader.read(lines[:room]))
                yield tally, False
                lines, tally, room = lines[room:], self._tally(told), self.block  # noqa: PLW2901
            told.requests += tally.add(reader.read(lines))
            room -= len(lines)
        yield tally, True

    def _tally(self, told: Folded) -> Tally:
        return Tally(self.slugs, told.bad, honour_gpc=self.honour_gpc)

    def end(self, part: Part) -> None:
        """Note that a file is folded, if nobody else has by now."""
        part.told.chunks = part.receipt.chunks
        if part.receipt.ended:
            return
        said = {"lines": part.told.lines, "requests": part.told.requests, "bad": part.told.bad}
        at = seen_at(max(part.last, part.tally.last), self.clock())
        self.folds.end(part.told.name, part.receipt, json.dumps(said, separators=(",", ":")), at)
        part.receipt = part.receipt._replace(ended=True)


@dataclass(slots=True)
class _Batch:
    """Files of one block that wait to be written together: no more lines than one block has."""

    service: FoldService
    seconds_left: SecondsLeft
    parts: dict[str, Part] = field(default_factory=dict)

    def take(self, file: LogFile) -> Folded:
        """Read a file, and fold it, or keep it for the next write."""
        told = Folded(file.name)
        if file.name in self.parts:
            self.write()  # the same file twice: then it is known
        try:
            self._take(told, file)
        except BadFile as error:
            told.state, told.reason = "refused", str(error)
        except Unavailable as error:
            told.state, told.reason = "later", str(error)
        return told

    def _take(self, told: Folded, file: LogFile) -> None:
        receipt = self.service.receipt_of(file.name)
        if isinstance(receipt, str):
            told.state = receipt
            return
        blocks = self.service.blocks(told, file.open())
        tally, is_last = next(blocks)
        part = Part(told, receipt, tally)
        lines = sum(one.told.lines for one in self.parts.values())
        if lines + told.lines > self.service.block or len(self.parts) == self.service.together:
            self.write()
        if is_last:
            self.parts[file.name] = part
            return
        # A file that is damaged behind this block is not to be half counted.
        for _ in inflate(file.open(), self.service.most):
            pass
        self._write([part], 0)
        for number, (part.tally, _) in enumerate(blocks, 1):
            self._write([part], number)
        self.service.end(part)

    def write(self) -> None:
        """Write the files that wait; those that can't be written now are `later`."""
        parts, self.parts = [*self.parts.values()], {}
        try:
            self._write(parts, 0)
            for part in parts:
                self.service.end(part)
        except Unavailable as error:
            for part in parts:
                if not part.receipt.ended:
                    part.told.state, part.told.reason = "later", str(error)

    def _write(self, parts: list[Part], block: int) -> None:
        for part in parts:
            part.last = max(part.last, part.tally.last)
        service = self.service
        writer = BatchWriter(service.links, service.folds, service.regions)
        writer.write(parts, block, self.seconds_left)
