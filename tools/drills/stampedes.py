"""Drill: a link that all want at once is kept by no cache any more."""

import argparse
import asyncio
from collections.abc import Mapping, Sequence

from local.cache_commands import flush
from tools.drills.ledgers import Entry, Tally
from tools.drills.scenes import Scene
from tools.drills.verdicts import Promise, at_most, none_of


_CROWD = 500  # in all, over all places
_ROUNDS = 3
_EXPIRES_AFTER = 21.0  # seconds: longer than the edge keeps an answer
_MOST = 2  # times that each region may be asked: its shield coalesces, and DAX or a retry may ask


def settings_for(_options: argparse.Namespace) -> Mapping[str, str]:
    """It is the request log that tells who was asked."""
    return {"EVERHOP_LOG": "on"}


async def drill(scene: Scene) -> Sequence[Promise]:
    """A new link, one that ran out at the edge, and one that the API caches forgot as well."""
    visits, reads = Tally(), []
    (entry,) = await scene.make_links(1)
    await scene.settle()
    for number in range(_ROUNDS):
        if number:
            await asyncio.sleep(_EXPIRES_AFTER)
            await asyncio.to_thread(flush, scene.stack.data, None)
        before = await _reads(scene)
        await asyncio.gather(*(_come(scene, entry, visits, at) for at in range(_CROWD)))
        reads.append(await _reads(scene) - before)
        print(f"round {number + 1}: {_CROWD} visitors, {reads[-1]} answers of the API", flush=True)
    scene.report("a crowd for one link", visits)
    most = _MOST * len(scene.stack.regions)
    return [
        none_of("redirects wrong", visits.wrong, visits.asked),
        at_most(f"of {_CROWD} visitors at once, these reach an API", max(reads), most),
    ]


async def _come(scene: Scene, entry: Entry, visits: Tally, at: int) -> None:
    places = list(scene.stack.places.values())
    await scene.follow(places[at % len(places)], entry, visits)


async def _reads(scene: Scene) -> int:
    """How many requests for links the APIs of all regions have answered."""
    total = 0
    for region in scene.stack.regions:
        log = scene.stack.data / f"requests-{region}.jsonl"
        total += sum('"/r/{slug}"' in line for line in log.read_text().splitlines())
    return total
