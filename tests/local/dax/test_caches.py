"""What a cache keeps, for how long, and what makes it forget."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from local.dax.caches import NEVER, Cache
from local.dax.clusters import Caching, Cluster
from local.dax.flights import Flights
from local.dax.threads import ClusterThread, run_cluster
from tests.local.dax.clients import dax_client, dynamodb_client, make_table


@dataclass
class Seconds:
    """A clock that is moved by hand."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Tier:
    """A DAX in front of a table, and the table itself."""

    dax: Any
    table: Any
    name: str
    cluster: ClusterThread
    clock: Seconds
    key: dict[str, Any] = field(default_factory=lambda: {"pk": {"S": "a"}})

    def write(self, client: Any, text: str) -> None:
        client.put_item(TableName=self.name, Item={**self.key, "text": {"S": text}})

    def read(self, client: Any | None = None, **asked: Any) -> str | None:
        """The item's text, or None without an item."""
        answer = (client or self.dax).get_item(TableName=self.name, Key=self.key, **asked)
        return answer["Item"]["text"]["S"] if "Item" in answer else None

    def listed(self, **asked: Any) -> list[str]:
        """The texts of all items, by a query."""
        answer = self.dax.query(
            TableName=self.name,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": self.key["pk"]},
            **asked,
        )
        return [item["text"]["S"] for item in answer["Items"]]


CLOCK = Seconds()


@pytest.fixture(scope="module")
def running(database: str) -> Iterator[ClusterThread]:
    caching = Caching(items_fresh_for=60, queries_fresh_for=20)
    with run_cluster(Cluster(database, ports=(0,), caching=caching, clock=CLOCK)) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def client(running: ClusterThread) -> Iterator[Any]:
    with dax_client(running.endpoint) as connected:
        yield connected


@pytest.fixture
def tier(running: ClusterThread, client: Any, database: str) -> Tier:
    running.clear()
    table = dynamodb_client(database)
    return Tier(client, table, make_table(table, "S"), running, CLOCK)


def test_an_item_is_kept_for_as_long_as_it_is_fresh(tier: Tier) -> None:
    """A write past DAX stays unseen until the item is too old, and not a second longer."""
    tier.write(tier.table, "old")
    assert tier.read() == "old"
    tier.write(tier.table, "new")
    tier.clock.now += 59.9
    assert tier.read() == "old"
    tier.clock.now += 0.1
    assert tier.read() == "new"


def test_reading_keeps_nothing_fresh(tier: Tier) -> None:
    """An item that is read all the time is not kept longer for it."""
    tier.write(tier.table, "old")
    for _ in range(4):
        tier.read()
        tier.clock.now += 14
    tier.write(tier.table, "new")
    tier.clock.now += 4

    assert tier.read() == "new"


def test_what_is_not_there_is_kept_too(tier: Tier) -> None:
    """A miss is cached: an item made past DAX is not found until that is too old."""
    assert tier.read() is None
    tier.write(tier.table, "made")
    assert tier.read() is None
    tier.clock.now += 60
    assert tier.read() == "made"


def test_a_write_through_dax_ends_a_miss(tier: Tier) -> None:
    """A cached miss is replaced by what is written."""
    assert tier.read() is None
    tier.write(tier.dax, "made")
    assert tier.read() == "made"


def test_a_put_is_kept(tier: Tier) -> None:
    """What was written is read without the table, and is in the table."""
    tier.write(tier.dax, "written")
    hits = tier.cluster.counters.item_hits
    assert tier.read() == "written"
    assert tier.cluster.counters.item_hits == hits + 1
    assert tier.read(tier.table) == "written"


@pytest.mark.parametrize(("wanted", "hit"), [("NONE", 1), ("ALL_NEW", 1), ("UPDATED_OLD", 0)])
def test_an_update_is_kept_where_all_of_it_is_known(tier: Tier, wanted: str, hit: int) -> None:
    """After an update the new item is read: from the cache, or from the table and then from the cache."""
    tier.write(tier.dax, "old")
    tier.dax.update_item(
        TableName=tier.name,
        Key=tier.key,
        UpdateExpression="SET #text = :new",
        ExpressionAttributeNames={"#text": "text"},
        ExpressionAttributeValues={":new": {"S": "new"}},
        ReturnValues=wanted,
    )
    hits = tier.cluster.counters.item_hits
    assert tier.read() == "new"
    assert tier.cluster.counters.item_hits == hits + hit


