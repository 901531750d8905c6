"""The log of changes: one transaction with the items, trimmed, and honest about what it forgot."""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.journal import Journal, record
from local.replication.changes import NEVER, Change, Version
from local.replication.logs import GRAVES_FOR, KEPT_FOR, Place
from local.replication.schemas import open_file
from tests.local.replication.models import TABLE, Model, key_of


REGION = "me-south-1"  # no other test's
FORMER = """
create table if not exists items (
  table_name text not null, key text not null, item text not null, primary key (table_name, key)
) without rowid
"""


@pytest.fixture
def model(tmp_path: Path) -> Iterator[Model]:
    made = Model(tmp_path, REGION)
    made.follow("reader")
    yield made
    made.close()


def logged(model: Model) -> list[Change]:
    return model.journal.log.page(0).changes


def trim(model: Model, *, after: int = 0) -> None:
    with model.journal.transaction():
        model.journal.log.trim(model.time + after)


def test_each_write_is_logged_with_both_images(model: Model) -> None:
    """Sequences rise by one; each change has what was there before, what is there now, and its version."""
    model.put("a", "1")
    model.put("a", "2")
    model.delete("a")
    first, second, third = logged(model)

    assert [it.sequence for it in (first, second, third)] == [1, 2, 3]
    assert (first.old, third.new) == (None, None)
    assert first.new == second.old
    assert second.new == third.old
    assert [it.version.stamp for it in logged(model)] == [1000, 1001, 1002]
    assert {it.version.origin for it in logged(model)} == {REGION}


def test_a_refused_write_leaves_nothing(model: Model) -> None:
    """What moto refused is not in the log, and the item's version stays; an accepted no-op counts."""
    version = model.put("a", "1")
    body = json.dumps({"TableName": TABLE, "Item": {**key_of("a"), "text": {"S": "1"}}}).encode()
    record(model.journal, "PutItem", body, accepted=False)
    assert (len(logged(model)), model.version("a")) == (1, version)

    record(model.journal, "PutItem", body, accepted=True)
    assert len(logged(model)) == 2
    assert model.version("a") > version
    assert logged(model)[-1].changes_nothing


def test_a_disk_that_refuses_undoes_item_and_log(model: Model) -> None:
    """When the change can't be logged the item is not kept either, nor shown."""
    database = model.journal._database
    model.put("a", "1")
    database.execute(
        "create trigger no before insert on changes begin select raise(abort, 'no'); end"
    )
    with pytest.raises(sqlite3.Error):
        model.put("a", "2")
    with pytest.raises(sqlite3.Error):
        model.journal.apply(
            [
                Change(
                    TABLE,
                    json.dumps(key_of("b"), sort_keys=True),
                    None,
                    json.dumps({**key_of("b"), "text": {"S": "b"}}),
                    Version(5, "x"),
                    0,
                )
            ],
            "x",
            Place("x", 7),
        )

    assert model.items() == model.on_disk() == {"a": "1"}
    assert model.version("a") == Version(1000, REGION)
    assert model.journal.log.place("x") is None


def test_a_file_of_before_is_brought_up(tmp_path: Path) -> None:
    """Links of a version without stamps are there, stamped with their last update, or 0."""
    file = tmp_path / "old.sqlite"
    former = sqlite3.connect(file)
    former.execute(FORMER)
    updated = {"updated_at": {"S": "2026-11-23T12:00:00.250000+0000"}, "text": {"S": "1"}}
    for key, more in (
        ("a", updated),
        ("b", {"text": {"S": "2"}}),
        ("c", {"updated_at": {"S": "?"}}),
    ):
        item = {**more, **key_of(key)}
        row = (TABLE, json.dumps(key_of(key), sort_keys=True), json.dumps(item))
        former.execute("insert into items values (?, ?, ?)", row)
    former.commit()
    former.close()

    for _ in range(2):  # the second time it is of this version already
        journal = Journal(file, REGION)
        stamps = dict(journal._database.execute("select key, stamp from items").fetchall())
        origins = {row[0] for row in journal._database.execute("select origin from items")}
        journal.close()
        assert [stamps[key] for key in sorted(stamps)] == [1795435200250, 0, 0]
        assert origins == {REGION}


def test_a_file_of_a_newer_version_is_let_alone(tmp_path: Path) -> None:
    """What a later Everhop wrote is refused in a sentence, and not touched."""
    file = tmp_path / "new.sqlite"
    journal = Journal(file, REGION)
    journal._database.execute("pragma user_version=99")
    journal.close()

    with pytest.raises(sqlite3.DatabaseError, match="newer"):
        open_file(file, REGION)


def test_the_log_is_as_short_as_its_readers_let_it(model: Model) -> None:
    """What all readers have is forgotten, what one has not is kept, for a day at most."""
    model.follow("slow", "quick")
    for number in range(4):
        model.put("a", str(number))
    log = model.journal.log
    log.leave("reader")
    log.follow("quick", 4)
    log.follow("slow", 2)
    trim(model)
    assert [it.sequence for it in logged(model)] == [3, 4]
    assert log.has(Place(log.id, 2))
    assert not log.has(Place(log.id, 1))

    trim(model, after=KEPT_FOR + 1)
    assert logged(model) == []
    assert not log.has(Place(log.id, 2))
    assert log.has(Place(log.id, 4))
    model.put("a", "5")
    assert [it.sequence for it in logged(model)] == [5]
    model.restart()
    assert not model.journal.log.has(Place(log.id, 2)), "a restart forgot what was trimmed"


def test_deletions_are_remembered_for_a_week(model: Model) -> None:
    """A late write from before a deletion loses, as long as the deletion is remembered."""
    model.put("a", "1")
    model.delete("a")
    late = Change(TABLE, logged(model)[0].key, None, logged(model)[0].new, Version(999, "x"), 0)
    trim(model, after=GRAVES_FOR - 1)
    (loss,) = model.journal.apply([late], "x", Place("x", 1))

    assert model.items() == {}
    assert "lost to me-south-1" in str(loss)
    trim(model, after=GRAVES_FOR + 1)
    assert model.version("a") == NEVER


def test_without_readers_nothing_is_logged(tmp_path: Path) -> None:
    """A region alone logs nothing; who reads later sees by the log's id that there is a gap."""
    model = Model(tmp_path, REGION)
    try:
        place = Place(model.journal.log.id, model.journal.log.last)
        model.put("a", "1")
        assert logged(model) == []
        assert not model.journal.log.has(place)
        model.restart()
        assert not model.journal.log.has(place)
        model.follow("reader")
        assert not model.journal.log.has(place)
        assert model.journal.log.has(Place(model.journal.log.id, 0))
    finally:
        model.close()


def test_pages_are_of_limited_size(model: Model) -> None:
    """However large items are, a page holds some megabytes, or one change; none is left out."""
    for number in range(25):
        model.put(f"k{number}", "x" * 390_000)
    log, sizes, after = model.journal.log, [], 0
    while (page := log.page(after)).changes:
        sizes.append(len(page.changes))
        assert page.behind == 25 - sum(sizes)
        after = page.position

    assert sizes == [10, 10, 5]
