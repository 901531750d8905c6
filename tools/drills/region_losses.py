"""Drill: a region is lost while it is used, evacuated, and comes back."""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from tools.absence_plans import LEAD
from tools.client import CannotRun
from tools.drills.ledgers import Entry, Tally
from tools.drills.loads import Load, applied
from tools.drills.scenes import Scene
from tools.drills.tables import lost_from, read_table, until_caught_up, until_equal
from tools.drills.verdicts import Promise, at_most, none_of, of_load, share_of
from tools.drills.visits import Written


_LINKS, _SECONDS, _RATE = 100, 24.0, 25.0
_WRITES = 0.1  # of the rate, beside the visits
_SETTLED = 3.0  # seconds after which a link is with both regions, when all is well
_FORGET_404 = 3.0  # what the edge keeps one for, and one more
_RIGHT, _EQUAL_WITHIN, _RTO = 0.9999, 10.0, 60.0


@dataclass
class _Loss:
    """What is measured of the loss of one region."""

    scene: Scene
    lost: str
    before: Tally = field(default_factory=Tally)
    during: Tally = field(default_factory=Tally)
    after: Tally = field(default_factory=Tally)
    drawn: Tally = field(default_factory=Tally)
    chosen: Tally = field(default_factory=Tally)
    edits: Tally = field(default_factory=Tally)
    at_lost: Counter[int] = field(default_factory=Counter)
    down_at: float = float("inf")
    moves_at: float = float("inf")
    evacuated: bool = False
    taken: set[str] | None = None
    now: str = "before"

    async def visit(self) -> None:
        scene = self.scene
        entry = scene.chance.choice(self._askable())
        await scene.follow(scene.draw_place(), entry, getattr(self, self.now))

    def _askable(self) -> list[Entry]:
        """All links but those that the lost region took with it, or may have."""
        known = float("inf") if self.now == "before" else self.down_at - _SETTLED
        links = self.scene.ledger.links.values()
        if self.taken is not None:
            return [it for it in links if it.slug not in self.taken]
        return [
            it for it in links if it.home != self.lost or it.versions[0].acknowledged_at < known
        ]

    async def count_taken(self) -> None:
        """See which links the region took with it: those that no other has."""
        links = [it for it in self.scene.ledger.links.values() if it.home == self.lost]
        other = self.scene.stack.others(self.lost)[0]
        table = await asyncio.to_thread(read_table, self.scene.stack, other)
        self.taken = set(lost_from(table, links))
        print(f"{len(self.taken)} links of {self.lost} were not replicated yet", flush=True)

    async def write(self) -> None:
        """A link of a drawn slug, or of a chosen one, or an edit, by any place."""
        scene, place = self.scene, self.scene.draw_place()
        kept = scene.stack.others(self.lost)
        match scene.chance.randrange(4):
            case 0:
                _note(self.drawn, await scene.create(place))
            case 1:
                home = scene.chance.choice(kept)
                _note(self.chosen, await scene.create(place, scene.slug_at(home)))
            case 2:
                mine = [
                    it for it in scene.ledger.links.values() if it.home in kept and it.is_settled
                ]
                done = await scene.edit(place, scene.chance.choice(mine))
                self.edits.note("" if done.status == 200 else f"edit: {done}")
            case _:
                done, _ = await scene.create(place, scene.slug_at(self.lost))
                self._note_at_lost(done)

    def _note_at_lost(self, done: Written) -> None:
        # What was sent when it was not lost yet, or had another home already, may well be made.
        if done.sent_at > self.down_at and done.answered_at < self.moves_at:
            self.at_lost[done.status] += 1

    async def evacuate(self) -> float:
        """Have others take its links; seconds until one of a slug that was at home there is made.

        Infinite when that does not come about.
        """
        scene, began = self.scene, time.monotonic()
        self.moves_at = began + LEAD.total_seconds()
        words = ("--stage", "local", "--yes")
        if await scene.stack.tool("evacuate", self.lost, *words):
            return float("inf")
        self.evacuated = True
        place = scene.stack.places[scene.stack.others(self.lost)[0]]
        until = began + 2 * _RTO
        while time.monotonic() < until:
            _, made = await scene.create(place, scene.slug_at(self.lost))
            if made:
                return time.monotonic() - began
            await asyncio.sleep(0.2)
        return float("inf")

    async def let_return(self) -> Promise:
        scene = self.scene
        status = await scene.stack.tool(
            "evacuate", self.lost, "--stage", "local", "--yes", "--return"
        )
        _, made = await scene.create(scene.stack.places[self.lost], scene.slug_at(self.lost))
        done = not status and made is not None
        return Promise("it is a home again after its return", "yes" if done else "no", "yes", done)


