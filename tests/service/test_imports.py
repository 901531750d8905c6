"""Imports that run out of time say where to go on."""

from dataclasses import dataclass
from itertools import count

from chalicelib.service.imports import ImportService
from tests.service.test_links import service


@dataclass(frozen=True)
class Row:
    number: int
    fields: dict[str, object]


ROWS = [Row(number, {"destination": f"https://e.example/{number}"}) for number in range(2, 12)]


def test_what_was_not_tried_is_named() -> None:
    """With time for four rows, four are stored and the fifth is where to go on."""
    links = service()
    calls = count(1)

    report = ImportService(links).run("w", ROWS, dry_run=False, has_time=lambda: next(calls) <= 4)

    assert [row.number for row in report.rows] == [2, 3, 4, 5]
    assert report.next_row == 6
    assert report.counts["created"] == 4


def test_an_import_has_no_future() -> None:
    """A link that says it was made later than now would lead every list: it is refused."""
    links = service()
    fields: dict[str, object] = {
        "destination": "https://e.example/",
        "created_at": "2090-01-01T00:00:00Z",
    }

    report = ImportService(links).run("w", [Row(2, fields)], dry_run=False, has_time=lambda: True)

    assert report.rows[0].problems[0].pointer == "/created_at"


def test_an_import_keeps_the_past() -> None:
    """Imported links keep when they were made, and may have ended already."""
    links = service()
    fields: dict[str, object] = {
        "destination": "https://e.example/",
        "slug": "old",
        "created_at": "2019-05-04T10:00:00Z",
        "expires_at": "2020-01-01T00:00:00Z",
    }

    ImportService(links).run("w", [Row(2, fields)], dry_run=False, has_time=lambda: True)
    link = links.read("w", "old")

    assert link.created_at.year == 2019
    assert link.expires_at is not None
    assert link.updated_at.year == 2026
