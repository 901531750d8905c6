"""One run: a few clients use links in several regions while things break, then it all heals.

The services are the real ones; only time, the network and the tables are the world's.
"""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from chalicelib.core.errors import EverhopError, SlugTaken, Unavailable
from chalicelib.core.homes import MOVES_FOR, Absence
from chalicelib.core.links import Link
from tests.simulator.apps import App, AppMaker, maker
from tests.simulator.histories import Change, History, Look
from tests.simulator.networks import Network
from tests.simulator.stores import Stored
from tests.simulator.tables import GlobalTable, Replica
from tests.simulator.worlds import Crash, World


REGIONS = ("us-east-1", "eu-west-1", "ap-southeast-2")
LASTS = 120.0  # seconds of trouble; then all heals
LEARNED_IN = 5.0  # seconds: so long each region may keep what it knows of absences


@dataclass
class Run:
    """A run, over or under way."""

    seed: int
    make: AppMaker = field(default_factory=maker)
    replica: type[Replica] = Replica
    history: History = field(default_factory=History)

    def __post_init__(self) -> None:
        self.world = World(self.seed)
        chance = self.world.chance
        self.regions = REGIONS[: chance.choice((2, 2, 3))]
        self.is_calm = chance.random() < 0.25  # all regions answer; they may be late, or crash
        lossy = 0.0 if self.is_calm else chance.choice((0, 0.01, 0.1))
        self.network = Network(self.world, lossy=lossy, crashy=chance.choice((0, 0, 0.01)))
        self.table = GlobalTable(self.world, self.network, self.regions, self.replica)
        for region in self.regions:
            self.table.skew[region] = chance.choice((0, 0, chance.uniform(-5, 5)))
            self.table.lag[region] = chance.choice((0.5, 2, chance.uniform(0, 60)))
        self.apps = {
            region: self.make(self.world, self.network, self.table, region, self._absences_as(late))
            for region, late in self._delays()
        }
        self.risked: set[str] = set()  # slugs of which a lost region had what no other had
        self._announced: list[tuple[float, tuple[Absence, ...]]] = []
        self._tokens = 0
        self._versions: dict[str, int] = {}
        self._timelines: dict[tuple[str, str], list[tuple[float, Link]]] = {}

    def _delays(self) -> list[tuple[str, float]]:
        return [(region, self.world.chance.uniform(0, LEARNED_IN)) for region in self.regions]

    def _absences_as(self, late: float) -> Callable[[], Sequence[Absence]]:
        """What a region knows of absences, so many seconds after they were announced."""

        def known() -> Sequence[Absence]:
            told = [it for at, it in self._announced if at + late < self.world.now]
            return told[-1] if told else ()

        return known

    def _announce(self, *absences: Absence) -> None:
        self._announced.append((self.world.now, absences))

    def _soon(self) -> datetime:
        """The first moment that everyone will know of, if it is announced now."""
        return self.world.clock() + MOVES_FOR + timedelta(seconds=LEARNED_IN)

    def go(self) -> "Run":
        """Run it to its end: trouble, healing, and all that was still on its way."""
        spawn = self.world.spawn
        spawn(lambda: self.table.replicate(LASTS))
        troubles = (self._break, self._break, self._lose, self._move)
        if not self.is_calm:
            spawn(self.world.chance.choice(troubles))
        for _ in range(4):
            spawn(self._own, self.world.chance.uniform(0, 5))
        for _ in range(4):
            spawn(self._visit, self.world.chance.uniform(0, 5))
        self.world.run()
        self.table.catch_up()
        self._remember()
        return self

    def _break(self) -> None:
        """One fault after the other, each for a while; at the end there is none."""
        chance, network = self.world.chance, self.network
        while self.world.now < LASTS * 0.8:
            self.world.sleep(chance.uniform(1, 20))
            fault = chance.choice(("down", "cut", "one way", "skew"))
            one, other = chance.sample(self.regions, 2)
            if fault == "down":
                network.down = {one}
            elif fault == "skew":
                self.table.skew[one] = chance.uniform(-5, 5)
            else:
                network.cut = {(one, other)} | ({(other, one)} if fault == "cut" else set())
            self.world.sleep(chance.uniform(1, 20))
            network.down, network.cut = set(), set()

    def _lose(self) -> None:
        """A region is lost for good, and evacuated by an operator who fences it."""
        chance = self.world.chance
        self.world.sleep(chance.uniform(5, LASTS / 3))
        lost = chance.choice(self.regions)
        self.network.down = {lost}
        self.risked |= {_slug_in(key) for key, _ in self.table.only_in(lost)}
        self.world.sleep(chance.uniform(1, 20))
        self._announce(Absence(lost, self._soon()))

    def _move(self) -> None:
        """A region is a home no more for a while, and back: planned, with all that it has."""
        chance = self.world.chance
        for region in self.regions:  # an operator does so only when replication is well
            self.table.lag[region] = min(self.table.lag[region], 5.0)
        self.world.sleep(chance.uniform(5, LASTS / 4))
        moved, since = chance.choice(self.regions), self._soon()
        self._announce(Absence(moved, since))
        self.world.sleep(chance.uniform(40, 50))
        self._announce(Absence(moved, since, self._soon()))

    def _client(self, act: Callable[[], None]) -> None:
        """Do it again and again; who is refused goes on with something else."""
        while self.world.now < LASTS:
            try:
                act()
            except (EverhopError, Crash) as error:  # the app's crash is a client's refusal
                self.history.refuse(type(error).__name__)
            self.world.sleep(self.world.chance.expovariate(1 / 3))

    def _app(self) -> App:
        return self.apps[self.world.chance.choice(self.regions)]

    def _own(self) -> None:
        def act() -> None:
            kind = self.world.chance.choices(
                ("create", "draw", "keep", "edit", "delete"), (4, 2, 2, 8, 1)
            )[0]
            getattr(self, f"_{kind}")(self._app())

        self._client(act)

    def _token(self) -> str:
        self._tokens += 1
        return f"t{self._tokens}"

    def _wanted(self) -> str:
        """A slug that others want at the same time, too."""
        return f"s{self.world.now // 8:.0f}x{self.world.chance.randrange(2)}"

    def _change(self, app: App, kind: str, slug: str, change: Callable[[], Link]) -> None:
        began_at = self.world.now
        self.history.begin(kind, slug)
        link = change()
        found = Change(kind, link.slug, app.region, began_at, self.world.now, link)
        self.history.changes.append(found)

    def _create(self, app: App) -> None:
        """A custom slug, that others want as well; each tries as a workspace of its own."""
        slug, token = self._wanted(), self._token()
        body = {"slug": slug, "destination": f"https://d.test/{token}"}
        self._change(app, "create", slug, partial(app.links.create, f"w-{token}", body))

    def _keep(self, app: App) -> None:
        """A custom slug, sent with an idempotency key, and again elsewhere until that is heard of."""
        token = self._token()
        slug = self.world.chance.choice((self._wanted(), token))
        body = {"slug": slug, "destination": f"https://d.test/{token}"}
        for attempt, at in enumerate(self._from(app), start=1):
            try:
                make = partial(at.create_keyed, f"w-{token}", token, body, attempt)
                self._change(at, "create", slug, make)
            except Unavailable:
                self.history.refuse("attempt")
            except SlugTaken:
                self.history.taken[f"w-{token}"] = slug
                raise
            else:
                return

    def _from(self, app: App) -> list[App]:
        return [app, *(one for one in self.apps.values() if one is not app)]

    def _draw(self, app: App) -> None:
        """A drawn slug, sent with an idempotency key, and again elsewhere when nothing is heard.

        The answer may be lost on its way to the client, too.
        """
        token = self._token()
        body: dict[str, Any] = {"destination": f"https://d.test/{token}"}
        if self.world.chance.random() < 0.3:
            body |= {"max_clicks": 2, "max_clicks_exact": True}
        for attempt, at in enumerate(self._from(app), start=1):
            try:
                began_at = self.world.now
                link = at.create_keyed(f"w-{token}", token, body, attempt)
            except Unavailable:
                self.history.refuse("attempt")
                continue
            slugs = self.history.keyed.setdefault(token, set())
            if link.slug not in slugs:
                made = Change("create", link.slug, at.region, began_at, self.world.now, link)
                self.history.changes.append(made)
            slugs.add(link.slug)
            if self.world.chance.random() < 0.7:
                return

    def _known(self) -> Change | None:
        changes = self.history.changes
        return self.world.chance.choice(changes) if changes else None

    def _edit(self, app: App) -> None:
        """Lead it elsewhere and add a tag, on condition of the version that was read last."""
        known = self._known()
        if known is None:
            return
        slug, workspace, token = known.slug, known.link.workspace, self._token()
        link = app.links.read(workspace, slug)
        body = {"destination": f"https://d.test/{token}", "tags": [*link.tags, token][-20:]}
        if len(link.tags) < 20:
            self._change(
                app,
                "edit",
                slug,
                partial(app.links.edit, workspace, slug, body, if_versions={link.version}),
            )

    def _delete(self, app: App) -> None:
        known = self._known()
        if known is not None:
            self.history.begin("delete", known.slug)
            app.links.delete(known.link.workspace, known.slug)

    def _visit(self) -> None:
        def act() -> None:
            known = self._known()
            slug = known.slug if known and self.world.chance.random() < 0.8 else self._wanted()
            app, began_at = self._app(), self.world.now
            made_at, outcome = app.follow(slug)
            look = Look(slug, app.region, began_at, self.world.now, made_at, outcome)
            self.history.looks.append(look)

        self._client(act)

    def _remember(self) -> None:
        """Note which version led where, and since when each region had it."""
        for region, replica in self.table.replicas.items():
            for at, write in replica.seen:
                if isinstance(write.value, Stored):
                    link = write.value.link
                    self._versions[link.destination] = link.version
                    self._timelines.setdefault((region, write.key), []).append((at, link))

    def version_of(self, look: Look) -> int:
        """The version of the link that answered a visitor with a redirect."""
        return self._versions[look.outcome.location]

    def version_in(self, region: str, slug: str, at: float) -> int:
        """The version that a region's table had at a time; 0 when there was none."""
        known = self._timelines.get((region, slug), [])
        found = bisect_right(known, at, key=lambda pair: pair[0])
        return known[found - 1][1].version if found else 0

    def gone_at(self, region: str, slug: str) -> float:
        """When a region's table first had a tombstone of it."""
        known = self._timelines.get((region, slug), [])
        return next((at for at, link in known if link.deleted_at), float("inf"))


def _slug_in(key: str) -> str:
    """The slug that an item of the table is about: counters begin with it."""
    return key.removeprefix("counter#").partition("#")[0]