def _note(tally: Tally, outcome: tuple[object, Entry | None]) -> None:
    done, entry = outcome
    tally.note("" if entry else f"{done}")


async def drill(scene: Scene) -> Sequence[Promise]:
    """Lose a region under load."""
    options = scene.options
    seconds, rate = options.seconds or _SECONDS, options.rate or _RATE
    lost = options.region or scene.chance.choice(scene.stack.regions)
    if lost not in scene.stack.regions:
        raise CannotRun(f"{lost} does not run here; {', '.join(scene.stack.regions)} do.")
    loss = _Loss(scene, lost)
    await scene.make_links(_LINKS)
    await scene.settle()
    visits, writes = (
        Load(rate * share, send, scene.chance)
        for share, send in ((1.0, loss.visit), (_WRITES, loss.write))
    )
    async with applied(visits):
        async with applied(writes):
            await asyncio.sleep(seconds / 4 + _SETTLED)
            loss.now, loss.down_at = "during", time.monotonic()
            await scene.stack.chaos("region-freeze" if options.freeze else "region-down", lost)
            await loss.count_taken()
            await asyncio.sleep(seconds / 2)
            rto = None if options.no_evacuation else await loss.evacuate()
        # A region that is back answers with what it had until it has caught up: no budget holds.
        loss.now, scene.budget = "after", float("inf")
        await scene.stack.chaos("heal", lost)
        took = await until_caught_up(scene.stack, 12 * _EQUAL_WITHIN)
        print(f"all that was written is in all regions after {took:.1f} s", flush=True)
        await asyncio.sleep(_FORGET_404)
        loss.taken = set()
        returned = None if rto is None else await loss.let_return()
        await asyncio.sleep(seconds / 4)
    _, different = await until_equal(scene.stack, 12 * _EQUAL_WITHIN)
    missing = await _missing(scene)
    return [
        *_judge(loss, took, missing),
        none_of("items that differ in the end", len(different), len(scene.ledger.links)),
        *_judge_evacuation(rto, returned),
        of_load("the load itself", visits.late),
    ]


async def _missing(scene: Scene) -> dict[str, int]:
    """How many acknowledged links a table does not have right, by their homes."""
    missing: Counter[str] = Counter()
    for region in scene.stack.regions:
        table = await asyncio.to_thread(read_table, scene.stack, region)
        lost = lost_from(table, list(scene.ledger.links.values()))
        missing.update(scene.ledger.links[slug].home for slug in lost)
        for slug in lost[:5]:
            print(f"  not in {region} as acknowledged: {slug}", flush=True)
    return missing


def _judge(loss: _Loss, took: float, missing: dict[str, int]) -> list[Promise]:
    scene = loss.scene
    for name in ("before", "during", "after"):
        scene.report(f"redirects {name} the loss", getattr(loss, name))
    links = list(scene.ledger.links.values())
    kept = [it for it in links if it.home != loss.lost]
    gone = sum(number for home, number in missing.items() if home != loss.lost)
    guessed = sum(number for status, number in loss.at_lost.items() if status < 500)
    refused = ", ".join(f"{number} x {status}" for status, number in loss.at_lost.items())
    print(f"writes to the lost home meanwhile: {refused or 'none'}", flush=True)
    for tally in (loss.drawn, loss.chosen, loss.edits):
        for sample in tally.samples:
            print(f"  failed: {sample}", flush=True)
    return [
        share_of("redirects right during the loss", loss.during.right, loss.during.asked, _RIGHT),
        none_of("redirects wrong before and after", loss.before.wrong + loss.after.wrong,
                loss.before.asked + loss.after.asked),
        none_of("creates of drawn slugs failed", loss.drawn.wrong, loss.drawn.asked),
        none_of("creates at surviving homes failed", loss.chosen.wrong, loss.chosen.asked),
        none_of("edits at surviving homes failed", loss.edits.wrong, loss.edits.asked),
        none_of("creates at the lost home guessed", guessed, loss.at_lost.total()),
        none_of("links of surviving homes lost (RPO)", gone, len(kept)),
        none_of("links of the lost home lost", sum(missing.values()) - gone,
                len(links) - len(kept)),
        at_most("all that was written is everywhere after", round(took, 1), _EQUAL_WITHIN, " s"),
    ]  # fmt: skip


def _judge_evacuation(rto: float | None, returned: Promise | None) -> list[Promise]:
    if rto is None or returned is None:
        return []
    return [at_most("evacuated: its slugs can be made (RTO)", round(rto, 1), _RTO, " s"), returned]
