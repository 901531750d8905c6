"""The ids of attribute lists: clients never forget one, so they mean the same for ever."""

from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from local.dax.attribute_lists import AttributeLists, id_for
from local.dax.clusters import Cluster
from local.dax.errors import DaxError
from local.dax.threads import run_cluster
from tests.local.dax.clients import dax_client, dynamodb_client, make_table


def test_ids_survive_a_restart(tmp_path: Path) -> None:
    """A list has the same id for ever, and an id the same list, whatever came before it."""
    file = tmp_path / "lists"
    before = AttributeLists(file)
    ids = {names: before.id_of(names) for names in [("aa", "bb"), ("xx", "yy"), ("bb", "aa"), ()]}
    after = AttributeLists(file)

    assert after.id_of(("yy", "xx")) not in ids.values()
    assert {after.names_of(number): number for number in ids.values()} == ids
    assert AttributeLists().id_of(("aa", "bb")) == ids["aa", "bb"]
    assert ids[()] == 1
    assert all(0 < number < 2**53 for number in ids.values())
    assert len(set(ids.values())) == 4


def test_a_crash_in_the_middle_of_a_list(tmp_path: Path) -> None:
    """A line that was cut short is skipped, and the next one is whole."""
    file = tmp_path / "lists"
    lists = AttributeLists(file)
    lists.id_of(("aa",))
    with file.open("a") as torn:
        torn.write('\n[12345, "b')
    AttributeLists(file).id_of(("cc",))

    assert AttributeLists(file).names_of(id_for(("aa",))) == ("aa",)
    assert AttributeLists(file).names_of(id_for(("cc",))) == ("cc",)


def test_an_id_that_nobody_was_given() -> None:
    """An unknown id fails its request: a guess would write to other attributes."""
    with pytest.raises(DaxError) as caught:
        AttributeLists().names_of(2**51)
    assert caught.value.code == "ValidationException"


def test_ids_over_a_restart_of_the_server(database: str, tmp_path: Path) -> None:
    """A client that knew the server before its restart writes to the attributes it means."""
    table = dynamodb_client(database)
    name = make_table(table, "S")
    item = {"pk": {"S": "1"}, "aa": {"S": "a"}, "bb": {"S": "b"}}
    other = {"pk": {"S": "2"}, "xx": {"S": "x"}, "yy": {"S": "y"}}
    lists = tmp_path / "lists"
    with ExitStack() as stack:
        with run_cluster(Cluster(database, attribute_lists=lists)) as before:
            client = stack.enter_context(dax_client(before.endpoint))
            client.put_item(TableName=name, Item=item)
        port = int(before.endpoint.rpartition(":")[2])
        after = Cluster(database, ports=(port,), attribute_lists=lists)
        stack.enter_context(run_cluster(after))
        with dax_client(after.endpoint) as newer:  # which is given the next id
            newer.put_item(TableName=name, Item=other)
        with suppress(OSError, ClientError):  # its connections are closed, if it has not seen that
            client.put_item(TableName=name, Item=item)
        client.put_item(TableName=name, Item={**item, "pk": {"S": "3"}})

        found = table.get_item(TableName=name, Key={"pk": {"S": "3"}})["Item"]
        assert found == {**item, "pk": {"S": "3"}}
        assert client.get_item(TableName=name, Key={"pk": {"S": "2"}})["Item"] == other
