"""The handler of a region's stream: after it no cache has what was before, however it is called."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.change_wiring import make_handler
from chalicelib.config import load
from chalicelib.core.changes import Change, Purge, Purged, edge_paths
from chalicelib.core.errors import Unavailable
from chalicelib.core.links import Link, bury_link
from chalicelib.store.memory import LinkMemory
from local.edge.invalidations import invalidated
from tests.api.driver import BASE
from tests.clocks import SetClock
from tests.service.stream_events import event_of, image_of, record_of
from tests.service.tiers import Tiers


Json = dict[str, Any]
CONFIG = load({**BASE, "EVERHOP_REGION": "us-east-1"})
SLUGS = ("a", "b", "c")
ORDER = ("dax", "api", "edge")
GOOD: Json = {"batchItemFailures": []}


@dataclass
class Region:
    """A region with visitors who ask all the while, and the handler of its stream."""

    order: Sequence[str] = ORDER
    tiers: Tiers = field(default_factory=Tiers)
    records: list[Json] = field(default_factory=list)
    links: dict[str, Link] = field(default_factory=dict)
    failing: set[str] = field(default_factory=set)
    lines: list[Json] = field(default_factory=list)

    def __post_init__(self) -> None:
        purges = {"dax": self._forget_dax, "api": self._ask_anew, "edge": self._invalidate}
        tiers = {name: self._watched(name, purges[name]) for name in self.order}
        self.handle = make_handler(
            CONFIG,
            self.tiers.links,
            tiers,
            self.tiers.clock,
            lambda it: self.lines.append(json.loads(it)),
        )

    def edit(self, slug: str) -> None:
        """The next version of a link, and its record."""
        old = self.links.get(slug)
        version = old.version + 1 if old else 1
        self.links[slug] = self.tiers.write(slug, version)
        images = [it and image_of(slug, it) for it in (old, self.links[slug])]
        self.records.append(record_of(slug, *images, self.tiers.clock()))

    def ask_all(self) -> None:
        """A visitor of every link."""
        for slug in SLUGS:
            self.tiers.ask(slug)

    def shown(self) -> dict[str, tuple[int, int]]:
        """What the edge and the API say of each link now, by their versions."""
        return {
            slug: (self.tiers.ask(slug), _version(self.tiers.ask_api(slug))) for slug in self.links
        }

    def _watched(self, name: str, purge: Callable[[Sequence[Change]], None]) -> Purge:
        def run(changes: Sequence[Change], _unsure: frozenset[str]) -> Purged:
            if name in self.failing:
                return Purged(failed={it.key for it in changes})
            purge(changes)
            self.ask_all()  # whoever comes just then fills what is above
            return Purged()

        return run

    def _forget_dax(self, changes: Sequence[Change]) -> None:
        for change in changes:
            self.tiers.links.dax.pop(change.key, None)

    def _ask_anew(self, changes: Sequence[Change]) -> None:
        for change in changes:
            self.tiers.ask_api(change.key, **{"Cache-Control": "max-age=0"})

    def _invalidate(self, changes: Sequence[Change]) -> None:
        for pattern in edge_paths(changes, "all"):
            for kept in [it for it in self.tiers.edge if invalidated(pattern, *it)]:
                del self.tiers.edge[kept]


def _version(answer: Json) -> int:
    location = answer["headers"].get("Location", "")
    return int(location.rpartition("/")[2] or 0)


EDITS = st.lists(st.sampled_from(SLUGS), min_size=1, max_size=8)


def deliver(region: Region, start: int, sizes: Sequence[int]) -> None:
    """Hand over the records from `start` on, in batches, as Lambda does what was not done."""
    sizes = [*sizes, len(region.records)]
    while start < len(region.records):
        size = max(1, sizes.pop(0) if sizes else 1)
        batch = region.records[start : start + size]
        assert region.handle(event_of(*batch)) == GOOD
        start += size


@settings(max_examples=60, deadline=None)
@given(EDITS, EDITS, st.randoms(use_true_random=False), st.lists(st.integers(1, 4), max_size=4))
def test_no_cache_is_behind_the_stream(
    first: list[str], second: list[str], chance: Any, sizes: list[int]
) -> None:
    """With records in any batches, links in any order, some of them told twice."""
    region = Region()
    for slug in first:
        region.edit(slug)
    region.ask_all()
    for slug in second:
        region.edit(slug)
        region.ask_all()
    region.records = shuffled(region.records, chance)
    deliver(region, 0, sizes)
    deliver(region, chance.randrange(len(region.records)), sizes[::-1])

    region.tiers.clock.move(seconds=2)  # for which the edge keeps that there was no such link
    expected = {slug: (link.version,) * 2 for slug, link in region.links.items()}
    assert region.shown() == expected


def shuffled(records: Sequence[Json], chance: Any) -> list[Json]:
    """The records of each link in their order, and links among each other in none."""
    queues: dict[str, list[Json]] = {}
    for record in records:
        queues.setdefault(record["dynamodb"]["Keys"]["pk"]["S"], []).append(record)
    mixed = []
    while queues:
        key = chance.choice(sorted(queues))
        mixed.append(queues[key].pop(0))
        if not queues[key]:
            del queues[key]
    return mixed


def edited_once(order: Sequence[str]) -> Region:
    """A link that all caches have from before its edit; then the handler, in this order."""
    region = Region(order)
    region.edit("a")
    region.ask_all()
    region.edit("a")
    region.handle(event_of(*region.records))
    return region


def test_the_order_of_tiers_matters() -> None:
    """Planted: the edge before the API cache, or that before DAX, is filled with the old again."""
    assert edited_once(ORDER).shown() == {"a": (2, 2)}
    assert edited_once(("dax", "edge", "api")).shown() == {"a": (1, 2)}
    assert edited_once(("api", "dax", "edge")).shown() == {"a": (1, 1)}
    assert edited_once(()).shown() == {"a": (1, 1)}


def test_what_failed_comes_again() -> None:
    """The first of the failed is named; told again, it is done; the tiers above did not wait."""
    region = Region()
    for slug in ("a", "b"):
        region.edit(slug)
    region.ask_all()
    region.edit("b")
    region.failing = {"api"}
    told = region.handle(event_of(*region.records))

    first = region.records[0]["dynamodb"]["SequenceNumber"]
    assert told == {"batchItemFailures": [{"itemIdentifier": first}]}
    assert region.lines[-1]["PurgesFailed"] == 2
    region.failing = set()
    assert region.handle(event_of(*region.records)) == GOOD
    assert region.shown() == {"a": (1, 1), "b": (2, 2)}


def test_a_poisoned_record_is_named_and_the_others_are_done() -> None:
    """Whatever is wrong with it: nothing raises, and what came with it is purged."""
    region = Region()
    region.edit("a")
    region.ask_all()
    region.edit("a")
    good = image_of("p", Link(workspace="w", slug="p", destination="d",
                              created_at=region.tiers.clock(), updated_at=region.tiers.clock()))  # fmt: skip
    for broken in (
        {**good, "version": {"S": "three"}},
        {**good, "rules": {"B": "no base64 ü"}},
        {name: it for name, it in good.items() if name != "write_id"},
        {**good, "created_at": {"S": "yesterday"}},
    ):
        region.lines.clear()
        poison = record_of("p", None, broken)
        told = region.handle(event_of(poison, *region.records))
        name = poison["dynamodb"]["SequenceNumber"]

        assert told == {"batchItemFailures": [{"itemIdentifier": name}]}, broken
        assert region.lines[0]["event"] == "unreadable_record"
        assert region.lines[0]["sequence"] == name
        assert "three" not in json.dumps(region.lines)
    assert region.shown() == {"a": (2, 2)}


def test_other_items_are_none_of_its_business() -> None:
    """Claims, keys, counters and jobs change all the time; nothing is said of them."""
    region = Region()
    for pk, sk in (("counter#x", "counter"), ("key#a", "key"), ("link#x", "stats")):
        other = record_of("x", None, {"pk": {"S": pk}, "sk": {"S": sk}, "n": {"N": "1"}})
        other["dynamodb"]["Keys"] = {"pk": {"S": pk}, "sk": {"S": sk}}
        assert region.handle(event_of(other)) == GOOD
    assert region.lines == []


def test_a_late_record_purges_nothing() -> None:
    """After an outage of the stream the caches have long forgotten; only conflicts matter."""
    region = Region()
    region.edit("a")
    region.tiers.clock.move(seconds=90)
    region.failing = set(ORDER)

    assert region.handle(event_of(*region.records)) == GOOD
    assert region.lines[-1]["PurgeDelay"] == 90_000


class Home(LinkMemory):
    """A home that may be away."""

    away = False

    def replace(self, key: str, link: Link) -> None:
        if self.away:
            raise Unavailable("away")
        super().replace(key, link)


def resurrection(clock: SetClock) -> tuple[Home, Json]:
    """A tombstone that a late write of another region came over, and the record of it."""
    home, now = Home(), clock()
    link = Link(
        workspace="w", slug="p", destination="https://a.test/", created_at=now, updated_at=now
    )
    tombstone = bury_link(link, now)
    late = Link(workspace="w", slug="p", destination="https://b.test/", created_at=now,
                updated_at=now, version=2)  # fmt: skip
    home.create("p", late)
    return home, event_of(record_of("p", image_of("p", tombstone), image_of("p", late), now))


def test_a_resurrected_tombstone_is_put_back() -> None:
    """At its home, once, by whichever region is first; and it is told with what was lost."""
    clock, lines = SetClock(), list[str]()
    home, event = resurrection(clock)
    handle = make_handler(CONFIG, home, {}, clock, lines.append)
    for _ in range(2):
        assert handle(event) == GOOD

    found = home.get("p")
    assert found is not None
    assert (found.deleted_at, found.version) == (clock(), 3)
    told = [json.loads(it) for it in lines]
    assert [it["event"] for it in told] == ["conflict", "changes"] * 2
    assert told[0]["conflict"] == "resurrected"
    assert (told[0]["slug"], told[0]["lost"]["version"], told[1]["Conflicts"]) == ("p", 2, 1)


def test_a_home_that_is_away_is_asked_again() -> None:
    """A tombstone that could not be put back is not forgotten, however late its record is."""
    clock = SetClock()
    home, event = resurrection(clock)
    handle = make_handler(CONFIG, home, {}, clock, lambda _: None)
    home.away = True
    clock.move(seconds=600)
    assert handle(event) != GOOD
    home.away = False
    assert handle(event) == GOOD

    found = home.get("p")
    assert found is not None
    assert found.deleted_at


def test_two_writes_of_one_version_are_told() -> None:
    """Which was lost and which is kept, for who has to mend it; nothing is mended by itself."""
    clock, lines = SetClock(), list[str]()
    now = clock()
    one, other = (
        Link(workspace="w", slug="p", destination=f"https://{name}.test/", created_at=now, updated_at=now, version=4)
        for name in ("a", "b")
    )  # fmt: skip
    record = record_of("p", image_of("p", one, "one"), image_of("p", other, "other"), now)
    make_handler(CONFIG, LinkMemory(), {}, clock, lines.append)(event_of(record))
    told = json.loads(lines[0])

    assert (told["conflict"], told["lost"]["write_id"], told["kept"]["write_id"]) == (
        "overwritten",
        "one",
        "other",
    )
    directive = json.loads(lines[1])["_aws"]["CloudWatchMetrics"][0]
    assert {it["Name"]: it["Unit"] for it in directive["Metrics"]} == {
        **dict.fromkeys(
            ["Changes", "Conflicts", "PurgesFailed", "PurgesIgnored", "Unreadable"], "Count"
        ),
        "PurgeDelay": "Milliseconds",
    }