def test_a_refused_write_changes_nothing(tier: Tier) -> None:
    """The cache keeps what it had, even what the table has no longer."""
    tier.write(tier.dax, "old")
    tier.write(tier.table, "new")
    with pytest.raises(tier.table.exceptions.ClientError):
        tier.dax.put_item(
            TableName=tier.name, Item=tier.key, ConditionExpression="attribute_not_exists(pk)"
        )
    assert tier.read() == "old"


def test_a_delete_is_forgotten(tier: Tier) -> None:
    """A deleted item is gone at once, and found again as soon as somebody makes it."""
    tier.write(tier.dax, "old")
    tier.dax.delete_item(TableName=tier.name, Key=tier.key)
    tier.write(tier.table, "new")
    assert tier.read() == "new"


def test_batches_and_single_items_share_a_cache(tier: Tier) -> None:
    """What a batch wrote or read, a single read finds, and the other way round."""
    put = {"PutRequest": {"Item": {**tier.key, "text": {"S": "batch"}}}}
    tier.dax.batch_write_item(RequestItems={tier.name: [put]})
    tier.write(tier.table, "past")
    assert tier.read() == "batch"
    tier.clock.now += 60
    other = {"pk": {"S": "b"}}
    keys = {tier.name: {"Keys": [tier.key, other]}}
    assert (
        tier.dax.batch_get_item(RequestItems=keys)["Responses"][tier.name][0]["text"]["S"] == "past"
    )
    tier.write(tier.table, "later")
    tier.table.put_item(TableName=tier.name, Item=other)
    counted = tier.cluster.counters
    assert tier.read() == "past"
    assert len(tier.dax.batch_get_item(RequestItems=keys)["Responses"][tier.name]) == 1
    assert tier.cluster.counters.item_hits == counted.item_hits + 3
    assert tier.cluster.counters.item_misses == counted.item_misses


def test_consistent_reads_pass_through(tier: Tier) -> None:
    """A consistent read sees the table, and leaves the cache as it was."""
    tier.write(tier.table, "old")
    tier.read()
    tier.write(tier.table, "new")
    counted = tier.cluster.counters

    assert tier.read(ConsistentRead=True) == "new"
    keys = {tier.name: {"Keys": [tier.key], "ConsistentRead": True}}
    assert (
        tier.dax.batch_get_item(RequestItems=keys)["Responses"][tier.name][0]["text"]["S"] == "new"
    )
    get = {"Get": {"TableName": tier.name, "Key": tier.key}}
    (found,) = tier.dax.transact_get_items(TransactItems=[get])["Responses"]
    assert found["Item"]["text"]["S"] == "new"
    after = tier.cluster.counters
    assert (after.item_hits, after.item_misses) == (counted.item_hits, counted.item_misses)
    assert tier.read() == "old"


def test_transactions_are_forgotten(tier: Tier) -> None:
    """What a transaction wrote is read from the table, and so is what it only checked."""
    other = {"pk": {"S": "b"}}
    tier.write(tier.dax, "old")
    tier.dax.put_item(TableName=tier.name, Item=other)
    put = {"Put": {"TableName": tier.name, "Item": {**tier.key, "text": {"S": "new"}}}}
    check = {"TableName": tier.name, "Key": other, "ConditionExpression": "attribute_exists(pk)"}
    tier.dax.transact_write_items(TransactItems=[put, {"ConditionCheck": check}])
    misses = tier.cluster.counters.item_misses

    assert tier.read() == "new"
    tier.dax.get_item(TableName=tier.name, Key=other)
    assert tier.cluster.counters.item_misses == misses + 2


def test_writes_leave_the_query_cache_alone(tier: Tier) -> None:
    """A query is answered as before until it is too old, also an empty one."""
    assert tier.listed() == []
    tier.write(tier.dax, "new")
    assert tier.listed() == []
    assert tier.listed(ConsistentRead=True) == ["new"]
    assert tier.listed() == []
    tier.clock.now += 20
    assert tier.listed() == ["new"]


