"""A DAX cluster of three nodes that is told of a write it never saw."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalicelib.change_wiring import DAX_WAITS
from chalicelib.core.changes import Change, Version
from chalicelib.core.links import Link, edit_link
from chalicelib.store.dax_links import DaxSettings, road_of
from chalicelib.store.dax_purges import AT_ONCE, DaxPurge, is_old
from chalicelib.store.links import LinkTable
from chalicelib.store.models import LinkItem, bind, to_item
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


def edited_elsewhere(links: LinkTable, slug: str, reads: int = 24) -> Change:
    """A link that all nodes have, and its edit as replication brings it: past DAX."""
    old = link(slug)
    links.create(slug, old)
    for _ in range(reads):
        links.get(slug)
    new = edit_link(old, {"destination": "https://b.test/"}, NOW)
    to_item(links.model, slug, new, "elsewhere").save()
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


class Refusing(Deaf):
    """A road whose table refuses transactions with one of the links, which is just being written."""

    def __init__(self, road: Any, slug: str, code: str) -> None:
        super().__init__(road)
        self.slug, self.code, self.checked = slug, code, list[int]()

    def ask_dax(self, operation: str, arguments: Any) -> Any:
        checks = arguments.get("TransactItems", [])
        named = {it["ConditionCheck"]["Key"]["pk"]["S"] for it in checks}
        if checks:
            self.checked.append(len(checks))
        if f"link#{self.slug}" in named:
            raise ClientError({"Error": {"Code": self.code, "Message": ""}}, operation)
        return self._road.ask_dax(operation, arguments)


def many_edited(links: LinkTable, name: str, count: int) -> list[Change]:
    return [edited_elsewhere(links, f"{name}-{number}", 1) for number in range(count)]


def versions(links: LinkTable, changes: list[Change]) -> dict[str, int]:
    """What a read by way of DAX finds of each."""
    return {it.key: found.version for it in changes if (found := links.get(it.key))}


def test_many_links_are_one_transaction(links: LinkTable) -> None:
    """As many as fit into it; one that is refused is left to come again, and the others are done."""
    changes = many_edited(links, "many", AT_ONCE + 5)
    road: Any = Refusing(road_of(links._cached), "many-3", "TransactionCanceledException")
    purged = DaxPurge(road, "links")(changes, frozenset())

    assert (purged.failed, purged.ignored) == ({"many-3"}, set())
    assert (road.checked[0], road.checked[-1]) == (AT_ONCE, 5)
    assert len(road.checked) < AT_ONCE / 2
    assert versions(links, changes) == {it.key: 2 for it in changes} | {"many-3": 1}


def test_a_table_that_is_busy_is_not_asked_more(links: LinkTable) -> None:
    """What was throttled as a whole is not tried in parts, which would be more of it."""
    changes = many_edited(links, "busy", 4)
    road: Any = Refusing(road_of(links._cached), "busy-0", "ThrottlingException")
    purged = DaxPurge(road, "links")(changes, frozenset())

    assert purged.failed == {it.key for it in changes}
    assert road.checked == [4]


def test_what_stands_there_and_cannot_be_read_stops_no_other(links: LinkTable) -> None:
    """It is told of as one that DAX did not forget."""
    changes = many_edited(links, "odd", 2)
    odd = bind("links", REGION).get("link#odd-0", "link")
    odd.update(actions=[LinkItem.version.set(2), LinkItem.write_id.remove()])
    purged = DaxPurge(road_of(links._cached), "links", lambda _: None)(changes, frozenset())

    assert (purged.failed, purged.ignored) == (set(), {"odd-0"})
    assert links.get("odd-1") == edit_link(link("odd-1"), {"destination": "https://b.test/"}, NOW)


def test_a_dax_that_is_slow_is_waited_for(links: LinkTable, dax: ClusterThread) -> None:
    """Longer than a visitor waits, for whom it is lost; so a busy one has no batch begun anew."""
    change = edited_elsewhere(links, "slow")
    patient = DaxSettings(dax.endpoint, *DAX_WAITS)
    with links_over_dax(patient) as purging, links_over_dax(DaxSettings(dax.endpoint)) as following:
        connect(purging)
        connect(following)
        dax.behave(Fault.SLOW, delay_for=0.4)
        purged = DaxPurge(road_of(purging._cached), "links")([change], frozenset())
        following.get("slow")
        lost = not road_of(following._cached).is_connected()
        dax.behave(Fault.HEALTHY)

    assert (purged.failed, purged.ignored, lost) == (set(), set(), True)
    assert read_by_all(links, "slow") == {2}


def test_what_is_old() -> None:
    """By the write, as of two of one version one was lost; a later version is none of it."""
    one, other = Version(link("a"), "one"), Version(link("a"), "other")
    later = Version(edit_link(link("a"), {"title": "b"}, NOW), "later")

    assert [is_old(kept, one) for kept in (None, one, other, later)] == [True, False, True, False]
    assert is_old(one, later)
    assert not is_old(one, None)
