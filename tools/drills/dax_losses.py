"""Drill: DAX is silent, slow, gone or cut off, in every region, while links are followed."""

import asyncio
from collections.abc import Sequence

from tools.drills.ledgers import Tally
from tools.drills.loads import Load, applied
from tools.drills.scenes import Scene
from tools.drills.verdicts import Promise, none_of


_FAULTS = ("dax-silent", "dax-slow", "dax-gone", "dax-cut")
_LINKS, _SECONDS, _RATE = 200, 6.0, 30.0
_NEW = 0.05  # of the rate: links that are made, and followed from anywhere


async def drill(scene: Scene) -> Sequence[Promise]:
    """Each fault for some seconds, and the time after it was mended."""
    await scene.make_links(_LINKS)
    await scene.settle()
    return [it for fault in _FAULTS for it in await _part(scene, fault)]


async def _part(scene: Scene, fault: str) -> list[Promise]:
    seconds, rate = scene.options.seconds or _SECONDS, scene.options.rate or _RATE
    visits, made = Tally(), Tally()

    async def visit() -> None:
        entry = scene.chance.choice(list(scene.ledger.links.values()))
        await scene.follow(scene.draw_place(), entry, visits)

    async def make() -> None:
        done, entry = await scene.create(scene.draw_place())
        made.note("" if entry else f"{done}")

    async with applied(
        Load(rate, visit, scene.chance), Load(max(1.0, rate * _NEW), make, scene.chance)
    ):
        for region in scene.stack.regions:
            await scene.stack.chaos(fault, region)
        await asyncio.sleep(seconds)
        await scene.stack.chaos("heal")
        await asyncio.sleep(seconds / 3)
    scene.report(fault, visits)
    for sample in made.samples:
        print(f"  not made: {sample}", flush=True)
    return [
        none_of(f"{fault}: redirects wrong", visits.wrong, visits.asked),
        none_of(f"{fault}: creates failed", made.wrong, made.asked),
    ]
