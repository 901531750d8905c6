"""The embedded DynamoDB never shows what it could not keep."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from moto.core import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.utilities import dynamo_to_dict

from local.database import make_table
from local.journal import Journal, touched_by


REGION = "eu-north-1"  # no other test's
NAME = "journaled"


def item(key: str, text: str) -> dict[str, dict[str, str]]:
    return {"pk": {"S": key}, "sk": {"S": "link"}, "text": {"S": text}}


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    """A journal over an empty table."""
    make_table(REGION, NAME)
    made = Journal(tmp_path / "x.sqlite", REGION)
    yield made
    made.close()
    del dynamodb_backends[DEFAULT_ACCOUNT_ID][REGION].tables[NAME]


def fill_disk(journal: Journal) -> None:
    """Let the file grow no more."""
    (pages,) = journal._database.execute("pragma page_count").fetchone()
    journal._database.execute(f"pragma max_page_count={pages}")


def table() -> dict[str, str]:
    """What moto would answer with."""
    found = dynamodb_backends[DEFAULT_ACCOUNT_ID][REGION].get_table(NAME).all_items()
    return {one.attrs["pk"].value: one.attrs["text"].value for one in found}


def put(key: str, text: str) -> None:
    dynamodb_backends[DEFAULT_ACCOUNT_ID][REGION].get_table(NAME).put_item(item(key, text))


def test_what_is_kept_comes_back(journal: Journal, tmp_path: Path) -> None:
    """A table that is made anew is what it was, the last write of each item winning."""
    for key, text in (("a", "1"), ("b", "2"), ("a", "3")):
        put(key, text)
        journal.keep([(NAME, item(key, text))])
    make_table_again()

    assert Journal(tmp_path / "x.sqlite", REGION).restore(NAME) == 2
    assert table() == {"a": "3", "b": "2"}


def test_binary_values_come_back(journal: Journal, tmp_path: Path) -> None:
    """What is no text is kept as it was sent, and is that again after a restart."""
    ruled = {**item("a", "1"), "rules": {"B": "AP94nA=="}}
    dynamodb_backends[DEFAULT_ACCOUNT_ID][REGION].get_table(NAME).put_item(ruled)
    journal.keep([(NAME, ruled)])
    make_table_again()

    assert Journal(tmp_path / "x.sqlite", REGION).restore(NAME) == 1
    (found,) = dynamodb_backends[DEFAULT_ACCOUNT_ID][REGION].get_table(NAME).all_items()
    assert dynamo_to_dict(found.attrs["rules"]) == {"B": b"\x00\xff\x78\x9c"}


def make_table_again() -> None:
    del dynamodb_backends[DEFAULT_ACCOUNT_ID][REGION].tables[NAME]
    make_table(REGION, NAME)


def test_a_full_disk_undoes_the_write(journal: Journal) -> None:
    """When the disk is full, the table shows what the disk has: a link that was, and none that was not."""
    put("old", "before")
    journal.keep([(NAME, item("old", "before"))])
    fill_disk(journal)
    put("old", "x" * 200_000)
    put("new", "x" * 200_000)

    with pytest.raises(sqlite3.Error, match="full"):
        journal.keep([(NAME, item("old", "")), (NAME, item("new", ""))])
    assert table() == {"old": "before"}


def test_every_kind_of_write_is_seen() -> None:
    """The operations that write name each item that they touch."""
    key = {"pk": {"S": "a"}, "sk": {"S": "link"}}
    for operation, body in (
        ("PutItem", {"TableName": NAME, "Item": key}),
        ("UpdateItem", {"TableName": NAME, "Key": key}),
        ("DeleteItem", {"TableName": NAME, "Key": key}),
        ("BatchWriteItem", {"RequestItems": {NAME: [{"PutRequest": {"Item": key}}]}}),
        ("BatchWriteItem", {"RequestItems": {NAME: [{"DeleteRequest": {"Key": key}}]}}),
        ("TransactWriteItems", {"TransactItems": [{"Update": {"TableName": NAME, "Key": key}}]}),
    ):
        assert list(touched_by(operation, body)) == [(NAME, key)], operation
