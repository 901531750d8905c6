"""Drill: replication is late; new links are followed at once elsewhere, edits are waited for."""

import argparse
import asyncio
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tools.client import CannotRun
from tools.drills.ledgers import BUDGET, REDIRECT, Answer, Entry, Tally
from tools.drills.loads import Load
from tools.drills.scenes import Scene
from tools.drills.verdicts import Promise, at_most, histogram, none_of, share_of


_RATE = 20.0  # new links in a second
_EDITS_EACH = 0.5  # seconds from one edit to the next
_PURGED_WITHIN = 5.0
_POLLS = 0.1
_TOLD_WITHIN = 300.0
_UNKNOWN, _UNAVAILABLE = 404, 503
_EDGES = (0.25, 0.5, 1, 2, 3, 5, 10, 20, 30, 40, 50, 60)
_GIVEN_UP_AFTER = BUDGET + 30
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
    for lag in lags:
        promises += await _follow_links(scene, lag, scene.options.links // len(lags) or 1)
    await scene.stack.chaos("lag", "0")
    await scene.settle(within=max(lags, default=0) + 60)
    return [*promises, *await _wait_for_edits(scene)]


async def _follow_links(scene: Scene, lag: float, count: int) -> list[Promise]:
    await scene.stack.chaos("lag", f"{lag:g}")
    following = _Following(scene)
    load = Load(scene.options.rate or _RATE, following.make_and_follow, scene.chance)
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
    ]


def _astray(following: _Following) -> int:
    """Answers that were neither right nor a plain "not now"."""
    return following.tally.wrong - following.answers[_UNKNOWN] - following.answers[_UNAVAILABLE]


async def _wait_for_edits(scene: Scene) -> list[Promise]:
    links = await scene.make_links(scene.options.edits)
    await scene.settle()
    await _until_told(scene)
    places = list(scene.stack.places.values())
    seen: list[float] = []

    async def edit(entry: Entry, after: float) -> None:
        await asyncio.sleep(after)
        # Every cache has the old one when the new one is written.
        await asyncio.gather(*(scene.visits.follow(place, entry.slug) for place in places))
        done = await scene.edit(scene.draw_place(), entry)
        if not entry.is_settled:
            raise CannotRun(f"an edit failed: {done.status} {done.said.get('detail')}")
        waits = (_until_seen(scene, place, entry) for place in places)
        seen.extend(await asyncio.gather(*waits))

    await asyncio.gather(*(edit(entry, _EDITS_EACH * at) for at, entry in enumerate(links)))
    print(f"edits of {len(links)} links, seen by {len(places)} places after:")
    print("\n".join(histogram(seen, _EDGES)), flush=True)
    longest = round(max(seen), 2)
    if scene.options.no_purges:
        return [at_most("an edit is seen everywhere, purges lost", longest, BUDGET, " s")]
    return [at_most("an edit is seen everywhere", longest, _PURGED_WITHIN, " s")]


async def _until_told(scene: Scene) -> None:
    """Wait until the functions that purge have no work left of what was made before."""
    began = time.monotonic()
    while sum([await scene.stack.behind(region) for region in scene.stack.regions]):
        if time.monotonic() - began > _TOLD_WITHIN:
            raise CannotRun("the streams' functions do not catch up.")
        await asyncio.sleep(0.5)
    print(f"the streams have caught up after {time.monotonic() - began:.1f} s", flush=True)


async def _until_seen(scene: Scene, place: str, entry: Entry) -> float:
    """Seconds from the answer to an edit until a place has it in three answers running."""
    acknowledged_at = entry.versions[-1].acknowledged_at
    first, running = 0.0, 0
    while running < 3 and time.monotonic() - acknowledged_at < _GIVEN_UP_AFTER:
        asked_at = time.monotonic()
        answer = await scene.visits.follow(place, entry.slug)
        is_new = _shows(answer, entry)
        first = asked_at if is_new and not running else first
        running = running + 1 if is_new else 0
        await asyncio.sleep(_POLLS)
    return first - acknowledged_at if running == 3 else _GIVEN_UP_AFTER


def _shows(answer: Answer, entry: Entry) -> bool:
    return answer.status == REDIRECT and answer.location == entry.last
