"""Drills: their checkers find planted breaks, their load waits for nobody, and one runs for real."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.tools.drill_fakes import EU, US, A, B, C, CalmStack, dice
from tools.__main__ import main
from tools.drills import lags, log_duplicates, runs
from tools.drills.ledgers import Answer, Entry, Tally, Version
from tools.drills.loads import Load, applied, shown, starts
from tools.drills.scenes import Scene
from tools.drills.stacks import Stack
from tools.drills.tables import differences, lost_from, until_caught_up
from tools.drills.verdicts import (
    at_most,
    histogram,
    none_of,
    quantile,
    say_verdict,
    share_of,
    status_of,
    table,
)


def entry() -> Entry:
    """Made at 10; an edit from 100 to 101; another from 200 on, of which nobody heard."""
    return Entry("promo", US, [Version(A, 9, 10), Version(B, 100, 101), Version(C, 200)])


@pytest.mark.parametrize(
    ("asked_at", "answer", "right"),
    [
        (50, Answer(302, A), True),
        (50, Answer(302, B), False),
        (50, Answer(302, C), False),
        (100.5, Answer(302, B), True),
        (99, Answer(302, B, took=2), True),
        (99, Answer(302, B, took=0.5), False),
        (160, Answer(302, A), True),
        (162, Answer(302, A), False),
        (162, Answer(302, B), True),
        (300, Answer(302, B), True),
        (300, Answer(302, C), True),
        (300, Answer(302, A), False),
        (50, Answer(404), False),
        (50, Answer(503), False),
        (50, Answer(301, A), False),
        (50, Answer(0, error="refused"), False),
    ],
    ids=str,
)
def test_an_answer_is_judged_by_what_may_be_seen(
    asked_at: float, answer: Answer, right: bool
) -> None:
    """What was replaced a minute ago or more is wrong, as is what was not sent yet."""
    assert (entry().judge(answer, asked_at) == "") is right


def test_a_link_may_end_as_acknowledged_or_as_sent_after_that() -> None:
    """Never as it was before."""
    assert entry().destinations == {B, C}
    assert entry().last == B


def test_a_tally_keeps_some_of_what_was_wrong() -> None:
    """And counts all of it."""
    tally = Tally()
    for number in range(9):
        tally.note(f"wrong {number}" if number else "", took=number, hops=1)
    assert (tally.asked, tally.right, tally.wrong, tally.hops) == (9, 1, 8, 9)
    assert tally.samples == [f"wrong {number}" for number in range(1, 6)]


@pytest.mark.parametrize(
    ("promise", "kept"),
    [
        (at_most("age", 5.0, 5.0, " s"), True),
        (at_most("age", 5.1, 5.0, " s"), False),
        (at_most("age", float("inf"), 5.0, " s"), False),
        (none_of("lost", 0, 10), True),
        (none_of("lost", 1, 10), False),
        (none_of("lost", 0, 0), False),
        (share_of("right", 9999, 10000, 0.9999), True),
        (share_of("right", 9998, 10000, 0.9999), False),
        (share_of("right", 0, 0, 0.9999), False),
    ],
    ids=str,
)
def test_a_promise_is_kept_or_broken(promise: Any, kept: bool) -> None:
    """What was not tried was not kept."""
    assert promise.kept is kept
    assert status_of([promise]) == (0 if kept else 1)


def test_the_verdict_says_what_is_broken(capsys: pytest.CaptureFixture[str]) -> None:
    """In a table, with the exit status; a drill without promises proves nothing."""
    good, bad = none_of("links lost", 0, 10), none_of("new links answered 404", 2, 10)
    assert say_verdict("lag", [good, bad]) == 1
    assert say_verdict("lag", [good]) == 0
    assert say_verdict("lag", []) == 1
    said = capsys.readouterr().out
    assert "new links answered 404  2 of 10   0    BROKEN" in said
    assert "lag: 1 BROKEN." in said
    assert "lag: every promise was kept." in said
    assert len({line.index("0  ") for line in table([good])[1:]}) == 1


def test_figures() -> None:
    """Quantiles are of what was measured; a histogram has each time once."""
    assert quantile([], 0.5) == 0
    assert quantile([3, 1, 2], 0.5) == 2
    assert quantile(range(100), 0.99) == 99
    lines = histogram([0, 0.5, 1, 1.5, 9], (1, 2))
    assert [line.split()[2 if "<" in line or ">" in line else 0] for line in lines]
    assert [int(line.split(" s")[1].split()[0]) for line in lines] == [3, 1, 1]


def test_a_load_waits_for_no_answer() -> None:
    """All of it is sent though nothing is answered before the last one is."""

    async def drill() -> int:
        all_sent = asyncio.Event()

        async def send() -> None:
            if load.sent == 30:
                all_sent.set()
            await all_sent.wait()

        load = Load(1000, send, dice(1))
        await asyncio.wait_for(load.apply_many(30), 40)
        return load.sent

    assert asyncio.run(drill()) == 30


def test_a_mistake_in_a_load_is_raised() -> None:
    """A drill that can't ask must not end in praise."""

    async def drill() -> None:
        asked = asyncio.Event()

        async def send() -> None:
            asked.set()
            raise LookupError

        async with applied(Load(1000, send, dice(1))):
            await asked.wait()

    with pytest.raises(LookupError):
        asyncio.run(drill())


