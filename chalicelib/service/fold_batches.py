"""Files that are counted together: what is left of them is written in chunks that they share.

Clicks on one link in one hour that are in several files are one write. A chunk is one transaction
with the receipts of all files that it has counts of, so it is in whole for each of them, or for
none; and a receipt tells by a mark how far its file is counted, whoever it was counted with.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from chalicelib.core.access_logs import Problems
from chalicelib.core.counts import bound_counts, sum_counts
from chalicelib.core.errors import Unavailable
from chalicelib.core.folds import (
    FORM,
    Chunk,
    Counts,
    Rows,
    Shares,
    cut,
    mark_of,
    merge_groups,
    rows_of,
)
from chalicelib.core.tallies import Group, Tally
from chalicelib.service.ports import FoldStore, LinkStore, Receipt
from chalicelib.service.regions import Regions


# Enough for the chunk that is being written, and for saying so.
_SECONDS_LEFT = 20.0
SecondsLeft = Callable[[], float]


@dataclass(slots=True)
class Folded:
    """What became of a file: `bad` are lines that could not be read, by reason.

    `state` is `folded`, or `known` (it was folded before), `elsewhere` (its home is), `refused` (it
    is no log) or `later` (it can't be folded now); of the last two `reason` says why.
    """

    name: str
    state: str = "folded"
    lines: int = 0
    requests: int = 0
    chunks: int = 0
    bad: Problems = field(default_factory=Problems)
    reason: str = ""


@dataclass(slots=True)
class Part:
    """A block of a file's lines, what became of the file, and how far it is counted."""

    told: Folded
    receipt: Receipt
    tally: Tally
    last: str = ""  # request of all blocks

    def lacks(self, mark: str) -> bool:
        """Whether the group at this mark is still to be counted."""
        return not self.receipt.ended and mark > self.receipt.upto


def home_key(name: str) -> str:
    """What the home of a file is found by."""
    return f"log/{name}"


@dataclass(frozen=True, slots=True)
class BatchWriter:
    """Writes what is left of some files' blocks, over one region's stores."""

    links: LinkStore
    folds: FoldStore
    regions: Regions

    def write(self, parts: Sequence[Part], block: int, seconds_left: SecondsLeft) -> None:
        """Write all that these files, none of them twice, have in this block.

        Unavailable when that can't be done now: what is done by then is not done again.
        """
        named = {part.told.name: part for part in parts}
        groups = merge_groups({name: part.tally.groups() for name, part in named.items()})
        for chunk in cut(groups, len(named)):
            while not self._write_chunk(named, block, chunk, seconds_left):
                self._read_again(named)

    def _write_chunk(
        self,
        parts: Mapping[str, Part],
        block: int,
        chunk: Iterable[tuple[Group, Shares]],
        seconds_left: SecondsLeft,
    ) -> bool:
        """Write what is left of a chunk; False when somebody else counts one of the files."""
        left, receipts = _left_of(parts, block, chunk)
        if not left:
            return True
        if seconds_left() < _SECONDS_LEFT:
            raise Unavailable("There is no time left for the rest of this file.")
        # Asked each time: a region that is leaving stops here, before its successor begins.
        if not all(self.regions.is_here(home_key(name)) for name in receipts):
            raise Unavailable("The home of this file has moved to another region.")
        number = max(receipt.chunks for receipt in receipts.values())
        rows = rows_of(left, self._workspaces(left), min(receipts), number)
        upto = mark_of(block, left[-1][0])
        after = self.folds.fold(receipts, upto, self._bounded(rows))
        for name, receipt in (after or {}).items():
            parts[name].receipt = receipt
        return after is not None

    def _read_again(self, parts: Mapping[str, Part]) -> None:
        """Take up what another attempt was quicker with: it is not done again."""
        moved = False
        for name, part in parts.items():
            now = self.folds.receipt(name)
            if now.chunks and now.form != FORM:
                raise Unavailable("Another release folds this file at the moment.")
            now = now._replace(form=FORM)
            moved = moved or now != part.receipt
            part.receipt = now
        if not moved:
            raise Unavailable("Another one folds this file at the moment.")

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


def _left_of(
    parts: Mapping[str, Part], block: int, chunk: Iterable[tuple[Group, Shares]]
) -> tuple[Chunk, dict[str, Receipt]]:
    """What is still to be counted of a chunk, and the receipts of the files that have it."""
    left: Chunk = []
    names: set[str] = set()
    for group, shares in chunk:
        mark = mark_of(block, group)
        lacking = [name for name in shares if parts[name].lacks(mark)]
        if lacking:
            names.update(lacking)
            left.append((group, _sum([shares[name] for name in lacking])))
    return left, {name: parts[name].receipt for name in parts if name in names}


def _sum(counts: Sequence[Counts]) -> Counts:
    first, *others = counts
    for other in others:
        first = sum_counts(first, other)
    return first


def seen_at(last: str, now: datetime) -> datetime | None:
    """When the last request of a log was, as it says; None for none."""
    if not last:
        return None
    try:
        seen = datetime.strptime(last, "%Y-%m-%d%H:%M:%S").replace(tzinfo=UTC)
    except ValueError:
        return None
    # An edge whose clock is ahead must not say that all is counted until then.
    return min(seen, now)
