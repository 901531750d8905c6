"""The work of an export: pages of the list become parts of a file, and no more is in memory.

After each part the place in the list is saved, and from there another worker goes on.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from chalicelib.core.errors import Unavailable
from chalicelib.core.export_files import (
    CONTENT_TYPES,
    Place,
    first_place,
    read_place,
    write_head,
    write_links,
    write_place,
    write_tail,
)
from chalicelib.core.exports import file_of
from chalicelib.core.jobs import Job
from chalicelib.core.links import Link, describe_link
from chalicelib.core.texts import fold
from chalicelib.service.job_workers import Lease, lost
from chalicelib.service.ports import (
    SMALLEST_PART,
    FileGone,
    FileStore,
    LinkStore,
    ListQuery,
)


# Links read at once: small enough to come well within the table's time-out.
PAGE = 200


@dataclass(frozen=True, slots=True)
class ExportCraft:
    """Writes exports of the links in a store into files; a Craft."""

    links: LinkStore
    files: FileStore
    part_size: int = SMALLEST_PART

    def __call__(self, lease: Lease) -> bool:
        """Go on until the file is whole, or there is no more time."""
        try:
            return self._write(lease)
        except FileGone:
            raise lost(lease, "The file") from None

    def _write(self, lease: Lease) -> bool:
        job = lease.job
        place, text = self._go_on(job) if job.progress else self._begin(job)
        saved = place
        while place.lists:
            if not lease.has_time:
                self._put_aside(lease, place, text)
                return False
            lease.keep()
            try:
                place, page = self._read_page(lease, place)
            except Unavailable:
                if place != saved:  # the next try need not read all of this again
                    self._put_aside(lease, place, text)
                raise
            text += page
            if len(text) >= self.part_size:
                place = self._put_part(job, place, text)
                lease.save(write_place(place))
                saved = place
                text.clear()
        text += write_tail(job.plan["format"]).encode()
        self._finish(lease, place, text)
        return True

    def _begin(self, job: Job) -> tuple[Place, bytearray]:
        form = job.plan["format"]
        upload = self.files.begin(file_of(job), CONTENT_TYPES[form])
        head = write_head(form).encode()
        return replace(first_place(upload, job.plan), bytes=len(head)), bytearray(head)

    def _go_on(self, job: Job) -> tuple[Place, bytearray]:
        place = read_place(job.progress)
        aside = self.files.get(place.aside) if place.aside else b""
        return replace(place, aside=None), bytearray(aside)

    def _put_aside(self, lease: Lease, place: Place, text: bytearray) -> None:
        # A name that no other worker has: one that is out of the job can't spoil what is saved.
        name = f"{file_of(lease.job)}.{lease.job.version}"
        self.files.put(name, bytes(text))
        lease.save(write_place(replace(place, aside=name)))

    def _read_page(self, lease: Lease, place: Place) -> tuple[Place, bytes]:
        job, now = lease.job, lease.now()
        page = self.links.page(job.workspace, replace(_query(job, place), at=now))
        described = [describe_link(link, _short_url(job, link), now) for link in page.links]
        form = job.plan["format"]
        text = write_links(form, described, first=not place.count).encode()
        return place.past(page.after, len(described), len(text)), text

    def _put_part(self, job: Job, place: Place, text: bytearray) -> Place:
        number = len(place.parts) + 1
        tag = self.files.put_part(file_of(job), place.upload, number, bytes(text))
        return replace(place, parts=(*place.parts, tag))

    def _finish(self, lease: Lease, place: Place, text: bytearray) -> None:
        size = place.bytes + len(write_tail(lease.job.plan["format"]).encode())
        whole = self._put_part(lease.job, replace(place, bytes=size), text)
        self.files.complete(file_of(lease.job), whole.upload, whole.parts)
        lease.finish({"count": whole.count, "bytes": whole.bytes})


def _short_url(job: Job, link: Link) -> str:
    return str(job.plan["base"]) + link.slug


def _query(job: Job, place: Place) -> ListQuery:
    plan: Mapping[str, Any] = job.plan
    return ListQuery(
        limit=PAGE,
        scanned=PAGE,
        after=place.after,
        text=fold(plan["q"] or ""),
        tag=plan["tag"],
        archived=place.lists[0] == "archived",
        state=plan["state"],
    )
