"""One region's app in a world: the real services, over the world's tables, behind its caches."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from chalicelib.core.destinations import DestinationPolicy
from chalicelib.core.errors import Unavailable
from chalicelib.core.homes import Absence
from chalicelib.core.idempotency import Asked
from chalicelib.core.links import Link
from chalicelib.core.slugs import SlugPolicy
from chalicelib.core.visitors import Visitor
from chalicelib.service.keyed_links import KeyedLinkService
from chalicelib.service.links import LinkService
from chalicelib.service.ports import LinkStore
from chalicelib.service.redirects import RedirectService
from chalicelib.service.regional_links import RegionalLinks
from chalicelib.service.regions import Regions
from chalicelib.urls import parse_url
from tests.simulator.networks import Network
from tests.simulator.stores import KEPT_FOR, Dax, SimClaims, SimLinks
from tests.simulator.tables import GlobalTable
from tests.simulator.worlds import World


T = TypeVar("T")
API_FOR, EDGE_FOR = 20.0, 20.0  # shares of the freshness budget


def no_locks() -> Any:
    """No link of a run asks anything of its visitors."""
    raise NotImplementedError


@dataclass
class Kept:
    """What a cache keeps of answers, whatever they are, for its share of the budget."""

    world: World
    fresh_for: float

    def __post_init__(self) -> None:
        self._kept: dict[str, tuple[float, Any]] = {}

    def get(self, key: str, ask: Callable[[], T]) -> T:
        """What is kept, or what is answered now; an error is not kept."""
        until, answer = self._kept.get(key, (-1.0, None))
        if until > self.world.now:
            return answer
        answer = ask()
        self._kept[key] = (self.world.now + self.fresh_for, answer)
        return answer


@dataclass
class App:
    """A region as its clients have it."""

    world: World
    region: str
    keyed: KeyedLinkService
    visitors: RedirectService

    def __post_init__(self) -> None:
        self._api, self._edge = Kept(self.world, API_FOR), Kept(self.world, EDGE_FOR)

    @property
    def links(self) -> LinkService:
        """The use cases of owners."""
        return self.keyed.links

    def create_keyed(self, workspace: str, key: str, body: dict[str, Any], attempt: int) -> Link:
        """A create that carries an idempotency key; the `attempt`-th time it is sent."""
        link, _ = self.keyed.create(Asked(workspace, key, "digest"), body)
        return link

    def follow(self, slug: str) -> tuple[float, Any]:
        """When this answer was begun to be made, and what it is; Unavailable when there is none."""

        def ask() -> tuple[float, Any]:
            return self.world.now, self.visitors.follow(slug, Visitor())

        return self._edge.get(slug, lambda: self._api.get(slug, ask))


Absences = Callable[[], Sequence[Absence]]
AppMaker = Callable[[World, Network, GlobalTable, str, Absences], App]
StoreMaker = Callable[[LinkStore, Regions, Callable[[str], LinkStore], World], LinkStore]


def regional(
    local: LinkStore, regions: Regions, store_of: Callable[[str], LinkStore], world: World
) -> LinkStore:
    """The store that is deployed, waiting in the world's time."""

    def ask_within(seconds: float, ask: Callable[[], T]) -> T:
        began = world.now
        answer = ask()
        if world.now - began > seconds:
            world.sleep(0)
            raise Unavailable("There was no answer in time.")
        return answer

    return RegionalLinks(local, regions, store_of, ask_within=ask_within)


def maker(
    make_store: StoreMaker = regional,
    links_type: type[SimLinks] = SimLinks,
    dax_for: float = KEPT_FOR,
) -> AppMaker:
    """Makes apps over stores of this kind."""

    def make(
        world: World, network: Network, table: GlobalTable, region: str, absences: Absences
    ) -> App:
        def near(other: str, dax: Dax | None = None) -> SimLinks:
            return links_type(world, network, region, table.replicas[other], dax)

        regions = Regions(region, tuple(table.replicas), absences, world.clock)
        store = make_store(near(region, Dax(world, dax_for)), regions, near, world)
        policies = SlugPolicy(), DestinationPolicy()
        links = LinkService(
            store=store,
            slugs=policies[0],
            destinations=policies[1],
            parse_url=parse_url,
            clock=world.clock,
            chance=world.chance.randrange,
            regions=(region, *regions.others),
        )
        claims = SimClaims(world, network, region, table.replicas[region])
        visitors = RedirectService(store, *policies, world.clock, no_locks)
        return App(world, region, KeyedLinkService(links, claims), visitors)

    return make
