"""CSV text as people have it: which separator, which rows are blank or broken, and how to write it.

A broken row is reported as itself: it never swallows the rows after it, nor shifts their numbers.
"""

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from chalicelib.core.errors import Invalid, Problem


FILE = "/file"
_SEPARATORS = (",", ";", "\t", "|")
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_SEPARATOR_HINT = re.compile(r'"?sep=(.)"?', re.IGNORECASE)
# Lines that one row may take: notes and a title of nothing but line breaks are that long.
_MAX_LINES = 2300
# After so many broken rows a row may take fewer: bounds the work that a file full of stray quotes
# can cause, as each of them is looked for its end.
_PATIENCE, _FEW_LINES = 50, 100
# Rules are 128 KiB at the most, which is Python's own limit, but others may write them longer.
csv.field_size_limit(1024 * 1024)
# What spreadsheets take for the beginning of a formula; East Asian ones also in full width.
_BEGINS = r"[=+\-@\t\r\n＝＋－＠]"
_FORMULA = re.compile(f"'*{_BEGINS}")
_NEUTRALISED = re.compile(f"'+{_BEGINS}")
_NOT_CSV = (
    ("PK\x03\x04", "This is a spreadsheet or a zip archive; save it as CSV (UTF-8) first."),
    ("%PDF", "This is a PDF; what is needed is a CSV file."),
    ("<", "This is a web page or XML; what is needed is a CSV file."),
    ("{", "This is JSON; what is needed here is CSV."),
    ("[", "This is JSON; what is needed here is CSV."),
)
_BROKEN = "A quote is opened and not closed in this row, or text follows a closing quote."


class Record(NamedTuple):
    """One row: its number in a spreadsheet, its trimmed cells, and why it can't be used, if so."""

    number: int
    cells: list[str]
    problem: str | None = None


class Table(NamedTuple):
    """The header as written, and the rows after it that are not blank."""

    header: list[str]
    records: Iterator[Record]


class _Head(NamedTuple):
    separator: str
    cells: list[str]
    lines: int


class _Expected(NamedTuple):
    """What a row should have: so many cells, in so many lines at the most."""

    width: int
    lines: int


def refuse_file(code: str, detail: str, pointer: str = FILE) -> Invalid:
    """The error that says why nothing of the file can be used."""
    return Invalid([Problem(pointer, code, detail)])


def read_table(text: str, first_row: int, understood: Callable[[Sequence[str]], int]) -> Table:
    """The table in `text`, whose first data row has the number `first_row`.

    `understood` counts the header cells that mean something; the separator with most of them wins.
    Raises Invalid when there is no table in it at all.
    """
    text = text.removeprefix("\ufeff")
    start = text.lstrip()[:16]
    for beginning, detail in _NOT_CSV:
        if start.startswith(beginning):
            raise refuse_file("file_not_csv", detail)
    lines = _LINE.findall(text)
    at, number, hint = _find_header(lines, first_row - 1)
    head = _read_head(lines, at, (hint,) if hint else _SEPARATORS, understood)
    records = _records(lines, at + head.lines, head.separator, len(head.cells), number + 1)
    return Table(head.cells, records)


def _find_header(lines: list[str], number: int) -> tuple[int, int, str]:
    hint = ""
    for at, line in enumerate(lines):
        match = None if hint else _SEPARATOR_HINT.fullmatch(line.rstrip("\r\n"))
        if match:
            hint = match.group(1)
        elif line.strip():
            return at, number + at, hint
    raise refuse_file("file_empty", "The file is empty.")


def _read_head(
    lines: list[str],
    at: int,
    separators: Sequence[str],
    understood: Callable[[Sequence[str]], int],
) -> _Head:
    heads = []
    for separator in separators:
        try:
            cells, used = _parse(lines, at, separator)
        except csv.Error:
            continue
        heads.append(_Head(separator, _without_empty_end(cells), used))
    if not heads:
        raise refuse_file("file_header", "The first row, which should name the columns, is broken.")
    return max(heads, key=lambda head: (understood(head.cells), len(head.cells)))


def _without_empty_end(cells: list[str], width: int = 1) -> list[str]:
    while len(cells) > width and not cells[-1]:
        cells.pop()
    return cells


def _parse(
    lines: list[str], at: int, separator: str, most: int = _MAX_LINES
) -> tuple[list[str], int]:
    if '"' not in lines[at]:
        return [cell.strip() for cell in lines[at].split(separator)], 1
    reader = csv.reader(
        lines[at : at + most], delimiter=separator, strict=True, skipinitialspace=True
    )
    cells = next(reader)
    return [cell.strip() for cell in cells], reader.line_num


def _records(
    lines: list[str], at: int, separator: str, width: int, number: int
) -> Iterator[Record]:
    broken = 0
    while at < len(lines):
        most = _MAX_LINES if broken < _PATIENCE else _FEW_LINES
        record, used = _read_record(lines, at, separator, _Expected(width, most), number)
        broken += record.problem is _BROKEN
        if record.problem or any(record.cells):
            yield record
        at += used
        number += 1


def _read_record(
    lines: list[str], at: int, separator: str, expected: _Expected, number: int
) -> tuple[Record, int]:
    width, most = expected
    try:
        cells, used = _parse(lines, at, separator, most)
    except csv.Error:
        return Record(number, [], _BROKEN), 1
    cells = _without_empty_end(cells, width)
    if len(cells) == width or not any(cells):
        return Record(number, cells), used
    if used > 1:  # a stray quote took the next rows with it: give them back
        return Record(number, [], _BROKEN), 1
    return Record(number, cells, _count_problem(len(cells), width, separator)), 1


def _count_problem(count: int, width: int, separator: str) -> str:
    detail = f"This row has {count} cells, but the header has {width}."
    if count > width:
        shown = "tab" if separator == "\t" else separator
        detail += f" A cell with {shown} in it needs quotes around it."
    return detail


class _Lines(list[str]):
    """Where `csv.writer` writes: it needs a `write`, not a file."""

    write = list.append


def write_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """CSV text that `read_table` and spreadsheets read back; no cell in it is a formula."""
    return write_rows([header]) + write_rows(rows)


def write_rows(rows: Iterable[Sequence[str]]) -> str:
    """Rows of CSV (RFC 4180), without a header; no cell in them is a formula."""
    lines = _Lines()
    csv.writer(lines).writerows([neutralise(cell) for cell in row] for row in rows)
    return "".join(lines)


def neutralise(cell: str) -> str:
    """The cell with an apostrophe before it where a spreadsheet would run it as a formula."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def restore(cell: str) -> str:
    """The cell as it was before `neutralise`, or whichever exporter did the same."""
    return cell[1:] if _NEUTRALISED.match(cell) else cell
