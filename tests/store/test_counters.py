"""One contract for the stores of counters: memory, and DynamoDB over a socket."""

from datetime import UTC, datetime

import pytest

from chalicelib.core.errors import Unavailable
from chalicelib.service.ports import CounterStore
from chalicelib.service.regional_counters import OwnRows
from chalicelib.store.counters import CounterItem, CounterTable
from chalicelib.store.memory_counters import CounterMemory
from chalicelib.store.models import bind, bind_beside
from local.children import listen, url_of
from tests.service.two_regions import A, B, World
from tests.store.tables import REGION, point_to, together


LATER = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)


@pytest.fixture(params=["memory", "dynamodb", "regions", "own rows"])
def counters(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> CounterStore:
    """Each store in turn; the table is shared, so tests use names of their own."""
    if request.param == "memory":
        return CounterMemory()
    if request.param == "regions":
        world = World()
        world.regions[B].counters = world.regions[A].counters  # all is replicated at once
        return world.counters_at(A)
    if request.param == "own rows":
        return OwnRows(CounterMemory(), A)
    point_to(request.getfixturevalue("dynamodb"), monkeypatch)
    return CounterTable(bind_beside(CounterItem, bind("links", REGION)))


def test_a_counter_begins_at_nothing(counters: CounterStore) -> None:
    """What was never added to is 0; each add tells the new total; names are apart."""
    assert counters.read("begun") == 0
    assert counters.add("begun", 3) == 3
    assert counters.add("begun", 4, until=LATER) == 7
    assert counters.add("begun2", 1, until=LATER) == 1
    assert counters.read("begun") == 7


def test_most_is_never_exceeded(counters: CounterStore) -> None:
    """An add that would go beyond `most` adds nothing; one that just reaches it does."""
    assert counters.add("full", 5, most=4) is None
    assert counters.read("full") == 0
    assert counters.add("full", 3, most=4) == 3
    assert counters.add("full", 2, most=4) is None
    assert counters.add("full", 1, most=4) == 4
    assert counters.add("full", 1, most=4) is None
    assert counters.read("full") == 4


def test_many_at_once_are_all_counted(counters: CounterStore) -> None:
    """20 adds at once make 20; of 20 that may reach 7, seven do."""
    told: list[int | None] = []

    together(20, lambda _: counters.add("raced", 1))
    together(20, lambda _: told.append(counters.add("limited", 1, most=7)))

    assert counters.read("raced") == 20
    assert told.count(None) == 13
    assert sorted(one for one in told if one) == [1, 2, 3, 4, 5, 6, 7]


def test_a_table_that_is_away_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    """No answer is Unavailable, and not a count."""
    with listen() as listener:
        url = url_of(listener)
    point_to(url, monkeypatch)
    counters = CounterTable(bind_beside(CounterItem, bind("links", REGION)))

    with pytest.raises(Unavailable):
        counters.add("away", 1)
    with pytest.raises(Unavailable):
        counters.read("away")
