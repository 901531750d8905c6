"""Drill: regions don't hear of each other, one way or both, while both sell the same slugs."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from tools.drills.ledgers import Tally
from tools.drills.loads import Load, applied
from tools.drills.scenes import Scene
from tools.drills.tables import lost_from, read_table, until_equal
from tools.drills.verdicts import Promise, at_most, none_of


_SECONDS, _RATE = 12.0, 6.0
_VISITS = 3.0  # times the rate
_CREATED, _TAKEN, _UNAVAILABLE = 201, 409, 503
_EQUAL_WITHIN = 10.0


@dataclass
class _Auction:
    """Slugs that every place is asked for at once, each time for another destination."""

    scene: Scene
    outcomes: Counter[int] = field(default_factory=Counter)
    sold: int = 0
    twice: list[str] = field(default_factory=list)
    visits: Tally = field(default_factory=Tally)

    async def sell(self) -> None:
        scene = self.scene
        slug = scene.slug_at(scene.chance.choice(scene.stack.regions))
        asked = (scene.create(place, slug) for place in scene.stack.places.values())
        done = [written for written, _ in await asyncio.gather(*asked)]
        self.outcomes.update(it.status for it in done)
        buyers = sum(it.status == _CREATED for it in done)
        self.sold += buyers > 0
        if buyers > 1:
            self.twice.append(slug)

    async def visit(self) -> None:
        """Any link that was acknowledged is followed from anywhere."""
        scene = self.scene
        entry = scene.chance.choice(list(scene.ledger.links.values()))
        await scene.follow(scene.draw_place(), entry, self.visits)

    @property
    def odd(self) -> int:
        """Answers that are neither a link, nor its being taken, nor "not now"."""
        return self.outcomes.total() - sum(
            self.outcomes[status] for status in (_CREATED, _TAKEN, _UNAVAILABLE)
        )


async def drill(scene: Scene) -> Sequence[Promise]:
    """One way, then both ways."""
    await scene.make_links(20)
    await scene.settle()
    one, other = scene.stack.regions[:2]
    if scene.chance.random() < 0.5:
        one, other = other, one
    ways = {"one way": [(one, other)], "both ways": [(one, other), (other, one)]}
    return [it for name, cuts in ways.items() for it in await _part(scene, name, cuts)]


async def _part(scene: Scene, name: str, cuts: Sequence[tuple[str, str]]) -> list[Promise]:
    auction = _Auction(scene)
    rate = scene.options.rate or _RATE
    for cut in cuts:
        await scene.stack.chaos("partition", *cut)
    loads = (Load(rate, auction.sell, scene.chance),
             Load(rate * _VISITS, auction.visit, scene.chance))  # fmt: skip
    async with applied(*loads):
        await asyncio.sleep(scene.options.seconds or _SECONDS)
    await scene.stack.chaos("heal")
    took, _ = await until_equal(scene.stack, 6 * _EQUAL_WITHIN)
    tables = [await asyncio.to_thread(read_table, scene.stack, it) for it in scene.stack.regions]
    links = list(scene.ledger.links.values())
    lost = {slug for table in tables for slug in lost_from(table, links)}
    said = ", ".join(f"{number} x {status}" for status, number in sorted(auction.outcomes.items()))
    print(f"cut {name}: {auction.sold} slugs sold; creates {said}", flush=True)
    scene.report(f"cut {name}", auction.visits)
    return [
        none_of(f"cut {name}: slugs with two owners", len(auction.twice), auction.sold),
        none_of(f"cut {name}: acknowledged links lost or another's", len(lost), len(links)),
        none_of(f"cut {name}: creates answered oddly", auction.odd, auction.outcomes.total()),
        none_of(f"cut {name}: redirects wrong", auction.visits.wrong, auction.visits.asked),
        at_most(f"cut {name}: all tables equal after", round(took, 1), _EQUAL_WITHIN, " s"),
    ]
