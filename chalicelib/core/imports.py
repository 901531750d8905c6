"""A sheet of links, read into rows that are each the body of a create."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

from chalicelib.core.errors import Invalid, Problem
from chalicelib.core.import_cells import is_set, write_cell
from chalicelib.core.import_formats import (
    FIELDS,
    PLAIN,
    Format,
    Source,
    find_format,
    plain_name,
    understood_names,
)
from chalicelib.core.sheets import (
    Record,
    Table,
    read_table,
    refuse_file,
    restore,
    write_table,
)


_MAX_TITLE = 200


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the sheet: its spreadsheet number, and either values or what is wrong with it."""

    number: int
    values: Mapping[str, object]
    problems: tuple[Problem, ...] = ()

    @property
    def fields(self) -> Mapping[str, object]:
        """The body of a create; Invalid for a row that could not be read."""
        if self.problems:
            raise Invalid(self.problems)
        return self.values


@dataclass(frozen=True, slots=True)
class Sheet:
    """A whole file: which format it is in, which column each field comes from, and its rows."""

    format: str
    columns: Mapping[str, str]
    ignored: tuple[str, ...]
    rows: tuple[Row, ...]


class _Column(NamedTuple):
    at: int
    header: str
    source: Source


class _Plan(NamedTuple):
    """For each field the columns to look in, in order, and the columns that refuse a row."""

    format: Format
    fields: Mapping[str, list[_Column]]
    refused: Mapping[int, str]


def read_sheet(text: str, first_row: int = 2, max_rows: int | None = None) -> Sheet:
    """The links in a CSV text, whose first row below the header has the number `first_row`.

    Raises Invalid when the file as a whole can't be used: nothing of it should be stored then.
    """
    table = read_table(text, first_row, _count_understood)
    plan = _plan(find_format(table.header), table.header)
    rows = tuple(_take(_rows(table, plan), max_rows))
    columns = {
        name: " or ".join(column.header for column in columns)
        for name, columns in plan.fields.items()
    }
    used = {column.at for columns in plan.fields.values() for column in columns} | set(plan.refused)
    ignored = (header for at, header in enumerate(table.header) if at not in used and header)
    return Sheet(plan.format.name, columns, tuple(ignored), rows)


def _count_understood(header: Sequence[str]) -> int:
    known = understood_names(find_format(header))
    return sum(plain_name(cell) in known for cell in header)


def _take(rows: Iterator[Row], most: int | None) -> Iterator[Row]:
    yield from islice(rows, most)
    if next(rows, None) is not None:
        raise refuse_file("too_many_rows", f"At most {most} rows at once; this file has more.")


def _plan(chosen: Format, header: Sequence[str]) -> _Plan:
    names = [plain_name(cell) for cell in header]
    fields = {
        name: columns
        for name, sources in chosen.fields.items()
        if (columns := _find_columns(name, sources, names, header))
    }
    if "destination" not in fields:
        raise refuse_file("column_missing", _missing(chosen, header), "/destination")
    refused = {index: name for index, name in enumerate(names) if name in chosen.refused}
    return _Plan(chosen, fields, refused)


def _find_columns(
    field: str, sources: Sequence[Source], names: Sequence[str], header: Sequence[str]
) -> list[_Column]:
    columns = []
    for source in sources:
        found = [index for index, name in enumerate(names) if name in source.names]
        if len(found) > 1:
            repeated = " and ".join(f"“{header[index]}”" for index in found)
            detail = f"The columns {repeated} both mean {field}; leave one of them out."
            raise refuse_file("column_repeated", detail, f"/{field}")
        columns += [_Column(index, header[index], source) for index in found]
    return columns


def _missing(chosen: Format, header: Sequence[str]) -> str:
    found = ", ".join(f"“{cell}”" for cell in header[:12] if cell) or "nothing"
    wanted = ", ".join(name for source in chosen.fields["destination"] for name in source.names)
    hint = ""
    if any("://" in cell for cell in header):
        hint = " The first row looks like a link: put a row above it, such as destination,slug."
    return f"No column says where the links lead. Found: {found}. Understood: {wanted}.{hint}"


def _rows(table: Table, plan: _Plan) -> Iterator[Row]:
    for record in table.records:
        yield _row(record, plan)


def _row(record: Record, plan: _Plan) -> Row:
    if record.problem:
        return Row(record.number, {}, (Problem("", "row_broken", record.problem),))
    cells = ["" if cell in plan.format.empty else restore(cell) for cell in record.cells]
    problems = [
        Problem(f"/{name}", "not_supported", plan.format.refused[name])
        for index, name in plan.refused.items()
        if is_set(cells[index])
    ]
    values = _values(cells, plan)
    if "destination" not in values:
        problems.append(Problem("/destination", "required", "This field is needed."))
    return Row(record.number, values, tuple(problems))


def _values(cells: Sequence[str], plan: _Plan) -> dict[str, object]:
    values: dict[str, object] = {}
    for name, columns in plan.fields.items():
        for column in columns:
            if cells[column.at]:
                values[name] = column.source.read(cells[column.at])
                break
    if plan.format is not PLAIN:
        _make_room_for_title(values)
    return values


def _make_room_for_title(values: dict[str, object]) -> None:
    # Other shorteners allow longer titles; kept whole as notes, the link is not refused for it.
    title = values.get("title")
    if isinstance(title, str) and len(title) > _MAX_TITLE and "notes" not in values:
        values["notes"] = values.pop("title")


def write_sheet(rows: Iterable[Mapping[str, object]]) -> str:
    """Plain CSV of these fields, which `read_sheet` reads back as they are."""
    listed = list(rows)
    names = [name for name in FIELDS if any(name in row for row in listed)] or ["destination"]
    return write_table(names, ([write_cell(row.get(name)) for name in names] for row in listed))
