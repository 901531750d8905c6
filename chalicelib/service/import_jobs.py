"""The work of a background import: rows of a stored sheet become links, some steps at a time.

A row counts once its outcome is known and saved. What is saved too late is only done again, and
that makes nothing new: the links bear the job's receipt with their row's number.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from chalicelib.core.errors import Unavailable
from chalicelib.core.import_jobs import (
    REPORT,
    REPORT_HEAD,
    SHEET,
    Place,
    read_place,
    ready_rows,
    write_piece,
    write_place,
)
from chalicelib.core.imports import Row, read_sheet
from chalicelib.core.jobs import MAX_TRIES, Job, job_file
from chalicelib.core.links import Link
from chalicelib.service.imports import ImportService, RowReport, describe_row
from chalicelib.service.job_workers import Lease, lost
from chalicelib.service.ports import SMALLEST_PART, FileGone, FileStore


# After so many rows, or so long, a step is saved: that is what a dead worker's successor repeats.
STEP, STEP_TIME = 200, timedelta(seconds=5)
Act = Callable[[Row], RowReport]


@dataclass(frozen=True, slots=True)
class ImportCraft:
    """Makes links of the rows of sheets in files; a Craft."""

    imports: ImportService
    files: FileStore
    step: int = STEP
    part_size: int = SMALLEST_PART

    def __call__(self, lease: Lease) -> bool:
        """Go on until each row is told of, or there is no more time."""
        try:
            return self._import(lease)
        except FileGone:
            raise lost(lease, "A file of this import") from None

    def _import(self, lease: Lease) -> bool:
        job, place = lease.job, read_place(lease.job.progress)
        rows = self._read_rows(job)
        act = self._act(job, rows, place)
        # The last worker takes a row for failed that no try before could store.
        is_patient = job.tries < MAX_TRIES
        while place.done < len(rows):
            if not lease.has_time:
                return False
            place = self._step(lease, place, rows[place.done :][: self.step], act, is_patient)
        if not lease.has_time:
            return False
        self._write_report(lease, place)
        lease.finish(write_place(place))
        return True

    def _read_rows(self, job: Job) -> tuple[Row, ...]:
        text = self.files.get(job_file(job, SHEET)).decode()
        return read_sheet(text, job.plan["first_row"]).rows

    def _act(self, job: Job, rows: Sequence[Row], place: Place) -> Act:
        if job.plan["dry_run"]:
            claimed = self._claim_again(job, rows[: place.done], place)
            return lambda row: self.imports.try_row(job.workspace, row, claimed)
        return lambda row: self.imports.make_row(
            job.workspace, row, job.plan["receipt"], job.created_at, job.plan.get("regions", ())
        )

    def _claim_again(self, job: Job, rows: Sequence[Row], place: Place) -> dict[str, Link]:
        """What the rows that are done would have stored, by slug key."""
        ready: set[int] = set()
        for piece in place.pieces:
            ready |= ready_rows(self.files.get(job_file(job, piece)).decode())
        claimed: dict[str, Link] = {}
        for row in rows:
            if row.number in ready:
                self.imports.claim_row(job.workspace, row, claimed)
        return claimed

    def _step(
        self, lease: Lease, place: Place, rows: Sequence[Row], act: Act, is_patient: bool
    ) -> Place:
        """Do some rows and save; Unavailable for one that fails, with those before it saved."""
        reports = _work(lease, rows, act, is_patient)
        last = reports[-1]
        failed = is_patient and last.status == "failed"
        done = reports[:-1] if failed else reports
        if done:
            place = self._save(lease, place, done)
        if failed:
            raise Unavailable(last.problems[0].detail)
        return place

    def _save(self, lease: Lease, place: Place, reports: Sequence[RowReport]) -> Place:
        described = [describe_row(one, partial(_short_url, lease.job)) for one in reports]
        # A name that no other worker has: one that is out of the job can't spoil what is saved.
        piece = f"rows.{lease.job.version}"
        self.files.put(job_file(lease.job, piece), write_piece(described).encode())
        place = place.past(described, piece)
        lease.save(write_place(place))
        return place

    def _write_report(self, lease: Lease, place: Place) -> None:
        """Join the pieces; a worker that dies meanwhile leaves it to the next, from the first."""
        name = job_file(lease.job, REPORT)
        upload = self.files.begin(name, "text/csv; charset=utf-8")
        text, tags = bytearray(REPORT_HEAD.encode()), list[str]()
        for piece in place.pieces:
            lease.keep()
            text += self.files.get(job_file(lease.job, piece))
            if len(text) >= self.part_size:
                tags.append(self.files.put_part(name, upload, len(tags) + 1, bytes(text)))
                text.clear()
        if text:
            tags.append(self.files.put_part(name, upload, len(tags) + 1, bytes(text)))
        self.files.complete(name, upload, tags)


def _work(lease: Lease, rows: Sequence[Row], act: Act, is_patient: bool) -> list[RowReport]:
    """What became of the rows, one of them at least, until time is up or one fails."""
    until, reports = lease.now() + STEP_TIME, list[RowReport]()
    for row in rows:
        if reports and (lease.now() >= until or not lease.has_time):
            break
        reports.append(act(row))
        if is_patient and reports[-1].status == "failed":
            break
    return reports


def _short_url(job: Job, slug: str) -> str:
    return str(job.plan["base"]) + slug
