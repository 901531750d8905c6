"""Drills before an Everhop that breaks what they are to find: each plant is found, and nothing else."""

import asyncio
from typing import Any

import pytest

from tests.tools.drill_fakes import fake_scene
from tools.drills import edits, lags
from tools.drills.scenes import Scene
from tools.drills.verdicts import (
    say_verdict,
)


@pytest.mark.parametrize(
    ("breaks", "broken"),
    [
        ("", []),
        ("forgets", ["new links answered 404", "right at once"]),
        ("fails", ["right at once"]),
        ("leads astray", ["led astray", "right at once"]),
    ],
)
def test_the_lag_drill_finds_planted_breaks(
    breaks: str, broken: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """It passes a stack that is right, and no other: the exit status says which."""

    async def drill() -> list[Any]:
        async with fake_scene(breaks, lags=(5.0,), links=40, edits=2) as scene:
            return await lags._follow_links(scene, 5.0, 40)

    promises = asyncio.run(drill())
    assert [it.what.removeprefix("lag 5 s: ") for it in promises if not it.kept] == broken
    assert say_verdict("lag", promises) == (1 if broken else 0)
    assert "lag 5 s" in capsys.readouterr().out


def test_as_many_links_are_followed_as_were_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many lags share them; one at least at each."""
    counts: list[int] = []

    async def follow(_scene: Scene, _lag: float, count: int) -> list[Any]:
        counts.append(count)
        return []

    async def wait(_scene: Scene) -> list[Any]:
        return []

    monkeypatch.setattr(lags, "_follow_links", follow)
    monkeypatch.setattr(lags, "wait_for_edits", wait)

    async def drill(links: int) -> int:
        counts.clear()
        async with fake_scene("", lags=(0.0, 5.0, 60.0), links=links) as scene:
            await lags.drill(scene)
        return sum(counts)

    assert [asyncio.run(drill(links)) for links in (10_000, 9, 1)] == [10_000, 9, 3]


def test_an_edit_that_is_seen_is_waited_for(capsys: pytest.CaptureFixture[str]) -> None:
    """And its time is in the histogram."""

    async def drill() -> list[Any]:
        async with fake_scene("", lags=(), links=1, edits=12, edit_rate=100.0) as scene:
            return await edits.wait_for_edits(scene)

    promise, load = asyncio.run(drill())
    assert (promise.what, promise.bar) == ("an edit is seen everywhere", "<= 5 s")
    assert load.what == "the edits began late by"
    said = capsys.readouterr().out
    assert "edits of 12 links, 100 a second, seen by 2 places" in said
    assert sum(int(line.split()[-2]) for line in said.splitlines() if line.endswith("#")) == 24


def test_an_edit_that_nobody_sees_breaks_the_promise(monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted: a place that goes on leading astray. It is given up, and counts as over the bar."""
    monkeypatch.setattr(edits, "_GIVEN_UP_AFTER", 6)

    async def drill() -> list[Any]:
        async with fake_scene("leads astray", lags=(), links=1, edits=1, edit_rate=100.0) as scene:
            return await edits.wait_for_edits(scene)

    shown_to_all, _ = asyncio.run(drill())
    assert not shown_to_all.kept
