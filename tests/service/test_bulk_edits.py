"""Bulk edits: every link of the tag is reached, whatever moves, fails or is edited meanwhile."""

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.core.bulk_edits import BulkEdit
from chalicelib.core.errors import Invalid, Stale, Unavailable
from chalicelib.core.links import Link
from chalicelib.service.bulk_edits import BulkEditService, EditReport
from chalicelib.service.links import LinkService
from chalicelib.service.ports import SCANNED, ListQuery, Page
from chalicelib.store.memory import LinkMemory
from tests.service.test_links import D, service


OFF = BulkEdit({"disabled": True})
SPRING = ListQuery(tag="spring", limit=3)


def plenty() -> float:
    return 60.0


def filled(store: LinkMemory, count: int = 10, **fields: Any) -> LinkService:
    """Links l0, l1, ... of which every other one has the tag."""
    links = service(store)
    for number in range(count):
        tags = ["spring"] if number % 2 == 0 else ["autumn"]
        links.create("w", {"destination": D, "slug": f"l{number}", "tags": tags, **fields})
    return links


def run(
    links: LinkService, edit: BulkEdit, query: ListQuery = SPRING, *, dry_run: bool = False
) -> EditReport:
    return BulkEditService(links, 4).run("w", query, edit, plenty, dry_run=dry_run)


def run_all(links: LinkService, edit: BulkEdit, query: ListQuery = SPRING) -> list[EditReport]:
    """All pages, one after the other, through outages too."""
    reports: list[EditReport] = []
    after: str | None = ""
    for _ in range(200):
        try:
            reports.append(run(links, edit, replace(query, after=after or None)))
        except Unavailable:
            continue
        after = reports[-1].after
        if after is None:
            return reports
    raise AssertionError("it does not come to an end")


def which(store: LinkMemory, has: Callable[[Link], bool]) -> set[str]:
    return {link.slug for link in store._links.values() if has(link)}


TAGGED = {"l0", "l2", "l4", "l6", "l8"}


def test_all_links_of_the_tag_and_no_other() -> None:
    """Page by page; sent again it changes nothing more, not a version."""
    store = LinkMemory()
    links = filled(store)
    reports = run_all(links, OFF)
    before = dict(store._links)
    again = run_all(links, OFF)

    assert sum(report.edited for report in reports) == 5
    assert which(store, lambda link: link.disabled) == TAGGED
    assert store._links == before
    assert [(one.edited, one.unchanged) for one in again] == [(0, 3), (0, 2)]


@pytest.mark.parametrize(
    "edit",
    [
        BulkEdit({}, ("summer",), ("spring",)),
        BulkEdit({"archived": True}),
        BulkEdit({}, (), ("spring",)),
    ],
)
def test_links_that_leave_the_list_meanwhile(edit: BulkEdit) -> None:
    """Though each page takes its links out of the list, the next one starts where it ended."""
    store = LinkMemory()
    links = filled(store, 20)
    assert sum(report.edited for report in run_all(links, edit)) == 10

    left = links.list("w", ListQuery(tag="spring", limit=100))
    assert left.links == ()


def test_tags_are_added_and_removed() -> None:
    """In their order, without repeats; the others stay."""
    store = LinkMemory()
    links = service(store)
    links.create("w", {"destination": D, "slug": "a", "tags": ["spring", "x", "y"]})
    run_all(links, BulkEdit({}, ("y", "new"), ("spring", "gone")))

    assert links.read("w", "a").tags == ("x", "y", "new")


def test_a_link_that_can_not_have_the_change() -> None:
    """It is named with its problem and left as it was; the others are edited, and the walk ends."""
    store = LinkMemory()
    links = filled(store)
    full = [f"t{number}" for number in range(9)]
    links.edit("w", "l4", {"tags": ["spring", *full]})
    reports = run_all(links, BulkEdit({"status": 301}, ("sale",)))
    failed = [one for report in reports for one in report.failed]

    assert [one.slug for one in failed] == ["l4"]
    assert isinstance(failed[0].error, Invalid)
    assert failed[0].error.problems[0].pointer == "/add_tags"
    assert which(store, lambda link: link.status == 301) == TAGGED - {"l4"}
    assert run_all(links, BulkEdit({}, ("sale",), ("t0",)))[0].failed == []
    assert "sale" in links.read("w", "l4").tags


def test_a_dry_run_says_the_same_and_does_nothing() -> None:
    """Its report is that of the run, and nothing is written."""
    store = LinkMemory()
    links = filled(store)
    before = dict(store._links)
    trial = run(links, OFF, replace(SPRING, limit=100), dry_run=True)

    assert store._links == before
    assert trial == run(links, OFF, replace(SPRING, limit=100))


class Meddled(LinkMemory):
    """A store in which somebody edits a link between the list and its edit."""

    def __init__(self) -> None:
        super().__init__()
        self.meddle: Callable[[str], None] | None = None

    def get(self, key: str, *, consistent: bool = False) -> Link | None:
        meddle, self.meddle = self.meddle, None
        if meddle:
            meddle(key)
        return super().get(key, consistent=consistent)


