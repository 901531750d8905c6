"""Databases of regions, in processes of their own and over sockets, stay in step through faults."""

import threading
from collections.abc import Iterator

import pytest

from local.controls import Channel, ControlError, ask
from local.replication.commands import LOOK, SET, describe, heal_all, read_fault
from tests.local.replication.regions import TABLE, Region, answers, key_of, running, until


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Region]]:
    """Three regions that all tests of this file share, each with keys of its own."""
    names = ("us-east-1", "eu-west-1", "ap-south-1")
    with running(tmp_path_factory.mktemp("regions"), *names) as regions:
        yield regions


@pytest.fixture
def regions(three: list[Region]) -> Iterator[list[Region]]:
    yield three
    for region in three:
        region.heal()
    until(lambda: in_step(three))


def in_step(regions: list[Region]) -> bool:
    first, *rest = [region.items() for region in regions]
    return all(items == first for items in rest)


def test_each_region_has_what_any_wrote(regions: list[Region]) -> None:
    """Items written in each of three regions are in all, and a deletion in one is one in all."""
    for region in regions:
        region.put(f"of-{region.name}", "1")
    until(lambda: all(len(one.items()) >= 3 for one in regions) and in_step(regions))
    regions[0].delete("of-eu-west-1")

    until(lambda: all("of-eu-west-1" not in one.items() for one in regions))


def test_a_transaction_is_whole_everywhere(regions: list[Region]) -> None:
    """All that a transaction wrote is replicated; of one that was refused, nothing is."""
    here, there, _ = regions
    before = here.hears(there)["applied"], there.hears(here)["applied"]
    puts = [
        {"Put": {"TableName": TABLE, "Item": {**key_of(f"t{n}"), "text": {"S": "1"}}}}
        for n in range(3)
    ]
    refused = {
        "ConditionCheck": {
            "TableName": TABLE,
            "Key": key_of("nobody"),
            "ConditionExpression": "attribute_exists(pk)",
        }
    }
    assert here.call("TransactWriteItems", TransactItems=[*puts, refused])[0] == 400
    assert here.call("TransactWriteItems", TransactItems=puts)[0] == 200

    until(lambda: {"t0", "t1", "t2"} <= there.items().keys())
    assert there.hears(here)["applied"] == before[1] + 3
    assert here.hears(there)["applied"] == before[0], "what came was told back"


def test_lag_holds_changes_back(regions: list[Region]) -> None:
    """With an hour of lag a change is counted and not there; with none it comes."""
    here, there, other = regions
    there.set(lag_for=3600, **{"from": here.name})
    here.put("late", "1")
    until(lambda: "late" in other.items())

    waiting = until(lambda: (said := there.hears(here))["behind"] and said)
    assert waiting["behind"] == 1
    assert waiting["lag"] > 0
    assert "late" not in there.items()
    there.set(lag_for=0)
    until(lambda: "late" in there.items())
    until(lambda: there.hears(here)["lag"] == 0)


def test_a_pause_is_told_and_ends(regions: list[Region]) -> None:
    """While replication to a region stands still, what waits is counted; then it comes in order."""
    here, there, _ = regions
    there.set(paused=True)
    for text in "123":
        here.put("paused", text)
    until(lambda: there.hears(here)["behind"] == 3)

    assert "paused" not in there.items()
    there.set(paused=False)
    until(lambda: there.items().get("paused") == "3")


def test_a_partition_is_of_one_way(regions: list[Region]) -> None:
    """What A writes does not reach B, not by a third region either; what B writes reaches A."""
    here, there, other = regions
    for order in read_fault("partition", [here.name, there.name], [one.name for one in regions]):
        next(one for one in regions if one.name == order.region).tell(order.act, order.words)
    here.put("from-a", "1")
    there.put("from-b", "1")
    until(lambda: "from-b" in here.items() and {"from-a", "from-b"} <= other.items().keys())

    assert "from-a" not in there.items()
    cut = there.hears(here)
    assert (cut["error"], cut["behind"]) == ("is cut off", None)
    there.heal()
    until(lambda: "from-a" in there.items())


def test_conflicts_are_told_where_they_are_lost(regions: list[Region]) -> None:
    """Of two writes without knowledge of each other the later stays, and the other one is told."""
    here, there, _ = regions
    for region in regions:
        region.set(paused=True)
    there.put("both", "earlier")
    here.put("both", "later")
    for region in regions:
        region.set(paused=False)

    until(lambda: all(one.items().get("both") == "later" for one in regions))
    until(lambda: here.look()["lost"] >= 1)
    assert "both" in here.look()["conflicts"][-1]
    assert there.look()["lost"] == 0


def test_a_clock_that_is_ahead_wins(regions: list[Region]) -> None:
    """A region whose clock is an hour ahead wins over a later write, but not over one made upon its own."""
    here, there, _ = regions
    there.set(paused=True)
    here.set(paused=True, skew_for=3600)
    here.put("skewed", "ahead")
    there.put("skewed", "later")
    here.set(paused=False)
    there.set(paused=False)
    until(lambda: all(one.items().get("skewed") == "ahead" for one in regions))

    there.put("skewed", "upon it")
    until(lambda: all(one.items().get("skewed") == "upon it" for one in regions))


