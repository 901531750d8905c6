"""Edits of the drill `lag`: made at a rate, and each waited for at every place of the edge."""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from tools.client import CannotRun
from tools.drills.ledgers import BUDGET, REDIRECT, Answer, Entry
from tools.drills.loads import Load
from tools.drills.scenes import Scene
from tools.drills.verdicts import Promise, at_most, histogram, of_load, quantile


_PURGED_WITHIN = 5.0
_POLLS = 0.1
# A fixed pause would have thousands of requests in a second wait for what is late, and make it so.
_PAUSES = 0.25  # of the time that was waited already
_TOLD_WITHIN = 300.0
_EDGES = (0.25, 0.5, 1, 2, 3, 5, 10, 20, 30, 40, 50, 60)
_GIVEN_UP_AFTER = BUDGET + 30


@dataclass
class _Editing:
    """Links that are edited once each, and after how many seconds each place had it."""

    scene: Scene
    links: Iterator[Entry]
    seen: list[float] = field(default_factory=list)

    async def edit(self) -> None:
        scene, entry = self.scene, next(self.links)
        places = list(scene.stack.places.values())
        # Every cache has the old one when the new one is written.
        await asyncio.gather(*(scene.visits.follow(place, entry.slug) for place in places))
        done = await scene.edit(scene.draw_place(), entry)
        if not entry.is_settled:
            raise CannotRun(f"an edit failed: {done.status} {done.said.get('detail')}")
        waits = (_until_seen(scene, place, entry) for place in places)
        self.seen.extend(await asyncio.gather(*waits))


async def wait_for_edits(scene: Scene) -> list[Promise]:
    """Edit new links that all caches have; how long the old ones were still seen."""
    options = scene.options
    links = await scene.make_links(options.edits)
    await scene.settle()
    await _until_told(scene)
    editing = _Editing(scene, iter(links))
    load = Load(options.edit_rate, editing.edit, scene.chance)
    await load.apply_many(len(links))
    places, seen = len(scene.stack.places), editing.seen
    print(f"edits of {len(links)} links, {options.edit_rate:g} a second, seen by {places} places")
    middle, most = (quantile(seen, part) for part in (0.5, 0.99))
    print(f"after (p50 {middle:.2f} s, p99 {most:.2f} s):")
    print("\n".join(histogram(seen, _EDGES)), flush=True)
    longest = round(max(seen), 2)
    kept = at_most("an edit is seen everywhere", longest, _PURGED_WITHIN, " s")
    if options.no_purges:
        kept = at_most("an edit is seen everywhere, purges lost", longest, BUDGET, " s")
    return [kept, of_load("the edits", load.late)]


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
    first, running, waited = 0.0, 0, 0.0
    while running < 3 and waited < _GIVEN_UP_AFTER:
        asked_at = time.monotonic()
        answer = await scene.visits.follow(place, entry.slug)
        is_new = _shows(answer, entry)
        first = asked_at if is_new and not running else first
        running = running + 1 if is_new else 0
        waited = time.monotonic() - acknowledged_at
        await asyncio.sleep(_POLLS if running else max(_POLLS, _PAUSES * waited))
    return first - acknowledged_at if running == 3 else _GIVEN_UP_AFTER


def _shows(answer: Answer, entry: Entry) -> bool:
    return answer.status == REDIRECT and answer.location == entry.last
