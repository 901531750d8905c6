"""What every drill does with its stack: links are made, changed and followed, and all is noted."""

import argparse
import asyncio
import time
from dataclasses import dataclass, field
from random import Random

from chalicelib.core.homes import home_of
from tools.client import CannotRun
from tools.drills.ledgers import BUDGET, Entry, Ledger, Tally, Version
from tools.drills.stacks import Stack, lags_of
from tools.drills.verdicts import quantile
from tools.drills.visits import Visits, Written


_CREATED, _OK = 201, 200
_SETTLES_WITHIN = 60.0


@dataclass
class Scene:
    """A stack, who uses it, the dice, and what is known of its links."""

    stack: Stack
    visits: Visits
    chance: Random
    options: argparse.Namespace
    ledger: Ledger = field(default_factory=Ledger)
    budget: float = BUDGET  # seconds that an answer may be behind
    _number: int = 0

    def draw_name(self) -> str:
        """A name that nothing else has: for slugs, receipts and destinations."""
        self._number += 1
        return f"d{self.options.seed}-{self._number}-{self.chance.getrandbits(40):x}"

    def slug_at(self, home: str) -> str:
        """A new slug whose home is this region."""
        while home_of(slug := self.draw_name(), self.stack.regions) != home:
            pass
        return slug

    def draw_place(self) -> str:
        """The URL of a place of the edge."""
        return self.chance.choice(list(self.stack.places.values()))

    async def create(self, place: str, slug: str = "") -> tuple[Written, Entry | None]:
        """Make a link, of this slug or a drawn one; the entry when it was acknowledged."""
        name = self.draw_name()
        body = {"destination": f"https://example.com/{name}", **({"slug": slug} if slug else {})}
        done = await self.visits.create(place, body, name)
        if done.status != _CREATED:
            return done, None
        made, to = str(done.said["slug"]), str(done.said["destination"])
        home = home_of(made, self.stack.regions)
        return done, self.ledger.made(made, home, to, done.sent_at, done.answered_at)

    async def edit(self, place: str, entry: Entry) -> Written:
        """Have a link lead somewhere else; the entry knows from when on that may be seen."""
        to = f"https://example.com/{self.draw_name()}"
        version = Version(to, time.monotonic())
        entry.versions.append(version)
        # One at a time, so that their order is known.
        entry.is_settled = False
        done = await self.visits.edit(place, entry.slug, entry.version, {"destination": to})
        if done.status == _OK:
            version.acknowledged_at = done.answered_at
            entry.version, entry.is_settled = int(done.said["version"]), True
        return done

    async def follow(self, place: str, entry: Entry, tally: Tally) -> str:
        """Follow a link and judge the answer; what is wrong with it, "" when nothing is."""
        asked_at = time.monotonic()
        answer = await self.visits.follow(place, entry.slug)
        problem = entry.judge(answer, asked_at, self.budget)
        tally.note(problem and f"{problem}, asked at {place}", answer.took, answer.hops)
        return problem

    async def make_links(self, count: int) -> list[Entry]:
        """Links of either home, by any place, drawn and chosen; CannotRun when one can't be."""
        one_at_a_time = asyncio.Semaphore(8)

        async def make(number: int) -> Entry:
            home = self.stack.regions[number % len(self.stack.regions)]
            async with one_at_a_time:
                slug = self.slug_at(home) if number % 4 < 2 else ""
                done, entry = await self.create(self.stack.places[home], slug)
            if entry is None:
                raise CannotRun(f"a link can't be made: {done.status} {done.said.get('detail')}")
            return entry

        entries = list(await asyncio.gather(*map(make, range(count))))
        print(f"{count} links are made", flush=True)
        return entries

    async def settle(self, within: float = _SETTLES_WITHIN) -> None:
        """Wait until every region has what the others wrote; CannotRun when that takes longer."""
        until = time.monotonic() + within
        while any(lags_of(await self.stack.status())):
            if time.monotonic() > until:
                raise CannotRun("the regions do not get into step.")
            await asyncio.sleep(0.1)

    def report(self, title: str, tally: Tally) -> None:
        """Print what became of some answers."""
        middle, most = (1000 * quantile(tally.took, part) for part in (0.5, 0.99))
        print(
            f"{title}: {tally.asked:,} answers, {tally.wrong} wrong; p50 {middle:.0f} ms, "
            f"p99 {most:.0f} ms, longest {max(tally.took, default=0):.2f} s; {tally.hops} by a "
            "second address",
            flush=True,
        )
        for sample in tally.samples:
            print(f"  wrong: {sample}", flush=True)
