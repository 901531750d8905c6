"""The local DynamoDB's queries: what a partition or an index has, and nobody else's items touched."""

from collections.abc import Iterator
from typing import Any

import pytest
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.models.table import Table

from local.database import make_table
from local.queries import spare_scans


REGION, NAME, ACCOUNT = "ap-south-2", "queried", "123456789012"  # no other test's


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> Iterator[Table]:
    """Three partitions of five items, each second of which is in the list."""
    make_table(REGION, NAME)
    made: Table = dynamodb_backends[ACCOUNT][REGION].tables[NAME]
    for pk in "abc":
        for number in (3, 1, 5, 2, 4):
            listed = {"list_key": {"S": "w"}, "list_sort": {"S": f"{number}{pk}"}}
            item = {"pk": {"S": pk}, "sk": {"S": f"s{number}"}, "n": {"N": str(number)}}
            made.put_item({**item, **(listed if number % 2 else {})})
    # What is put in its place here is taken back when the test ends.
    monkeypatch.setattr(Table, "query", Table.query)
    yield made
    del dynamodb_backends[ACCOUNT][REGION].tables[NAME]


def text(value: str) -> DynamoType:
    return DynamoType({"S": value})


def found(table: Table, key: str, limit: int, *, forward: bool, index: str | None) -> list[Any]:
    """All that a query pages through, page by page."""
    name = "list_key" if index else "pk"
    pages: list[Any] = []
    start: Any = None
    while True:
        items, scanned, start = table.query(
            text(key), None, [], limit, start, forward, None, index,
            hash_key_conditions=[(name, text(key))],
        )  # fmt: skip
        pages.append(([it.to_json() for it in items], scanned))
        if start is None:
            return pages


@pytest.mark.parametrize("index", [None, "by_list"])
@pytest.mark.parametrize("forward", [True, False], ids=["forward", "backward"])
def test_they_find_what_moto_finds(table: Table, index: str | None, forward: bool) -> None:
    """On each page, in either order, and of a key that nothing has."""
    keys = ("w", "nobody") if index else ("a", "b", "c", "nobody")
    asked = [(key, limit) for key in keys for limit in (2, 5, 100)]

    def ask() -> list[Any]:
        return [found(table, *one, forward=forward, index=index) for one in asked]

    before = ask()
    spare_scans()

    assert ask() == before
    assert any(items for pages in before for items, _ in pages)
    assert "nobody" not in {key.value for key in table.items}


def test_a_query_reads_its_partition_alone(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever else is in the table: moto's own way through all of it is not gone."""

    def scan(_table: Table) -> Any:
        raise AssertionError

    monkeypatch.setattr(Table, "all_items", scan)
    with pytest.raises(AssertionError):
        found(table, "a", 100, forward=True, index=None)
    spare_scans()
    ((items, _),) = found(table, "a", 100, forward=True, index=None)

    assert [it["Attributes"]["sk"]["S"] for it in items] == ["s1", "s2", "s3", "s4", "s5"]
    with pytest.raises(AssertionError):
        table.all_items()
