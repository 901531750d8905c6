"""Rows to import, in the pieces that are sent: small enough, and safe to send again or not."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from chalicelib.core.errors import Problem
from chalicelib.core.import_cells import write_cell
from chalicelib.core.imports import Row


GOOD = ("created", "ready", "exists")
STATUSES = (*GOOD, "taken", "invalid", "failed", "unknown", "not_tried")
_ROWS = 250
_MOST_ROWS = 1000  # what the API takes at once
# Rows without a slug can't be sent again, so fewer are in doubt when an answer is lost.
_ROWS_WITHOUT_SLUG = 50
_MOST_BYTES = 900_000  # under half of what the API takes: quoting can double it


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one row of the file; each reason is a field (or none) and a sentence."""

    row: Row
    status: str
    slug: str | None = None
    short_url: str | None = None
    reasons: tuple[tuple[str, str], ...] = ()

    @property
    def is_good(self) -> bool:
        """Whether the link is there as the row has it, or would be after a dry run."""
        return self.status in GOOD and not self.reasons


class Chunk(NamedTuple):
    """Rows sent together; `repeatable` when all have slugs: one that is stored answers `exists`."""

    rows: tuple[Row, ...]
    repeatable: bool


class Plan(NamedTuple):
    """What is to be sent, and the rows that are refused without asking the server."""

    chunks: tuple[Chunk, ...]
    refused: tuple[Outcome, ...]


def plan_chunks(rows: Iterable[Row]) -> Plan:
    """Every row in a chunk or refused, each chunk in the order of the file.

    Rows with the same slug are sent together, so that the first of them wins whoever is faster.
    """
    refused, named, unnamed = [], [], []
    for row in rows:
        problems = row.problems or _own_problems(row)
        if problems:
            reasons = tuple((problem.pointer.strip("/"), problem.detail) for problem in problems)
            refused.append(Outcome(row, "invalid", reasons=reasons))
        elif row.values.get("slug"):
            named.append(row)
        else:
            unnamed.append(row)
    chunks = [Chunk(tuple(part), repeatable=True) for part in _group(named)]
    chunks += [Chunk(tuple(part), repeatable=False) for part in _split(unnamed)]
    return Plan(tuple(chunks), tuple(refused))


def _own_problems(row: Row) -> tuple[Problem, ...]:
    try:
        size = _size(row)
    except UnicodeEncodeError:
        return (Problem("", "characters", "There is a character that is not valid Unicode in it."),)
    if size > _MOST_BYTES:
        return (Problem("", "too_large", f"The row is too large: {size:,} bytes."),)
    return ()


def _size(row: Row) -> int:
    return sum(len(write_cell(value).encode()) for value in row.values.values())


def _group(rows: Sequence[Row]) -> list[list[Row]]:
    chunks: list[list[Row]] = []
    sizes: list[int] = []
    chunk_of: dict[str, int] = {}
    for row in rows:
        size, slug = _size(row), str(row.values["slug"]).casefold()
        at = chunk_of.get(slug, len(chunks) - 1)
        most = _MOST_ROWS if slug in chunk_of else _ROWS
        if at < 0 or len(chunks[at]) >= most or sizes[at] + size > _MOST_BYTES:
            chunks.append([])
            sizes.append(0)
            at = len(chunks) - 1
        chunks[at].append(row)
        sizes[at] += size
        chunk_of[slug] = at
    return chunks


def _split(rows: Sequence[Row]) -> list[list[Row]]:
    chunks: list[list[Row]] = []
    size = 0
    for row in rows:
        size += _size(row)
        if not chunks or len(chunks[-1]) >= _ROWS_WITHOUT_SLUG or size > _MOST_BYTES:
            chunks.append([])
            size = _size(row)
        chunks[-1].append(row)
    return chunks
