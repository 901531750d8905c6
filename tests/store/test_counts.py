"""One contract for the stores of counts: memory, and DynamoDB over a socket."""

import itertools
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import pytest

from chalicelib.core.counts import KINDS, MOST_VALUES, RowKey, bound_counts
from chalicelib.core.errors import Unavailable
from chalicelib.service.ports import CountStore, FoldStore, Receipt
from chalicelib.store.counts import CountTable
from chalicelib.store.folds import FoldTable
from chalicelib.store.memory_counts import CountMemory
from chalicelib.store.models import bind
from local.children import listen, url_of
from tests.store.tables import REGION, point_to, together


AT = datetime(2026, 11, 23, 14, tzinfo=UTC)
HOUR = timedelta(hours=1)
NUMBERS = itertools.count()


class Stores(NamedTuple):
    """What one store is to readers and to writers, and whether it knows other regions."""

    counts: CountStore
    folds: FoldStore


@pytest.fixture(params=["memory", "dynamodb"])
def stores(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Stores:
    """Each store in turn; the table is shared, so tests use names of their own."""
    if request.param == "memory":
        memory = CountMemory()
        return Stores(memory, memory)
    point_to(request.getfixturevalue("dynamodb"), monkeypatch)
    model = bind("links", REGION)
    return Stores(CountTable(model), FoldTable(model, REGION))


@pytest.fixture
def name() -> str:
    """A name that nothing has had before."""
    return f"n{next(NUMBERS)}"


def row(name: str, at: datetime = AT, shard: int = 0) -> RowKey:
    return RowKey(f"link/w/{name}", "hour", at, shard)


def fold(
    folds: FoldStore,
    name: str,
    receipt: Receipt,
    rows: Mapping[RowKey, Mapping[str, int]],
    upto: str = "",
) -> Receipt | None:
    """Fold a chunk of one file alone; its receipt then."""
    after = folds.fold({name: receipt}, upto, rows)
    return after and after[name]


def test_a_chunk_is_added_once(stores: Stores, name: str) -> None:
    """With the receipt that it was folded on it adds; a second time with the same it does not."""
    first = stores.folds.receipt(name)
    assert first == Receipt()
    counts = {"clicks": 2, "country:DE": 2}

    after = fold(stores.folds, name, first._replace(form=1), {row(name): counts}, "a")

    assert after == Receipt(1, 1, 1, upto="a")
    assert fold(stores.folds, name, first._replace(form=1), {row(name): counts}) is None
    assert stores.folds.receipt(name) == after
    again = fold(stores.folds, name, after, {row(name): {"clicks": 1, "bots": 4}}, "b")
    assert again == (2, 2, 1, False, "b")
    (read,) = stores.counts.read(row(name).subject, "hour", AT, AT + HOUR)
    assert read == (AT, {"clicks": 3, "country:DE": 2, "bots": 4})


def test_receipts_of_several_files_move_together(stores: Stores, name: str) -> None:
    """A chunk of three files is in for all of them; when one is further already, for none."""
    files = {f"{name}{n}": Receipt(form=2) for n in range(3)}
    last = [*files][-1]
    assert fold(stores.folds, last, files[last], {row(name): {"clicks": 1}}, "a")

    assert stores.folds.fold(files, "b", {row(name): {"clicks": 9}}) is None
    assert [stores.folds.receipt(it).chunks for it in files] == [0, 0, 1]

    files[last] = stores.folds.receipt(last)
    after = stores.folds.fold(files, "b", {row(name): {"clicks": 9}})
    assert after == {it: stores.folds.receipt(it) for it in files}
    assert [it.upto for it in after.values()] == ["b"] * 3
    assert [it.chunks for it in after.values()] == [1, 1, 2]
    (read,) = stores.counts.read(row(name).subject, "hour", AT, AT + HOUR)
    assert read.counts == {"clicks": 10}


def test_of_many_at_once_one_adds(stores: Stores, name: str) -> None:
    """Twelve that fold the same chunk at once add it once."""
    told: list[Receipt | None] = []
    outcomes = together(
        12, lambda _: told.append(fold(stores.folds, name, Receipt(), {row(name): {"clicks": 1}}))
    )

    assert outcomes[""] == len(told)
    assert len([one for one in told if one]) == 1
    assert stores.counts.read(row(name).subject, "hour", AT, AT + HOUR)[0].counts == {"clicks": 1}


def test_an_ended_file_takes_no_more(stores: Stores, name: str) -> None:
    """What became of a file is noted once, and nothing is folded of it after that."""
    after = fold(stores.folds, name, Receipt(), {row(name): {"clicks": 1}})
    assert after is not None
    stores.folds.end(name, after, "{}", AT)

    assert stores.folds.receipt(name).ended
    assert fold(stores.folds, name, after, {row(name): {"clicks": 1}}) is None
    assert stores.counts.read(row(name).subject, "hour", AT, AT + HOUR)[0].counts == {"clicks": 1}


def test_who_is_behind_ends_nothing(stores: Stores, name: str) -> None:
    """An end that knows fewer chunks than are folded is too late, or too early."""
    first = fold(stores.folds, name, Receipt(), {row(name): {"clicks": 1}})
    assert first is not None
    fold(stores.folds, name, first, {row(name): {"clicks": 1}})
    stores.folds.end(name, first, "{}", None)

    assert stores.folds.receipt(name) == (2, 2, 0, False, "")


def test_a_file_of_nothing_ends(stores: Stores, name: str) -> None:
    """A file that was refused, or has no clicks, is ended without any chunk."""
    stores.folds.end(name, Receipt(form=1), '{"refused": "it is no gzip"}', None)

    assert stores.folds.receipt(name).ended
    assert fold(stores.folds, name, Receipt(form=1), {row(name): {"clicks": 1}}) is None


def test_rows_are_read_by_span(stores: Stores, name: str) -> None:
    """Those whose spans begin within the two times, oldest first; shards of one are one row."""
    subject = row(name).subject
    month = AT.replace(day=1, hour=0)
    rows = {
        row(name, AT + 2 * HOUR): {"clicks": 3},
        row(name, AT - HOUR): {"clicks": 9},
        row(name): {"clicks": 1, "device:phone": 1},
        row(name, shard=3): {"clicks": 1, "device:phone": 1},
        row(name, AT + 3 * HOUR): {"clicks": 9},
        RowKey(subject, "day", AT.replace(hour=0)): {"clicks": 5},
        RowKey(subject, "month", month): {"clicks": 6},
        row(name + "x"): {"clicks": 7},
    }
    fold(stores.folds, name, Receipt(), rows)

    assert stores.counts.read(subject, "hour", AT, AT + 3 * HOUR) == [
        (AT, {"clicks": 2, "device:phone": 2}),
        (AT + 2 * HOUR, {"clicks": 3}),
    ]
    minutes = timedelta(minutes=1)
    assert stores.counts.read(subject, "hour", AT + minutes, AT + 2 * HOUR + minutes) == [
        (AT + 2 * HOUR, {"clicks": 3})
    ]
    years = timedelta(days=400)
    assert stores.counts.read(subject, "day", AT - years, AT + years)[0].counts == {"clicks": 5}
    assert stores.counts.read(subject, "month", month, AT) == [(month, {"clicks": 6})]
    assert stores.counts.read(subject, "hour", AT + years, AT - years) == []


def test_names_are_told_of_what_is_there(stores: Stores, name: str) -> None:
    """Each row's own names, also of more rows than one call reads; none of rows that are not."""
    rows = {row(name, AT + n * HOUR): {f"country:{n}": 1, "clicks": 1} for n in range(90)}
    fold(stores.folds, name, Receipt(), rows)
    asked = [*rows, *(row(name, AT + n * HOUR, 1) for n in range(90))]

    assert stores.folds.names(asked) == {one: frozenset(rows[one]) for one in rows}
    assert stores.folds.names([]) == {}


def test_the_longest_update_is_taken(stores: Stores, name: str) -> None:
    """A row with as many names of each dimension as there may be, in one transaction of 99."""
    every = {f"{d}:{n:060}": 1 for d, most in MOST_VALUES.items() for n in range(most + 5)}
    counts = bound_counts({**every, **dict.fromkeys(KINDS, 1)})
    rows = {row(name, AT + n * HOUR): {"clicks": 1} for n in range(98)}

    assert fold(stores.folds, name, Receipt(), {row(name, AT - HOUR): counts, **rows}) is not None
    (read,) = stores.counts.read(row(name).subject, "hour", AT - HOUR, AT)
    assert read.counts == counts


def test_complete_as_of_only_grows(stores: Stores, name: str) -> None:
    """The last request of all files that are folded, in whatever order they come."""
    later = AT + timedelta(days=1)
    stores.folds.end(name, Receipt(), "{}", later)
    stores.folds.end(name + "b", Receipt(), "{}", AT)

    assert stores.counts.complete_as_of() == later


def test_counts_are_erased_by_subject(stores: Stores, name: str) -> None:
    """All spans of the subject, more than one call deletes; nothing of others."""
    rows = {row(name, AT + n * HOUR): {"clicks": 1} for n in range(60)}
    other = row(name + "b")
    fold(stores.folds, name, Receipt(), {**rows, other: {"clicks": 1}})

    assert stores.counts.erase(row(name).subject) == 60
    assert stores.counts.erase(row(name).subject) == 0
    assert stores.counts.read(row(name).subject, "hour", AT, AT + 99 * HOUR) == []
    assert len(stores.counts.read(other.subject, "hour", AT, AT + HOUR)) == 1


def test_rows_of_regions_are_apart_and_summed(
    dynamodb: str, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Each region adds to rows of its own, goes on where another was, and both are read."""
    point_to(dynamodb, monkeypatch)
    model = bind("links", REGION)
    here, there = FoldTable(model, "us-east-1"), FoldTable(model, "eu-west-1")
    first = fold(here, name, Receipt(form=1), {row(name): {"clicks": 1}})
    assert first == (1, 1, 1, False, "")

    taken_over = there.receipt(name)
    assert taken_over == (1, None, 1, False, "")
    assert fold(there, name, taken_over, {row(name): {"clicks": 2}}) == (2, 2, 1, False, "")
    assert fold(there, name, taken_over, {row(name): {"clicks": 2}}) is None
    assert here.receipt(name) == (2, 1, 1, False, "")
    here.end(name, Receipt(2, None, 1), "{}", AT)
    assert not here.receipt(name).ended
    here.end(name, Receipt(2, 1, 1), "{}", AT)
    assert here.receipt(name).ended

    (read,) = CountTable(model).read(row(name).subject, "hour", AT, AT + HOUR)
    assert read.counts == {"clicks": 3}
    assert there.names([row(name)]) == {row(name): {"clicks"}}


def test_hours_are_swept_and_months_stay(
    dynamodb: str, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """An hour's row is for 45 days, a day's for 800; a month's, for good."""
    point_to(dynamodb, monkeypatch)
    model = bind("links", REGION)
    subject = row(name).subject
    spans = [RowKey(subject, span, AT) for span in ("hour", "day", "month")]
    fold(FoldTable(model, REGION), name, Receipt(), {one: {"clicks": 1} for one in spans})
    answer = CountTable(model)._table.query(f"counts#{subject}")
    kept_for = {
        item["sk"]["S"].split("#")[0]: int(item["ttl"]["N"]) - AT.timestamp()
        for item in answer
        if "ttl" in item
    }

    assert kept_for == {"hour": 45 * 86400, "day": 800 * 86400}


def test_a_table_that_is_away_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    """No answer is Unavailable, and not a count."""
    with listen() as listener:
        url = url_of(listener)
    point_to(url, monkeypatch)
    model = bind("links", REGION)
    counts, folds = CountTable(model), FoldTable(model, REGION)
    acts = [
        lambda: counts.read("a", "hour", AT, AT + HOUR),
        counts.complete_as_of,
        lambda: counts.erase("a"),
        lambda: folds.receipt("a"),
        lambda: folds.names([row("a")]),
        lambda: fold(folds, "a", Receipt(), {row("a"): {"clicks": 1}}),
        lambda: folds.end("a", Receipt(), "{}", AT),
    ]
    for act in acts:
        with pytest.raises(Unavailable):
            act()
