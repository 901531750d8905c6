"""Links by way of DAX: it is used, it hides nothing, and it may fail at any time in any way."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from chalicelib.core.destinations import DestinationPolicy
from chalicelib.core.errors import SlugTaken, Stale, Unavailable
from chalicelib.core.links import edit_link
from chalicelib.core.redirects import Redirect, Refusal
from chalicelib.core.slugs import SlugPolicy
from chalicelib.core.visitors import Visitor
from chalicelib.service.redirects import RedirectService
from chalicelib.store import dax_clusters
from chalicelib.store.counters import CounterItem, CounterTable
from chalicelib.store.dax import DaxRoad
from chalicelib.store.dax_clusters import Cluster
from chalicelib.store.dax_links import DaxSettings, bind_over, road_of
from chalicelib.store.links import LinkTable
from chalicelib.store.models import bind, bind_beside
from local.children import listen, url_of
from local.dax.faults import Fault
from local.dax.threads import ClusterThread
from tests.store.tables import REGION, connect, data_calls, links_over_dax, point_to, together
from tests.store.test_contract import NOW, hang, hang_up, link, refuse


@dataclass
class Road:
    """Links over DAX, the same table without it, and what was told of each call."""

    links: LinkTable
    table: LinkTable
    dax: ClusterThread
    told: list[tuple[str, str]] = field(default_factory=list)

    def tiers(self) -> list[tuple[str, str]]:
        """Who answered since the last look, and how."""
        told = self.told[:]
        self.told.clear()
        return told


@pytest.fixture
def road(dax: ClusterThread, table_of_dax: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Road]:
    """A connected cluster that is healed afterwards; it may be tried again after 0.2 s."""
    point_to(table_of_dax, monkeypatch)
    told: list[tuple[str, str]] = []
    settings = DaxSettings(dax.endpoint, read_for=0.25, open_for=0.2)
    with links_over_dax(settings, lambda tier, _, how: told.append((tier, how))) as links:
        connect(links)
        yield Road(links, LinkTable(bind("links", REGION)), dax, told)
    dax.behave(Fault.HEALTHY)


def as_visitors(links: LinkTable) -> RedirectService:
    """What visitors are served by."""
    return RedirectService(links, SlugPolicy(), DestinationPolicy(), lambda: NOW, no_locks)


def no_locks() -> Any:
    raise AssertionError("no link here is locked")


def test_links_are_kept_by_dax(road: Road) -> None:
    """The table is read once; later reads are DAX's, which is told as what it is."""
    road.table.create("kept", link("kept"))
    road.tiers()

    assert [road.links.get("kept") for _ in range(3)] == [link("kept")] * 3
    assert road.tiers() == [("dax", "miss"), ("dax", "hit"), ("dax", "hit")]
    assert road.links.get("kept", consistent=True) == link("kept")
    assert road.tiers() == []


def test_writes_are_seen_at_once(road: Road) -> None:
    """DAX knows of creates and edits that went through it, also where it knew of nothing."""
    assert road.links.get("written") is None
    road.links.create("written", link("written"))
    assert road.links.get("written") == link("written")
    edited = edit_link(link("written"), {"title": "T"}, NOW)
    road.links.replace("written", edited)
    road.tiers()

    assert road.links.get("written") == edited
    assert road.tiers() == [("dax", "hit")]
    with pytest.raises(Stale):
        road.links.replace("written", edited)
    with pytest.raises(SlugTaken):
        road.links.create("written", link("written"))
    assert road.links.get("written") == edited


def test_a_cached_miss_is_no_404(road: Road) -> None:
    """What another region made since DAX learnt that there is nothing is followed all the same."""
    visitors = as_visitors(road.links)
    assert isinstance(visitors.follow("elsewhere", Visitor()), Refusal)
    road.table.create("elsewhere", link("elsewhere"))
    road.tiers()

    # DAX itself still has the miss, so the redirect is the second read's.
    assert road.links.get("elsewhere") is None
    assert road.tiers() == [("dax", "hit")]
    assert isinstance(visitors.follow("elsewhere", Visitor()), Redirect)


def test_lists_are_never_cached(road: Road) -> None:
    """A link is in its owner's list as soon as it is made, whatever was listed before."""
    from chalicelib.service.ports import ListQuery

    calls = road.dax.counters.calls["Query"]
    for number in range(3):
        road.links.create(f"listed{number}", link(f"listed{number}", number, workspace="listed"))
        assert len(road.links.page("listed", ListQuery()).links) == number + 1
    assert road.dax.counters.calls["Query"] == calls


FAULTS = [Fault.SILENT, Fault.REFUSING, Fault.CUT]


@pytest.mark.parametrize("fault", FAULTS)
def test_reads_go_on_without_dax(road: Road, fault: Fault) -> None:
    """The first one notices, the next ones do not ask any more, and all have the link."""
    slug = f"read-{fault}"
    road.links.create(slug, link(slug))
    road.tiers()
    road.dax.behave(fault)

    assert road.links.get(slug) == link(slug)
    assert road.tiers() == [("table", "DAX did not answer")]
    assert not breaker(road).is_closed
    asked = data_calls(road.dax)
    breaker(road).open(60)
    assert [road.links.get(slug) for _ in range(5)] == [link(slug)] * 5
    assert road.tiers() == [("table", "DAX is not asked")] * 5
    assert data_calls(road.dax) == asked


def breaker(road: Road) -> Any:
    return road_of(road.links._cached)._cluster._breaker


@pytest.mark.parametrize("fault", FAULTS)
def test_writes_go_on_without_dax(road: Road, fault: Fault) -> None:
    """A conditional put is made for certain, once, and its repetition is no conflict."""
    slug = f"write-{fault}"
    road.dax.behave(fault)
    road.links.create(slug, link(slug))
    breaker(road).close()
    edited = edit_link(link(slug), {"title": "T"}, NOW)
    road.links.replace(slug, edited)
    breaker(road).close()

    with pytest.raises(SlugTaken):
        road.links.create(slug, link(slug))
    assert road.table.get(slug, consistent=True) == edited