def test_a_seed_says_when_requests_begin() -> None:
    """The same again, and another with another."""

    def first(seed: int) -> list[float]:
        return [at for at, _ in zip(starts(10, dice(seed)), range(50), strict=False)]

    assert first(1) == first(1) != first(2)
    assert first(1) == sorted(first(1))


def test_tables_that_differ_are_told_apart() -> None:
    """By any item that is not the same everywhere, or is missing somewhere."""
    one = {"a": {"v": {"N": "1"}}, "b": {"v": {"N": "1"}}}
    assert differences([one, dict(one), dict(one)]) == []
    assert differences([one, one | {"a": {"v": {"N": "2"}}}]) == ["a"]
    assert differences([one, one, {"a": one["a"]}]) == ["b"]
    assert differences([{}, one]) == ["a", "b"]


def test_a_region_is_waited_for_until_it_has_what_was_written() -> None:
    """Not for what is written later; and one that tells nothing has nothing."""

    class Slow(CalmStack):
        told = iter([(0, None), (3, 7), (6, 9), (7, 90), (8, 95)])

        async def status(self) -> dict[str, Any]:
            position, behind = next(self.told)
            behind = None if behind is None else behind - position
            us = {"from": EU, "position": 0, "behind": 0}
            eu = {"from": US, "position": position, "behind": behind}
            return {
                "regions": [{"name": US, "replication": [us]}, {"name": EU, "replication": [eu]}]
            }

    stack = Slow(Path(), "key", {US: "", EU: ""}, {})
    asyncio.run(until_caught_up(stack, 40))
    assert next(stack.told) == (8, 95)


def test_a_link_that_was_lost_is_found_out() -> None:
    """One that is not there, and one that is as it was before its edit."""

    def item(slug: str, destination: str) -> dict[str, Any]:
        values = {"slug": slug, "destination": destination, "write_id": "w"}
        return {name: {"S": text} for name, text in values.items()}

    other = Entry("other", EU, [Version(A, 1, 2)])
    assert lost_from({"1": item("promo", B), "2": item("other", A)}, [entry(), other]) == []
    assert lost_from({"1": item("promo", A)}, [entry(), other]) == ["promo", "other"]


def test_a_long_load_shows_how_far_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    """Again and again, and no more when it is over."""

    async def drill() -> int:
        told, numbers = asyncio.Event(), count(1)

        def say() -> str:
            number = next(numbers)
            if number == 3:
                told.set()
            return f"{number} of 8 links"

        async with shown(say, every=0.001):
            await asyncio.wait_for(told.wait(), 40)
        ended_at = next(numbers)
        await asyncio.sleep(0.01)
        return next(numbers) - ended_at

    assert asyncio.run(drill()) == 1
    assert "  3 of 8 links" in capsys.readouterr().out


def test_clicks_too_many_or_too_few_are_counted() -> None:
    """Also when they even out."""
    truth = {"a": 5, "b": 5}
    assert log_duplicates._amiss({"a us": 5, "a eu": 5, "b us": 5}, truth) == 0
    assert log_duplicates._amiss({"a us": 6, "a eu": 5, "b us": 4}, truth) == 2


@pytest.mark.parametrize(
    "words",
    [
        ["region-gain"],
        ["lag", "--lags", "soon"],
        ["lag", "--lags", "-1"],
        ["lag", "--links", "0"],
        ["lag", "--edit-rate", "0"],
        ["region-loss", "--rate", "0"],
        ["region-loss", "--seconds", "nan"],
        ["dax", "--seed", "x"],
    ],
    ids=" ".join,
)
def test_wrong_arguments_are_status_2(words: list[str]) -> None:
    """Before anything starts."""
    with pytest.raises(SystemExit) as ended:
        main(["drill", *words])
    assert ended.value.code == 2


@pytest.mark.parametrize(("bad", "status"), [(0, 0), (1, 1)])
def test_a_broken_promise_is_status_1(
    bad: int, status: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of the command itself; a stack without a fault is 0."""

    async def drill(scene: Scene) -> list[Any]:
        return [none_of("links lost", bad, 9)]

    @contextmanager
    def calm(*_: object) -> Iterator[Stack]:
        yield CalmStack(Path(), "key", {US: "", EU: ""}, {})

    monkeypatch.setattr(lags, "drill", drill)
    monkeypatch.setattr(runs, "some_stack", calm)
    assert main(["drill", "lag"]) == status
    assert f"{bad} of 9" in capsys.readouterr().out


def test_a_stack_that_does_not_run_is_status_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With a sentence."""
    assert main(["drill", "lag", "--data", str(tmp_path)]) == 2
    assert "is running" in capsys.readouterr().out


@pytest.mark.stack
def test_a_region_is_lost_for_real() -> None:
    """A short drill of a stack of its own: what it measures is kept, but for what takes time."""
    words = "region-loss --no-evacuation --seconds 4 --rate 8 --seed 3"
    done = subprocess.run(
        [sys.executable, "-m", "tools", "drill", *words.split()],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert "chaos region-down" in done.stdout
    rows = [line for line in done.stdout.splitlines() if line.endswith(("  kept", "  BROKEN"))]
    assert len(rows) == 11, done.stdout + done.stderr
    for what in ("surviving homes lost (RPO)", "of the lost home lost", "differ"):
        (row,) = [row for row in rows if what in row.partition("  ")[0]]
        assert row.endswith("kept"), done.stdout
    # How fast it was is for the machine to say; the status says the same as the table.
    assert done.returncode == any(row.endswith("BROKEN") for row in rows)
