"""Imports in the background: what is asked, how far one is, and its report as a sheet."""

import csv
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from chalicelib.core.imports import Sheet
from chalicelib.core.sheets import write_rows


SHEET, REPORT = "sheet", "report.csv"
# Of rows that need attention a job keeps the first with it, for whoever looks: all are in the
# report, and each save of the job is paid by its size.
MOST_FAILING, MOST_FAILING_BYTES = 100, 32 * 1024
_GOOD = frozenset({"created", "ready", "exists"})
_COLUMNS = ("row", "status", "field", "reason", "slug", "short_url")
_MOST_HEADERS, _MOST_HEADER = 50, 100
# The byte order mark is what makes spreadsheets read the file as UTF-8.
REPORT_HEAD = "\ufeff" + write_rows([_COLUMNS])


@dataclass(frozen=True, slots=True)
class Place:
    """How far an import is: rows that are done, what became of them, and files that tell it.

    `last_row` is the number of the last row that is done, `pieces` are the report so far.
    """

    done: int = 0
    last_row: int | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    failing: tuple[Mapping[str, Any], ...] = ()
    pieces: tuple[str, ...] = ()

    def past(self, rows: Iterable[Mapping[str, Any]], piece: str) -> "Place":
        """The place after these rows, as the API describes them, which `piece` has."""
        counts, failing, done, last = dict(self.counts), [*self.failing], self.done, self.last_row
        for row in rows:
            done, last = done + 1, row["row"]
            counts[row["status"]] = counts.get(row["status"], 0) + 1
            told = row["status"] not in _GOOD or row["errors"]  # what is there, but differs, too
            if told and _has_room(failing, row):
                failing.append(row)
        return Place(done, last, counts, tuple(failing), (*self.pieces, piece))


def _has_room(failing: list[Mapping[str, Any]], row: Mapping[str, Any]) -> bool:
    size = len(json.dumps([*failing, row]))
    return len(failing) < MOST_FAILING and size <= MOST_FAILING_BYTES


def read_place(progress: Mapping[str, Any]) -> Place:
    """The place that `write_place` wrote; the beginning for a job that has none yet."""
    lists = {name: tuple(progress.get(name, ())) for name in ("failing", "pieces")}
    return Place(**{**progress, **lists})


def write_place(place: Place) -> dict[str, Any]:
    """The place as JSON."""
    return asdict(place)


def import_plan(
    sheet: Sheet, first_row: int, base: str, receipt: str, *, dry_run: bool
) -> dict[str, Any]:
    """What to import, and what the sheet is; a header that is a book is told in part.

    The links bear `receipt`, short URLs begin with `base`.
    """
    columns = {name: header[:_MOST_HEADER] for name, header in sheet.columns.items()}
    return {
        "dry_run": dry_run,
        "first_row": first_row,
        "base": base,
        "receipt": receipt,
        "format": sheet.format,
        "columns": columns,
        "ignored_columns": [name[:_MOST_HEADER] for name in sheet.ignored[:_MOST_HEADERS]],
        "total": len(sheet.rows),
    }


def write_piece(rows: Iterable[Mapping[str, Any]]) -> str:
    """Rows of the report."""
    return write_rows(_cells(row) for row in rows)


def _cells(row: Mapping[str, Any]) -> tuple[str, ...]:
    fields = " ".join(one["pointer"].strip("/") for one in row["errors"])
    reasons = " ".join(one["detail"] for one in row["errors"])
    shown = (row["slug"] or "", row["short_url"] or "")
    return (str(row["row"]), row["status"], fields, reasons, *shown)


def ready_rows(piece: str) -> set[int]:
    """The numbers of the rows that a dry run would store, of those in a piece of its report."""
    rows = csv.reader(f"{line}\n" for line in piece.split("\n") if line)
    return {int(number) for number, status, *_ in rows if status == "ready"}