def test_a_bad_word_is_named_and_nothing_is_set(regions: list[Region]) -> None:
    """Words that can't be are refused by name; the direction is as it was, and needs the token."""
    here, there, _ = regions
    for words, named in (
        ({"lag_for": "soon"}, "lag_for"),
        ({"lag_for": -1}, "lag_for"),
        ({"lag_for": "nan"}, "lag_for"),
        ({"paused": "yes", "lag_for": 5}, "paused"),
        ({"cut": True, "from": "mars-1"}, "from"),
        ({"paused": True, "skew_for": "x"}, "skew_for"),
    ):
        with pytest.raises(ControlError, match=named):
            here.tell(SET, words)
    said = here.hears(there)
    assert (said["lag_for"], said["paused"], said["cut"]) == (0, False, False)
    with pytest.raises(ControlError, match="token"):
        ask(Channel(here.url, "another"), LOOK, {})


def test_nothing_accepted_is_lost_by_a_kill(regions: list[Region]) -> None:
    """A region killed again and again while it is written to has, and tells, all that it accepted."""
    here, there, _ = regions
    accepted: set[str] = set()
    done = threading.Event()

    def write() -> None:
        number = 0
        while not done.is_set():
            number += 1
            try:
                here.put(f"kill-{number}", "1")
            except OSError:
                continue  # killed meanwhile: perhaps kept, and nobody was told so
            accepted.add(f"kill-{number}")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for rounds in range(1, 4):
            until(lambda rounds=rounds: len(accepted) >= 20 * rounds)
            here.kill()
            here.start_again()
        there.kill()
        there.start_again()
        until(lambda: len(accepted) >= 80)
    finally:
        done.set()
        writer.join()

    assert accepted <= here.items().keys()
    until(lambda: accepted <= there.items().keys() and in_step(regions))


def test_faults_outlive_a_process(regions: list[Region]) -> None:
    """A region that is killed is as broken afterwards as before: a drill may do both."""
    there = regions[1]
    there.set(lag_for=1800, skew_for=-7)
    there.kill()
    there.start_again()

    said = until(lambda: answers(there) and there.look())
    assert (said["skew_for"], said["replication"][0]["lag_for"]) == (-7, 1800)


def test_a_region_that_was_away_is_caught_up(regions: list[Region]) -> None:
    """What was written and deleted while a region was down is there soon after it is back."""
    here, there, other = regions
    here.put("gone-later", "1")
    until(lambda: "gone-later" in there.items())
    there.kill()
    here.put("while-away", "1")
    here.delete("gone-later")
    other.put("while-away-too", "1")
    there.start_again()

    until(lambda: {"while-away", "while-away-too"} <= there.items().keys())
    until(lambda: "gone-later" not in there.items())


def test_a_second_region_gets_what_was_there(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A region that ran alone, and logged nothing, gives all it has to one that is added."""
    data = tmp_path_factory.mktemp("alone")
    with running(data, "us-east-1") as (alone,):
        alone.set(skew_for=60)
        alone.put("old", "1")
        alone.put("gone", "1")
        alone.delete("gone")
    with running(data, "us-east-1", "eu-west-1") as (first, second):
        until(lambda: second.items() == {"old": "1"})
        second.put("new", "1")
        until(lambda: first.items() == {"old": "1", "new": "1"})
        assert second.hears(first)["resyncs"] == 1
        assert first.look()["skew_for"] == 0, "a fault of the run before"


def test_people_say_faults_in_words() -> None:
    """What `chaos` is told becomes orders to regions; what is said wrongly is answered with how."""
    here = ("us-east-1", "eu-west-1")

    assert read_fault("lag", ["30", "eu-west-1"], here) == [("eu-west-1", SET, {"lag_for": "30"})]
    assert [it.region for it in read_fault("lag", ["30"], here)] == list(here)
    assert [it.words for it in read_fault("pause", [], here)] == [{"paused": True}] * 2
    assert read_fault("skew", ["-5", "us-east-1"], here)[0].words == {"skew_for": "-5"}
    assert [it.region for it in heal_all(here)] == list(here)
    for fault, *words in (
        ("lag",),
        ("partition", "us-east-1"),
        ("partition", "us-east-1", "us-east-1"),
        ("pause", "mars-1"),
        ("skew", "5"),
        ("rain",),
    ):
        with pytest.raises(ControlError):
            read_fault(fault, words, here)


def test_how_it_is_can_be_read(regions: list[Region]) -> None:
    """The lines for people name the direction, its fault and what waits."""
    here, there, _ = regions
    there.set(lag_for=3600, skew_for=2, **{"from": here.name})
    here.put("told", "1")
    until(lambda: there.hears(here)["behind"] == 1)
    text = "\n".join(describe(there.name, there.look()))

    assert f"{here.name} -> {there.name}: lag 3600 s" in text
    assert "1 changes to come" in text
    assert "its clock is +2 s off" in text
