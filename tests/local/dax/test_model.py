"""Random operations through DAX, past it, and over time, against a model of what it documents."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from local.dax import queries
from local.dax.caches import Cache
from local.dax.clusters import Caching, Cluster
from local.dax.engines import ABSENT, Engine
from local.dax.flights import Flight
from local.dax.threads import ClusterThread, run_cluster
from tests.local.dax.clients import dax_client, dynamodb_client, make_table


FOREVER = float("inf")
CACHINGS = {
    "short": Caching(items_fresh_for=10, queries_fresh_for=4),
    "items for ever, no queries": Caching(items_fresh_for=0, queries_fresh_for=0),
    "large": Caching(items_fresh_for=3600, queries_fresh_for=3600),
    "none": Caching(items_fresh_for=300, queries_fresh_for=300, entries=0),
}
# Each key as a client may write it.
SPELLINGS = {"10": ["10", "1E1"], "-0.5": ["-0.5", "-0.50"]}
keys = st.sampled_from(list(SPELLINGS))
amounts = st.integers(-3, 3)
Items = dict[str, int]


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Model:
    """What DAX promises, in the fewest words: a table, and what is remembered of it."""

    caching: Caching
    clock: Clock
    table: Items = field(default_factory=dict)
    items: dict[str, tuple[int | None, float]] = field(default_factory=dict)
    lists: dict[str, tuple[Items, float]] = field(default_factory=dict)

    def remember(self, key: str) -> None:
        """Keep the item, or that there is none."""
        if self.caching.entries:
            until = self.clock() + (self.caching.items_fresh_for or FOREVER)
            self.items[key] = self.table.get(key), until

    def read(self, key: str) -> int | None:
        """What an eventually consistent read finds."""
        if key not in self.items or self.clock() >= self.items[key][1]:
            self.remember(key)
        return self.items[key][0] if key in self.items else self.table.get(key)

    def list(self, name: str, wanted: Callable[[int], bool]) -> Items:
        """What an eventually consistent query or scan finds."""
        if name in self.lists and self.clock() < self.lists[name][1]:
            return self.lists[name][0]
        found = {key: n for key, n in self.table.items() if wanted(n)}
        if self.caching.entries and self.caching.queries_fresh_for:
            self.lists[name] = found, self.clock() + self.caching.queries_fresh_for
        return found


@dataclass
class Ground:
    """Where a machine runs: a cluster for each kind of caching, all before one table."""

    table: Any
    name: str
    clock: Clock
    clusters: dict[str, tuple[ClusterThread, Any]]
    runs: Iterator[int] = field(default_factory=count)


@pytest.fixture(scope="module")
def ground(database: str) -> Iterator[Ground]:
    table, clock = dynamodb_client(database), Clock()
    with ExitStack() as stack:
        clusters = {}
        for name, caching in CACHINGS.items():
            cluster = Cluster(database, caching=caching, clock=clock)
            running = stack.enter_context(run_cluster(cluster))
            clusters[name] = running, stack.enter_context(dax_client(running.endpoint))
        yield Ground(table, make_table(table, "S", "N"), clock, clusters)


WRITES = ["put", "delete", "add", "put_on_condition", "write_batch", "transact"]
READS = ["read_item", "read_item", "read_a_part", "read_batch", "read_consistently"]


class Traffic(RuleBasedStateMachine):
    """Whoever reads through DAX sees what the model says, to the second."""

    ground: Ground
    kinds: tuple[str, ...]  # of caching

    @initialize(choice=st.integers(0, len(CACHINGS) - 1))
    def start(self, choice: int) -> None:
        kind = self.kinds[choice % len(self.kinds)]
        running, self.dax = self.ground.clusters[kind]
        running.clear()
        self.run = {"S": f"run-{next(self.ground.runs)}"}
        self.model = Model(CACHINGS[kind], self.ground.clock)

    def key(self, key: str, spelling: int = 0) -> dict[str, Any]:
        return {"pk": self.run, "sk": {"N": SPELLINGS[key][spelling]}}

    def item(self, key: str, n: int) -> dict[str, Any]:
        return {**self.key(key), "n": {"N": str(n)}}

    def one(self, key: str, **asked: Any) -> dict[str, Any]:
        return {"TableName": self.ground.name, "Key": self.key(key), **asked}

    # One rule for each kind of traffic: the rarer a kind, the rarer what it would find.
    @rule(way=st.sampled_from(WRITES), key=keys, other=keys, n=amounts)
    def write(self, way: str, key: str, other: str, n: int) -> None:
        getattr(self, way)(key, other, n)

    @rule(way=st.sampled_from(READS), key=keys, other=keys)
    def read(self, way: str, key: str, other: str) -> None:
        getattr(self, way)(key, other)

    @rule(way=st.sampled_from(["put_past", "put_past", "delete_past"]), key=keys, n=amounts)
    def write_past(self, way: str, key: str, n: int) -> None:
        getattr(self, way)(key, n)

    @rule(seconds=st.sampled_from([3, 4, 10]))
    def wait(self, seconds: float) -> None:
        self.ground.clock.now += seconds

    def put(self, key: str, _other: str, n: int) -> None:
        self.dax.put_item(TableName=self.ground.name, Item=self.item(key, n))
        self.model.table[key] = n
        self.model.remember(key)

    def delete(self, key: str, _other: str, _n: int) -> None:
        self.dax.delete_item(**self.one(key))
        self.model.table.pop(key, None)
        self.model.items.pop(key, None)

    def add(self, key: str, other: str, n: int) -> None:
        wanted = "UPDATED_NEW" if key == other else ("NONE", "ALL_NEW")[n % 2]
        n = n or 1  # moto shows nothing of an update that adds 0
        answer = self.dax.update_item(
            **self.one(key, UpdateExpression="ADD n :n", ReturnValues=wanted),
            ExpressionAttributeValues={":n": {"N": str(n)}},
        )
        self.model.table[key] = self.model.table.get(key, 0) + n
        self.model.items.pop(key, None)
        if wanted != "UPDATED_NEW":
            self.model.remember(key)
        if wanted != "NONE":
            assert number(answer["Attributes"]) == self.model.table[key]

    def put_on_condition(self, key: str, other: str, n: int) -> None:
        limit = 1 if key == other else -1
        allowed = self.model.table.get(key, -9) < limit
        try:
            self.dax.put_item(
                TableName=self.ground.name,
                Item=self.item(key, n),
                ConditionExpression="attribute_not_exists(pk) OR n < :limit",
                ExpressionAttributeValues={":limit": {"N": str(limit)}},
            )
        except self.ground.table.exceptions.ClientError:
            assert not allowed
        else:
            assert allowed
            self.model.table[key] = n
            self.model.remember(key)

    def write_batch(self, put: str, dropped: str, n: int) -> None:
        requests: list[dict[str, Any]] = [{"PutRequest": {"Item": self.item(put, n)}}]
        if put != dropped:
            requests.append({"DeleteRequest": {"Key": self.key(dropped)}})
            self.model.table.pop(dropped, None)
            self.model.items.pop(dropped, None)
        self.dax.batch_write_item(RequestItems={self.ground.name: requests})
        self.model.table[put] = n
        self.model.remember(put)

    def transact(self, put: str, dropped: str, n: int) -> None:
        operations = [{"Put": {"TableName": self.ground.name, "Item": self.item(put, n)}}]
        if put != dropped:
            operations.append({"Delete": self.one(dropped)})
            self.model.table.pop(dropped, None)
        self.dax.transact_write_items(TransactItems=operations)
        self.model.table[put] = n
        for key in (put, dropped):
            self.model.items.pop(key, None)

    def put_past(self, key: str, n: int) -> None:
        self.ground.table.put_item(TableName=self.ground.name, Item=self.item(key, n))
        self.model.table[key] = n

    def delete_past(self, key: str, _n: int) -> None:
        self.ground.table.delete_item(**self.one(key))
        self.model.table.pop(key, None)

    def read_item(self, key: str, other: str) -> None:
        spelling = int(key == other)
        found = self.dax.get_item(TableName=self.ground.name, Key=self.key(key, spelling))
        assert number(found.get("Item")) == self.model.read(key)

    def read_a_part(self, key: str, _other: str) -> None:
        found = self.dax.get_item(**self.one(key, ProjectionExpression="n"))
        assert number(found.get("Item")) == self.model.read(key)

    def read_batch(self, key: str, other: str, *, consistent: bool = False) -> None:
        wanted = {key, other}
        request = {"Keys": [self.key(key) for key in wanted], "ConsistentRead": consistent}
        found = self.dax.batch_get_item(RequestItems={self.ground.name: request})
        read = self.model.table.get if consistent else self.model.read
        expected = {key: n for key in wanted if (n := read(key)) is not None}
        assert listed(found["Responses"][self.ground.name]) == expected

    def read_consistently(self, key: str, other: str) -> None:
        self.read_batch(key, other, consistent=True)
        found = self.dax.get_item(**self.one(key, ConsistentRead=True))
        assert number(found.get("Item")) == self.model.table.get(key)
        (found,) = self.dax.transact_get_items(TransactItems=[{"Get": self.one(key)}])["Responses"]
        assert number(found.get("Item")) == self.model.table.get(key)

    @rule(forward=st.booleans())
    def query(self, forward: bool) -> None:
        found = self.dax.query(
            TableName=self.ground.name,
            KeyConditionExpression="pk = :run",
            ExpressionAttributeValues={":run": self.run},
            ScanIndexForward=forward,
        )["Items"]
        order = sorted((Decimal(one["sk"]["N"]) for one in found), reverse=not forward)
        assert [Decimal(one["sk"]["N"]) for one in found] == order
        assert listed(found) == self.model.list(f"query {forward}", lambda _: True)

    @rule(limit=amounts)
    def scan(self, limit: int) -> None:
        found = self.dax.scan(
            TableName=self.ground.name,
            FilterExpression="pk = :run AND n >= :limit",
            ExpressionAttributeValues={":run": self.run, ":limit": {"N": str(limit)}},
        )["Items"]
        assert listed(found) == self.model.list(f"scan {limit}", lambda n: n >= limit)


def number(item: dict[str, Any] | None) -> int | None:
    return int(item["n"]["N"]) if item else None


def listed(items: list[dict[str, Any]]) -> Items:
    """The items by the first spelling of their keys."""
    spelled = {Decimal(key): key for key in SPELLINGS}
    return {spelled[Decimal(one["sk"]["N"])]: int(one["n"]["N"]) for one in items}


def run(ground: Ground, examples: int, *kinds: str, **more: Any) -> None:
    machine = type("TrafficHere", (Traffic,), {"ground": ground, "kinds": kinds})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=25,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
            **more,
        ),
    )


def test_dax_is_what_it_says(ground: Ground) -> None:
    """0 differences between DAX and the model, with caches of every kind."""
    run(ground, 30, *CACHINGS)


def never_forget(_engine: Engine, _keys: object) -> None:
    pass


def keep_what_is_written(engine: Engine, flight: Flight, key: Any, item: bytes) -> None:
    if flight.writes:
        engine.items.put(key, item, len(item))


def keep_no_misses(engine: Engine, _flight: Flight, key: Any, item: bytes) -> None:
    if item != ABSENT:
        engine.items.put(key, item, len(item))


def ageless(cache: Cache[Any], key: Any) -> Any:
    return cache._held[key][2] if key in cache._held else None


PLANTED = [
    (Engine, "forget", never_forget),
    (Engine, "keep", keep_what_is_written),
    (Engine, "keep", keep_no_misses),
    (Cache, "get", ageless),
    (queries, "_parameters", lambda table, condition, raw: (table, condition)),
]


@pytest.mark.parametrize(("where", "name", "bug"), PLANTED)
def test_the_model_catches(
    ground: Ground, monkeypatch: pytest.MonkeyPatch, where: Any, name: str, bug: Any
) -> None:
    """A bug that is planted is found, so that finding none means something."""
    monkeypatch.setattr(where, name, bug)
    with pytest.raises(AssertionError):
        # The same traffic every time: a search that is out of luck takes half a minute.
        run(ground, 200, "short", phases=[Phase.generate], derandomize=True)
