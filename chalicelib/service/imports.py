"""Many links at once: each row of a sheet is stored or not, and the report says which."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any, Literal, Protocol

from chalicelib.core.batches import row_receipt
from chalicelib.core.errors import Invalid, Problem, SlugTaken, Unavailable
from chalicelib.core.links import Link, is_free, plain, taken_by
from chalicelib.service.keyed_links import make_marked
from chalicelib.service.links import LinkService


Status = Literal["created", "ready", "exists", "taken", "invalid", "failed"]
STATUSES: tuple[Status, ...] = ("created", "ready", "exists", "taken", "invalid", "failed")


class SheetRow(Protocol):
    """A row to import: its number in the sheet, and its cells as fields of a create."""

    @property
    def number(self) -> int:
        """The row's number as a spreadsheet shows it."""

    @property
    def fields(self) -> Mapping[str, object]:
        """Values by field name, as the body of a create has them."""


@dataclass(frozen=True, slots=True)
class RowReport:
    """What became of one row; `link` where there is or would be one."""

    number: int
    status: Status
    link: Link | None = None
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of every row up to `next_row`, the first that was not tried."""

    rows: tuple[RowReport, ...]
    next_row: int | None

    @property
    def counts(self) -> dict[str, int]:
        """How many rows ended in each status."""
        counted = Counter(row.status for row in self.rows)
        return {status: counted[status] for status in STATUSES}


@dataclass(frozen=True, slots=True)
class ImportService:
    """Imports into one deployment; a row that is there already is left as it is."""

    links: LinkService

    def run(
        self,
        workspace: str,
        rows: Iterable[SheetRow],
        *,
        dry_run: bool,
        has_time: Callable[[], bool],
    ) -> ImportReport:
        """Store the rows in order until done or `has_time` says no; each row stands alone."""
        done: list[RowReport] = []
        claimed: dict[str, Link] = {}
        for row in rows:
            if not has_time():
                return ImportReport(tuple(done), row.number)
            done.append(self._import(workspace, row, dry_run, claimed))
        return ImportReport(tuple(done), None)

    def try_row(self, workspace: str, row: SheetRow, claimed: dict[str, Link]) -> RowReport:
        """What storing the row would do; `claimed` has what rows before it would have stored."""
        return self._report(workspace, row, claimed, partial(self._try, workspace, row, claimed))

    def claim_row(self, workspace: str, row: SheetRow, claimed: dict[str, Link]) -> None:
        """Let `claimed` have what a row that is ready would store."""
        link, drawn = self.links.check(workspace, dict(row.fields), imported=True)
        if not drawn:
            claimed[self.links.key_of(link.slug)] = link

    def make_row(
        self,
        workspace: str,
        row: SheetRow,
        receipt: str,
        at: datetime,
        regions: Sequence[str] = (),
    ) -> RowReport:
        """Store the row as of `at`: however often, with one receipt, it is one link.

        Each try but for the first reports what the first would have. `regions` as in Claim.
        """
        make = partial(self._make, workspace, row, receipt, at, regions)
        return self._report(workspace, row, {}, make)

    def _import(
        self, workspace: str, row: SheetRow, dry_run: bool, claimed: dict[str, Link]
    ) -> RowReport:
        if dry_run:
            return self.try_row(workspace, row, claimed)
        return self._report(workspace, row, claimed, partial(self._create, workspace, row))

    def _report(
        self,
        workspace: str,
        row: SheetRow,
        claimed: dict[str, Link],
        act: Callable[[], RowReport],
    ) -> RowReport:
        try:
            try:
                return act()
            except SlugTaken as taken:
                return self._explain_taken(workspace, row, taken, claimed)
        except Invalid as invalid:
            return RowReport(row.number, "invalid", None, invalid.problems)
        except Unavailable as unavailable:
            problem = Problem("", unavailable.code, str(unavailable))
            return RowReport(row.number, "failed", None, (problem,))

    def _create(self, workspace: str, row: SheetRow) -> RowReport:
        link = self.links.create(workspace, dict(row.fields), imported=True)
        return RowReport(row.number, "created", link)

    def _make(
        self, workspace: str, row: SheetRow, receipt: str, at: datetime, regions: Sequence[str]
    ) -> RowReport:
        link, _ = self.links.check(workspace, dict(row.fields), imported=True, at=at)
        marked = replace(link, made_by=row_receipt(receipt, row.number))
        made, _ = make_marked(self.links, marked, regions)
        return RowReport(row.number, "created", made)

    def _try(self, workspace: str, row: SheetRow, claimed: dict[str, Link]) -> RowReport:
        link, drawn = self.links.check(workspace, dict(row.fields), imported=True)
        if drawn:
            return RowReport(row.number, "ready")
        key = self.links.key_of(link.slug)
        there = claimed.get(key) or self.links.store.get(key)
        if there and not is_free(there, link.updated_at):
            raise taken_by(there, link)
        claimed[key] = link
        return RowReport(row.number, "ready", link)

    def _explain_taken(
        self, workspace: str, row: SheetRow, taken: SlugTaken, claimed: dict[str, Link]
    ) -> RowReport:
        wanted, _ = self.links.check(workspace, dict(row.fields), imported=True)
        key = self.links.key_of(wanted.slug)
        there = claimed.get(key) or self.links.store.get(key, consistent=True)
        if there and there.workspace == workspace and _same(there, wanted):
            return RowReport(row.number, "exists", there, _differences(there, wanted, row.fields))
        return RowReport(row.number, "taken", None, (Problem("/slug", taken.code, str(taken)),))


def _same(there: Link, wanted: Link) -> bool:
    return there.deleted_at is None and there.destination == wanted.destination


def _differences(there: Link, wanted: Link, brought: Iterable[str]) -> tuple[Problem, ...]:
    # Only what the row brings: other formats know few of the fields.
    names = (name for name in brought if name != "slug")
    detail = "The link that is there has another value, and was left as it is."
    return tuple(
        Problem(f"/{name}", "differs", detail)
        for name in names
        if plain(getattr(there, name)) != plain(getattr(wanted, name))
    )


def describe_row(row: RowReport, short_url_of: Callable[[str], str]) -> dict[str, Any]:
    """The row's report as the API answers it."""
    slug = row.link.slug if row.link else None
    return {
        "row": row.number,
        "status": row.status,
        "slug": slug,
        "short_url": short_url_of(slug) if slug else None,
        "errors": [
            {"pointer": problem.pointer, "code": problem.code, "detail": problem.detail}
            for problem in row.problems
        ],
    }
