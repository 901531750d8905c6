"""Exports as files: large ones, small ones, filtered ones.

What could break for a user: a file that lacks links or has some twice; one that never comes; memory
that a large workspace fills; another workspace's links in it.
"""

import json
import tracemalloc
from collections.abc import Sequence
from dataclasses import replace

import pytest

from chalicelib.core.sheets import read_table
from chalicelib.service.exports import PAGE
from chalicelib.service.ports import SMALLEST_PART
from chalicelib.store.memory import LinkMemory
from tests.job_fakes import FileMemory, Platform
from tests.service.export_platform import (
    Listed,
    begin,
    read,
    slugs_in,
)


def test_a_large_export() -> None:
    """100,000 links are all in the file, in order, and never more than a part at once in memory."""
    platform = Platform(Listed(100_000))
    job = begin(platform, format="csv")
    platform.run()
    done = read(platform, job)
    (file,) = platform.files.files.values()
    table = read_table(file.decode(), 2, len)

    assert (done.state, done.progress) == ("done", {"count": 100_000, "bytes": len(file)})
    assert [row.cells[1] for row in table.records] == [f"s{number}" for number in range(100_000)]
    assert len(file) > 6_000_000
    assert platform.files.largest < SMALLEST_PART + 1_000_000


class Sink(FileMemory):
    """A store that keeps nothing of a part."""

    def put_part(self, name: str, upload: str, number: int, data: bytes) -> str:
        return "tag"

    def complete(self, name: str, upload: str, parts: Sequence[str]) -> None:
        pass


def test_memory_does_not_grow() -> None:
    """Six times the links take the same memory."""
    peaks = []
    for count in (2_000, 12_000):
        platform = Platform(Listed(count), files=Sink(smallest=100_000))
        begin(platform, format="json")
        tracemalloc.start()
        platform.run()
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()

    assert peaks[1] < 1.2 * peaks[0]


@pytest.mark.parametrize("count", [0, 1, PAGE - 1, PAGE, PAGE + 1])
@pytest.mark.parametrize("form", ["csv", "json"])
def test_small_exports(count: int, form: str) -> None:
    """Nothing, a page, and a page and a link are whole files."""
    platform = Platform(Listed(count))
    job = begin(platform, format=form)
    platform.run()
    (file,) = platform.files.files.values()

    assert read(platform, job).progress["count"] == count
    if form == "json":
        assert len(json.loads(file)) == count
    else:
        assert len(list(read_table(file.decode(), 2, len).records)) == count


def test_filters_archive_and_workspaces() -> None:
    """Filters are the list's; archived links are there when asked for; only one's own are."""
    store = LinkMemory()
    for number in range(6):
        link = Listed(0).link("w", number)
        link = replace(link, archived=number % 2 == 1, tags=("even",) if number % 2 == 0 else ())
        store.create(link.slug, replace(link, disabled=number == 2))
    store.create("other", replace(Listed(0).link("x", 9), slug="other"))
    found = {}
    for asked in (
        {},
        {"archived": True},
        {"archived": False},
        {"tag": "EVEN "},
        {"state": "disabled"},
        {"q": "TEST/4"},
        {"q": None, "tag": None, "state": None},
    ):
        platform = Platform(store)
        job = begin(platform, format="json", **asked)
        platform.run()
        found[str(asked)] = sorted(slugs_in(platform, job))

    assert [*found.values()] == [
        ["s0", "s1", "s2", "s3", "s4", "s5"],
        ["s1", "s3", "s5"],
        ["s0", "s2", "s4"],
        ["s0", "s2", "s4"],
        ["s2"],
        ["s4"],
        ["s0", "s1", "s2", "s3", "s4", "s5"],
    ]
