"""Drill: replication is late; new links are followed at once elsewhere, edits are waited for."""

import argparse
import asyncio
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tools.drills.edits import wait_for_edits
from tools.drills.ledgers import Entry, Tally
from tools.drills.loads import Load, shown
from tools.drills.scenes import Scene
from tools.drills.verdicts import Promise, none_of, of_load, share_of


_RATE = 20.0  # new links in a second
_UNKNOWN, _UNAVAILABLE = 404, 503
_RIGHT = 0.99  # at the first try: a home that can't tell in time makes it 503


def settings_for(options: argparse.Namespace) -> Mapping[str, str]:
    """What the drill's own stack is to be told."""
    return {"EVERHOP_PURGE": "off"} if options.no_purges else {}


@dataclass
class _Following:
    """New links, each followed at once by the places that are not next to its maker."""

    scene: Scene
    answers: Counter[int] = field(default_factory=Counter)
    tally: Tally = field(default_factory=Tally)
    failed: list[str] = field(default_factory=list)

    async def make_and_follow(self) -> None:
        scene = self.scene
        maker = scene.chance.choice(scene.stack.regions)
        home = scene.chance.choice(scene.stack.regions)
        slug = scene.slug_at(home) if scene.chance.random() < 0.5 else ""
        done, entry = await scene.create(scene.stack.places[maker], slug)
        if entry is None:
            self.failed.append(f"{done.status} {done.said.get('detail')}")
            return
        others = (scene.stack.places[region] for region in scene.stack.others(maker))
        await asyncio.gather(*(self._follow(place, entry) for place in others))

    def say(self, lag: float, count: int) -> str:
        done = self.tally.asked + len(self.failed)
        return f"lag {lag:g} s: {done:,} of {count:,} links, {self.tally.wrong} not right"

    async def _follow(self, place: str, entry: Entry) -> None:
        asked_at = time.monotonic()
        answer = await self.scene.visits.follow(place, entry.slug)
        self.answers[answer.status] += 1
        problem = entry.judge(answer, asked_at)
        self.tally.note(problem, answer.took, answer.hops)


async def drill(scene: Scene) -> Sequence[Promise]:
    """Links at every lag, edits at none."""
    promises = []
    # Without purges it is about edits alone, which are what waits then.
    lags = () if scene.options.no_purges else scene.options.lags
    for number, lag in enumerate(lags):
        # Parts that are as even as can be, and come to all of them.
        count = max(1, (scene.options.links + number) // len(lags))
        promises += await _follow_links(scene, lag, count)
    await scene.stack.chaos("lag", "0")
    await scene.settle(within=max(lags, default=0) + 60)
    return [*promises, *await wait_for_edits(scene)]


async def _follow_links(scene: Scene, lag: float, count: int) -> list[Promise]:
    await scene.stack.chaos("lag", f"{lag:g}")
    following = _Following(scene)
    load = Load(scene.options.rate or _RATE, following.make_and_follow, scene.chance)
    async with shown(lambda: following.say(lag, count)):
        await load.apply_many(count)
    said = ", ".join(f"{number:,} x {status}" for status, number in following.answers.items())
    print(f"lag {lag:g} s: {said}", flush=True)
    scene.report(f"lag {lag:g} s", following.tally)
    for problem in following.failed[:3]:
        print(f"  not made: {problem}")
    tally, asked = following.tally, following.answers.total()
    return [
        none_of(f"lag {lag:g} s: new links answered 404", following.answers[_UNKNOWN], asked),
        none_of(f"lag {lag:g} s: led astray", _astray(following), asked),
        share_of(f"lag {lag:g} s: right at once", tally.right, tally.asked, _RIGHT),
        none_of(f"lag {lag:g} s: creates failed", len(following.failed), count),
        of_load(f"lag {lag:g} s: the load", load.late),
    ]


def _astray(following: _Following) -> int:
    """Answers that were neither right nor a plain "not now"."""
    return following.tally.wrong - following.answers[_UNKNOWN] - following.answers[_UNAVAILABLE]