@pytest.mark.parametrize("fault", FAULTS)
def test_nothing_is_added_twice(road: Road, fault: Fault) -> None:
    """An ADD whose answer is lost fails, and is not made again: nobody knows if it was made."""
    name = f"clicks-{fault}"
    counters = CounterTable(bind_beside(CounterItem, road.links._cached))
    plain = CounterTable(bind_beside(CounterItem, road.table.model))
    assert counters.add(name, 1) == 1
    road.dax.behave(fault)

    outcomes = together(1, lambda _: counters.add(name, 1))
    road.dax.behave(Fault.HEALTHY)

    assert outcomes == {"NoAnswer": 1}
    # A node that is cut had added already; one that is silent may still, when it is healed.
    assert plain.read(name) in ({2} if fault == Fault.CUT else {1, 2})


def test_dax_is_used_again_when_it_is_back(road: Road) -> None:
    """A probe beside the requests finds it, with no visitor waiting."""
    road.links.create("back", link("back"))
    road.dax.behave(Fault.SILENT)
    road.links.get("back")
    road.dax.behave(Fault.HEALTHY)

    connect(road.links)
    road.tiers()
    assert road.links.get("back") == link("back")
    assert [tier for tier, _ in road.tiers()] == ["dax"]


def test_one_node_of_three_may_be_away(road: Road) -> None:
    """Reads of a cluster with a replica that is gone have their link, each of them."""
    road.links.create("third", link("third"))
    road.dax.behave(Fault.REFUSING, 2)

    assert [road.links.get("third") for _ in range(30)] == [link("third")] * 30


@pytest.mark.parametrize("fault", FAULTS)
def test_a_cluster_lost_under_load_costs_no_redirect(road: Road, fault: Fault) -> None:
    """200 redirects a second while all of it fails and comes back: every one is answered."""
    slug = f"load-{fault}"
    road.links.create(slug, link(slug))
    visitors = as_visitors(road.links)
    outcomes: Counter[str] = Counter()
    began = time.monotonic()

    def follow(worker: int) -> None:
        for number in range(25):
            due = began + (number * 8 + worker) / 200
            time.sleep(max(0.0, due - time.monotonic()))
            try:
                outcomes[type(visitors.follow(slug, Visitor())).__name__] += 1
            except Exception as error:
                outcomes[repr(error)] += 1

    breaking = threading.Timer(0.3, lambda: road.dax.behave(fault))
    healing = threading.Timer(0.7, lambda: road.dax.behave(Fault.HEALTHY))
    breaking.start()
    healing.start()
    together(8, follow)
    breaking.join()
    healing.join()

    assert outcomes == {"Redirect": 200}
    told = {tier for tier, _ in road.tiers()}
    assert told == {"dax", "table"}


@pytest.mark.parametrize("fail", [refuse, hang_up, hang])
def test_a_cluster_that_never_was_is_not_waited_for(
    table_of_dax: str, monkeypatch: pytest.MonkeyPatch, fail: Callable[[Any], None]
) -> None:
    """Whatever is at its address, links are read and written, and nothing of it is a visitor's."""
    point_to(table_of_dax, monkeypatch)
    listener = listen()
    endpoint = url_of(listener).replace("http", "dax")
    fail(listener)
    told: list[tuple[str, str]] = []
    with links_over_dax(DaxSettings(endpoint), lambda tier, _, how: told.append((tier, how))) as it:
        slug = f"never-{fail.__name__}"
        it.create(slug, link(slug))
        it.replace(slug, edit_link(link(slug), {"title": "T"}, NOW))
        assert it.get(slug) == edit_link(link(slug), {"title": "T"}, NOW)
    listener.close()

    assert told == [("table", "DAX is not asked")] * 3


def test_a_container_that_slept_connects_anew(road: Road) -> None:
    """After a freeze no call goes over a connection from before it: it might never be answered."""
    cluster = road_of(road.links._cached)._cluster
    road.links.create("slept", link("slept"))
    before, now = cluster._client, cluster._clock()
    cluster._clock = lambda: now + dax_clusters.IDLE_FOR + 1
    road.tiers()

    assert road.links.get("slept") == link("slept")
    assert road.tiers() == [("table", "DAX is not asked")]
    connect(road.links)
    assert cluster._client is not before
    assert before._cluster is None  # closed


class SlowTable:
    """A client of a table that answers when it is told to."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.asked = 0

    def _make_api_call(self, operation: str, arguments: dict[str, Any]) -> dict[str, Any]:
        self.asked += 1
        assert self.go.wait(10)
        return {}


def test_the_table_is_not_asked_by_all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """While DAX is away, so many as are allowed read the table, and others wait their turn."""
    monkeypatch.setattr("chalicelib.store.dax.PATIENCE", 0.2)
    table = SlowTable()

    def make() -> Any:
        raise ConnectionRefusedError

    road = DaxRoad(Cluster(make, lambda _: None), lambda: table, fallbacks=2)
    links = LinkTable(bind("links", REGION), bind_over(bind("links", REGION), road))
    threads = [threading.Thread(target=links.get, args=("a",)) for _ in range(2)]
    for thread in threads:
        thread.start()
    while table.asked < 2:
        time.sleep(0.001)

    with pytest.raises(Unavailable, match="ThrottlingException"):
        links.get("a")
    late = threading.Thread(target=links.get, args=("a",))
    late.start()
    table.go.set()
    for thread in [*threads, late]:
        thread.join(5)
    assert table.asked == 3