def test_queries_are_told_apart_by_all_that_they_ask(tier: Tier) -> None:
    """Another filter, page or order is another query; the wish for its cost is none."""
    tier.write(tier.dax, "new")
    misses = tier.cluster.counters.query_misses
    assert tier.listed() == ["new"]
    assert tier.listed(ScanIndexForward=False) == ["new"]
    assert tier.listed(Limit=1) == ["new"]
    assert tier.listed(ReturnConsumedCapacity="TOTAL") == ["new"]
    assert tier.cluster.counters.query_misses == misses + 3
    scan = {"TableName": tier.name, "FilterExpression": "#text = :text"}
    scan["ExpressionAttributeNames"] = {"#text": "text"}
    for text, count in (("new", 1), ("old", 0), ("new", 1)):
        values = {":text": {"S": text}}
        assert tier.dax.scan(**scan, ExpressionAttributeValues=values)["Count"] == count
    assert tier.cluster.counters.query_misses == misses + 5


def test_queries_fill_no_item_cache(tier: Tier) -> None:
    """An item that a query brought is not there for a read."""
    tier.write(tier.table, "old")
    tier.listed()
    tier.write(tier.table, "new")
    assert tier.read() == "new"


def test_a_hit_costs_nothing(tier: Tier) -> None:
    """Capacity tells a hit from a miss, as nothing else in an answer does."""
    tier.write(tier.table, "old")
    costs = [
        tier.dax.get_item(TableName=tier.name, Key=tier.key, ReturnConsumedCapacity="TOTAL")
        for _ in range(2)
    ]
    assert [one["ConsumedCapacity"]["CapacityUnits"] for one in costs] == [0.5, 0.0]


def test_numbers_are_kept_as_dynamodb_has_them(tier: Tier) -> None:
    """3.0 is 3, in the cache as in the table: the clients' bytes are not what is kept."""
    tier.dax.put_item(TableName=tier.name, Item={**tier.key, "n": {"N": "3.0"}})
    for client in (tier.dax, tier.table):
        assert client.get_item(TableName=tier.name, Key=tier.key)["Item"]["n"] == {"N": "3"}


def test_the_least_used_goes_first() -> None:
    """A full cache forgets what was not used for longest, by number and by size."""
    cache: Cache[str] = Cache(fresh_for=NEVER, entries=3, size=100)
    for key in "abc":
        cache.put(key, key.upper(), 10)
    assert cache.get("a") == "A"
    cache.put("d", "D", 10)
    assert [cache.get(key) for key in "abcd"] == ["A", None, "C", "D"]
    cache.put("e", "E", 85)
    assert [cache.get(key) for key in "acde"] == [None, None, "D", "E"]
    assert cache.used == 95
    cache.put("f", "F", 101)
    assert len(cache) == 0
    assert cache.used == 0


def test_an_item_that_never_ages() -> None:
    """0 seconds for items is for ever, as DAX has it, and for queries not at all."""
    clock = Seconds()
    caching = Caching(items_fresh_for=0, queries_fresh_for=0)
    items, queries = caching.items(clock), caching.queries(clock)
    items.put("a", b"A", 1)
    queries.put("a", {}, 1)
    clock.now += 1e9
    assert items.get("a") == b"A"
    assert queries.get("a") is None


@pytest.mark.parametrize(
    ("first_writes", "second_writes", "alone"),
    [
        (False, False, (True, True)),
        (True, False, (True, False)),
        (False, True, (False, True)),
        (True, True, (False, False)),
    ],
)
def test_requests_that_meet(
    first_writes: bool, second_writes: bool, alone: tuple[bool, bool]
) -> None:
    """A read that met a write is not kept, whichever came first; nor is either of two writes."""
    flights = Flights()
    with flights.over(["a", "b"], writes=first_writes) as first:
        with flights.over(["a"], writes=second_writes) as second:
            pass
        assert (first.alone("a"), second.alone("a")) == alone
        assert first.alone("b")
    with flights.over(["a"], writes=True) as third:
        assert third.alone("a")
    assert not flights._over