@pytest.mark.parametrize(
    ("body", "counts"),
    [
        ({"tags": ["autumn"]}, (0, 0)),
        ({"archived": True}, (0, 0)),
        ({"disabled": True}, (0, 0)),
        ({"title": "T"}, (1, 0)),
    ],
)
def test_a_link_that_is_edited_first(body: dict[str, Any], counts: tuple[int, int]) -> None:
    """What the list said is looked at again: a link that is no longer meant is left alone."""
    store = Meddled()
    links = filled(store, 1)
    store.meddle = lambda key: void(links.edit("w", key, body))
    report = run(links, BulkEdit({"status": 308}), replace(SPRING, state="active"))
    link = links.read("w", "l0")

    assert (report.edited, report.unchanged) == counts
    assert (link.status == 308) == (counts == (1, 0))


def void(_: object) -> None:
    """Nothing, whatever it is given."""


def test_a_link_that_is_deleted_first() -> None:
    """It is neither edited nor a failure."""
    store = Meddled()
    links = filled(store, 3)
    store.meddle = lambda key: links.delete("w", key)
    report = run(links, OFF)

    assert (report.edited, report.failed) == (1, [])


def test_someone_edits_the_same_links() -> None:
    """Bulk edits that meet each other and single edits are all kept."""
    store = LinkMemory()
    links = filled(store)
    acts: list[Callable[[], Any]] = [
        lambda: run_all(links, OFF),
        lambda: run_all(links, BulkEdit({"status": 301})),
        lambda: run_all(links, BulkEdit({}, ("sale",))),
        lambda: [links.edit("w", slug, {"title": "T"}) for slug in sorted(TAGGED)],
    ]
    threads = [threading.Thread(target=act) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    for slug in TAGGED:
        link = links.read("w", slug)
        assert (link.disabled, link.status, link.title) == (True, 301, "T")
        assert link.tags == ("spring", "sale")
        assert link.version == 5


class Flaky(LinkMemory):
    """A store that fails as it is told once it is `on`."""

    def __init__(self) -> None:
        super().__init__()
        self.faults: list[str] = []

    def replace(self, key: str, link: Link) -> None:
        fault = self.faults.pop(0) if self.faults else ""
        if fault == "before":
            raise Unavailable("Throttled.")
        if fault == "stale":
            raise Stale("Someone was faster.")
        super().replace(key, link)
        if fault == "after":
            raise Unavailable("The answer was lost.")


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.sampled_from(["", "before", "after", "stale"]), max_size=30),
    st.sampled_from([OFF, BulkEdit({}, ("summer",), ("spring",)), BulkEdit({"archived": True})]),
    st.integers(1, 6),
)
def test_going_on_reaches_every_link(planned: list[str], edit: BulkEdit, limit: int) -> None:
    """Through any outage: who goes on until next_cursor is null has edited each link, once."""
    store = Flaky()
    links = filled(store)
    store.faults = planned
    run_all(links, edit, replace(SPRING, limit=limit))

    for slug in TAGGED:
        link = links.read("w", slug)
        assert link.version == 2
        assert link.disabled or link.archived or link.tags == ("summer",)


def test_when_nothing_could_be_done() -> None:
    """503 as a whole: so a client that goes on waits, instead of asking as fast as it can."""
    store = Flaky()
    links = filled(store)
    store.faults = ["before"] * 3
    with pytest.raises(Unavailable):
        run(links, OFF)


def test_when_some_of_a_page_failed() -> None:
    """The failed ones are named, and what is next is the same page again."""
    store = Flaky()
    links = filled(store)
    store.faults = ["before", "", ""]
    report = run(links, OFF)

    assert (report.edited, len(report.failed), report.after) == (2, 1, "")


def test_time_that_runs_out() -> None:
    """A request that is late does nothing more, also when it is frozen and thaws."""
    store = LinkMemory()
    links = filled(store)
    with pytest.raises(Unavailable):
        BulkEditService(links).run("w", SPRING, OFF, lambda: -1.0, dry_run=False)

    def late_at_work() -> float:
        return 1.0 if threading.current_thread() is threading.main_thread() else -1.0

    with pytest.raises(Unavailable):
        BulkEditService(links).run("w", SPRING, OFF, late_at_work, dry_run=False)

    assert which(store, lambda link: link.disabled) == set()


def test_more_links_than_one_request_looks_through() -> None:
    """A page may have none of them and still lead on; in the end all were found."""
    store = LinkMemory()
    links = service(store)
    links.create("w", {"destination": D, "slug": "first", "tags": ["spring"]})
    for _ in range(SCANNED + 5):
        links.create("w", {"destination": D})
    reports = run_all(links, OFF)

    assert [report.edited for report in reports] == [0, 1]


class Lagging(LinkMemory):
    """A store whose list still has a link that is another's, or a tombstone, by now."""

    def page(self, workspace: str, query: ListQuery) -> Page:
        page = super().page(workspace, query)
        stale = [replace(link, slug="theirs") for link in page.links[:1]]
        return Page((*stale, *page.links), page.after)


def test_another_workspaces_link_is_not_touched() -> None:
    """Whatever the list says, what is edited is read first, as this workspace's."""
    store = Lagging()
    links = filled(store, 1)
    links.create("other", {"destination": D, "slug": "theirs", "tags": ["spring"]})
    report = run(links, OFF)

    assert (report.edited, report.failed) == (1, [])
    assert not links.read("other", "theirs").disabled
