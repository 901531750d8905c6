"""What people see of an import: progress while it runs, a summary, and a CSV with every row."""

import json
import sys
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from chalicelib.core.imports import Sheet
from chalicelib.core.sheets import write_table
from tools.import_chunks import STATUSES, Outcome


_SHOWN = 20
_PAUSE = 2.0  # seconds between progress lines where they can't be overwritten
_HEADER = ("row", "status", "field", "reason", "slug", "short_url", "destination")


def visible(text: str) -> str:
    """The text without what could move a terminal's cursor or hide something."""
    return "".join(character if character.isprintable() else "�" for character in text)


def tell(text: str) -> None:
    """Say something about the run; standard output is for its result."""
    sys.stdout.flush()  # in a file with both, what was said first is to stand first
    print(visible(text), file=sys.stderr, flush=True)


class Progress:
    """One line that is updated on a terminal, else a line every two seconds."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._started = self._told = time.monotonic()
        self._on_terminal = sys.stderr.isatty()

    def show(self, done: int, trouble: str) -> None:
        """Tell how far it is, when it is time to."""
        now = time.monotonic()
        if now - self._told < (0.1 if self._on_terminal else _PAUSE):
            return
        self._told = now
        line = self._line(done, now - self._started)
        if trouble:
            line = f"{done:,} of {self._total:,} rows; trying again: {visible(trouble)}"
        print(f"\r\x1b[K{line}" if self._on_terminal else line, end="", file=sys.stderr, flush=True)
        if not self._on_terminal:
            print(file=sys.stderr, flush=True)

    def _line(self, done: int, seconds: float) -> str:
        rate = done / seconds if seconds else 0.0
        left = f", {(self._total - done) / rate:.0f} s left" if rate else ""
        share = 100 * done // max(1, self._total)
        return f"{done:,} of {self._total:,} rows ({share} %), {rate:,.0f} rows/s{left}"

    def clear(self) -> None:
        """Remove the updated line, if there is one."""
        if self._on_terminal:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def describe_sheet(name: str, sheet: Sheet) -> Iterable[str]:
    """Lines about what was recognised in the file."""
    kind = "plain CSV" if sheet.format == "plain" else f"an export of {sheet.format.capitalize()}"
    yield f"{name}: {kind}, {_rows(len(sheet.rows))}."
    yield "Used: " + ", ".join(f"{field} from “{at}”" for field, at in sheet.columns.items()) + "."
    if sheet.ignored:
        yield "Not used: " + ", ".join(f"“{header}”" for header in sheet.ignored) + "."


def _rows(count: int) -> str:
    return f"{count:,} row{'' if count == 1 else 's'}"


def count_statuses(outcomes: Iterable[Outcome]) -> dict[str, int]:
    """How many rows ended in each status, those with none left out."""
    counted = Counter(outcome.status for outcome in outcomes)
    known = {status: counted.pop(status) for status in STATUSES if counted[status]}
    return {**known, **counted}


def summarise(outcomes: Sequence[Outcome], *, dry_run: bool) -> Iterable[str]:
    """Lines with the counts and the first rows that need attention."""
    counts = count_statuses(outcomes).items()
    counted = ", ".join(f"{count:,} {status.replace('_', ' ')}" for status, count in counts)
    yield f"{'Dry run, nothing is stored' if dry_run else 'Done'}: {counted or 'no rows'}."
    bad = [one for one in outcomes if not one.is_good and one.status != "not_tried"]
    if bad:
        yield f"{_rows(len(bad))} to look at:"
    for outcome in bad[:_SHOWN]:
        yield f"  row {outcome.row.number}, {outcome.status}: {_reason(outcome)}"
    if len(bad) > _SHOWN:
        yield f"  and {len(bad) - _SHOWN:,} more, all in the report."


def _reason(outcome: Outcome) -> str:
    return " ".join(f"{field}: {text}" if field else text for field, text in outcome.reasons)


def write_report(file: Path, outcomes: Iterable[Outcome]) -> None:
    """One line per row, in the order of the file, safe to open in a spreadsheet."""
    text = write_table(_HEADER, map(_report_row, outcomes))
    # The BOM is what makes spreadsheets read it as UTF-8.
    file.write_bytes(("\ufeff" + text).encode("utf-8", "replace"))


def _report_row(outcome: Outcome) -> tuple[str, ...]:
    fields = " ".join(field for field, _ in outcome.reasons if field)
    reasons = " ".join(text for _, text in outcome.reasons)
    slug = outcome.slug or str(outcome.row.values.get("slug", ""))
    destination = str(outcome.row.values.get("destination", ""))
    number, short_url = str(outcome.row.number), outcome.short_url or ""
    return (number, outcome.status, fields, reasons, slug, short_url, destination)


def describe_json(
    sheet: Sheet, outcomes: Sequence[Outcome], report: Path | None, *, dry_run: bool
) -> str:
    """The same result for programs: one JSON object with the rows that are not stored."""
    described: Mapping[str, Any] = {
        "dry_run": dry_run,
        "format": sheet.format,
        "columns": dict(sheet.columns),
        "ignored_columns": list(sheet.ignored),
        "counts": count_statuses(outcomes),
        "attention": [_describe(outcome) for outcome in outcomes if not outcome.is_good],
        "report": str(report) if report else None,
    }
    return json.dumps(described, ensure_ascii=True, indent=2)


def _describe(outcome: Outcome) -> dict[str, Any]:
    errors = [
        {"pointer": f"/{field}" if field else "", "detail": text} for field, text in outcome.reasons
    ]
    slug = outcome.slug or outcome.row.values.get("slug")
    return {"row": outcome.row.number, "status": outcome.status, "slug": slug, "errors": errors}
