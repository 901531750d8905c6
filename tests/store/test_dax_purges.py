"""A DAX cluster of three nodes that is told of a write it never saw."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.core.changes import Change, Version
from chalicelib.core.links import Link, edit_link
from chalicelib.store.dax_links import DaxSettings, road_of
from chalicelib.store.dax_purges import DaxPurge, is_old
from chalicelib.store.links import LinkTable
from chalicelib.store.models import bind, to_item
from local.dax.faults import Fault
from local.dax.threads import ClusterThread
from tests.store.tables import REGION, connect, links_over_dax, point_to


NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
def links(
    table_of_dax: str, dax: ClusterThread, monkeypatch: pytest.MonkeyPatch
) -> Iterator[LinkTable]:
    point_to(table_of_dax, monkeypatch)
    with links_over_dax(DaxSettings(dax.endpoint, 5, 5)) as found:
        connect(found)
        yield found
    dax.behave(Fault.HEALTHY)
    dax.clear()


def link(slug: str) -> Link:
    to = "https://a.test/"
    return Link(workspace="w", slug=slug, destination=to, created_at=NOW, updated_at=NOW)


def edited_elsewhere(links: LinkTable, slug: str) -> Change:
    """A link that all nodes have, and its edit as replication brings it: past DAX."""
    old = link(slug)
    links.create(slug, old)
    for _ in range(24):
        links.get(slug)
    new = edit_link(old, {"destination": "https://b.test/"}, NOW)
    to_item(bind("links", REGION), slug, new, "elsewhere").save()
    assert links.get(slug) == old
    return Change(slug, "edited", Version(new, "elsewhere"), Version(old, "here"))


def read_by_all(links: LinkTable, slug: str) -> set[int]:
    """The versions that reads by way of DAX find, as many as reach each of its nodes."""
    found = [links.get(slug) for _ in range(24)]
    return {it.version for it in found if it}


def test_a_purge_makes_it_forget(links: LinkTable) -> None:
    """Every node tells what stands in the table; the table itself was not written."""
    change = edited_elsewhere(links, "promo")
    before = bind("links", REGION).get("link#promo", "link").serialize()
    purged = DaxPurge(road_of(links._cached), "links")([change], frozenset())

    assert (purged.failed, purged.ignored) == (set(), set())
    assert read_by_all(links, "promo") == {2}
    assert bind("links", REGION).get("link#promo", "link").serialize() == before


def test_a_link_that_was_never_there_is_found(links: LinkTable) -> None:
    """DAX keeps that there is no such link, too, and forgets that; it checks no item then."""
    assert links.get("late") is None
    new = link("late")
    to_item(bind("links", REGION), "late", new, "elsewhere").save()
    assert links.get("late") is None
    made = Change("late", "made", Version(new, "elsewhere"), None)
    gone = Change("never", "taken_down", None, Version(new, "x"))
    purged = DaxPurge(road_of(links._cached), "links")([made, gone], frozenset())

    assert (purged.failed, purged.ignored) == (set(), set())
    assert read_by_all(links, "late") == {1}


class Deaf:
    """A road whose DAX keeps what it has, whatever transaction comes."""

    def __init__(self, road: Any) -> None:
        self._road = road
        self.asked: list[str] = []

    def is_connected(self) -> bool:
        return bool(self._road.is_connected())

    def ask_dax(self, operation: str, arguments: Any) -> Any:
        self.asked.append(operation)
        return {} if operation == "TransactWriteItems" else self._road.ask_dax(operation, arguments)


def test_a_dax_that_does_not_forget_is_told_of(links: LinkTable) -> None:
    """Planted: what it answers afterwards is looked at, some times, and then said to be old."""
    change, waits = edited_elsewhere(links, "deaf"), list[float]()
    road: Any = Deaf(road_of(links._cached))
    purged = DaxPurge(road, "links", waits.append)([change], frozenset())

    assert (purged.failed, purged.ignored) == (set(), {"deaf"})
    assert road.asked == ["TransactWriteItems", "BatchGetItem"] * 4
    assert len(waits) == 3


def test_a_dax_that_is_away_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """It has then failed, after little time, and the table was not asked in its place."""
    monkeypatch.setattr("chalicelib.store.dax_purges.CONNECT_WITHIN", 0.05)
    old = link("away")
    with links_over_dax(DaxSettings("dax://127.0.0.1:9", 0.1, 0.1)) as links:
        change = Change("away", "edited", Version(old, "b"), Version(old, "a"))
        purge = DaxPurge(road_of(links._cached), "links")

        assert purge([change], frozenset()).failed == {"away"}
        assert purge([], frozenset()).failed == set()


def test_what_is_old() -> None:
    """By the write, as of two of one version one was lost; a later version is none of it."""
    one, other = Version(link("a"), "one"), Version(link("a"), "other")
    later = Version(edit_link(link("a"), {"title": "b"}, NOW), "later")

    assert [is_old(kept, one) for kept in (None, one, other, later)] == [True, False, True, False]
    assert is_old(one, later)
    assert not is_old(one, None)
