"""One region's app in a world: the real services, over the world's tables, behind its caches."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from chalicelib.core.destinations import DestinationPolicy
from chalicelib.core.errors import Unavailable
from chalicelib.core.homes import Absence
from chalicelib.core.idempotency import Asked
from chalicelib.core.links import Link
from chalicelib.core.slugs import SlugPolicy
from chalicelib.core.visitors import Visitor
from chalicelib.service.clicks import ClickLimits
from chalicelib.service.keyed_links import KeyedLinkService
from chalicelib.service.links import LinkService
from chalicelib.service.locks import LockService
from chalicelib.service.passwords import PasswordTries
from chalicelib.service.ports import ClaimStore, CounterStore, LinkStore
from chalicelib.service.redirects import RedirectService
from chalicelib.service.regional_claims import RepeatedClaims
from chalicelib.service.regional_counters import SummedCounters
from chalicelib.service.regional_links import RegionalLinks
from chalicelib.service.regions import Regions
from chalicelib.urls import parse_url
from tests.simulator.networks import Network
from tests.simulator.stores import KEPT_FOR, Dax, SimClaims, SimCounters, SimLinks
from tests.simulator.tables import GlobalTable
from tests.simulator.worlds import World


T = TypeVar("T")
Made = tuple[float, Any]  # when an answer was begun to be made, and what it is
PERSON = Visitor(headers={"user-agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"})
API_FOR, EDGE_FOR = 20.0, 20.0  # shares of the freshness budget


@dataclass
class Kept:
    """What a cache keeps of answers, whatever they are, for its share of the budget."""

    world: World
    fresh_for: float

    def __post_init__(self) -> None:
        self._kept: dict[str, tuple[float, Any]] = {}

    def get(self, key: str, ask: Callable[[], Made]) -> Made:
        """What is kept, or what is answered now; an error is not kept, nor what says so."""
        until, answer = self._kept.get(key, (-1.0, None))
        if until > self.world.now:
            return answer
        answer = ask()
        if not getattr(answer[1], "cacheable", True):
            return answer
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
        asked = Asked(workspace, key, "digest", is_repeated=attempt > 1)
        link, _ = self.keyed.create(asked, body)
        return link

    def follow(self, slug: str) -> tuple[float, Any]:
        """When this answer was begun to be made, and what it is; Unavailable when there is none."""

        def ask() -> tuple[float, Any]:
            return self.world.now, self.visitors.follow(slug, PERSON)

        return self._edge.get(slug, lambda: self._api.get(slug, ask))


Absences = Callable[[], Sequence[Absence]]
AppMaker = Callable[[World, Network, GlobalTable, str, Absences], App]
ClaimsMaker = Callable[[World, Network, GlobalTable, Regions], tuple[ClaimStore, ClaimStore]]
CountersMaker = Callable[[World, Network, GlobalTable, Regions], CounterStore]
StoreMaker = Callable[[LinkStore, Regions, Callable[[str], LinkStore], World], LinkStore]


def regional(
    local: LinkStore, regions: Regions, store_of: Callable[[str], LinkStore], world: World
) -> LinkStore:
    """The store that is deployed, waiting in the world's time."""
    return RegionalLinks(local, regions, store_of, ask_within=waiting(world))


def waiting(world: World) -> Callable[[float, Callable[[], Any]], Any]:
    """`ask_within` in the world's time: what took too long was in vain."""

    def ask_within(seconds: float, ask: Callable[[], T]) -> T:
        began = world.now
        answer = ask()
        if world.now - began > seconds:
            raise Unavailable("There was no answer in time.")
        return answer

    return ask_within


def repeating(
    world: World, network: Network, table: GlobalTable, regions: Regions
) -> tuple[ClaimStore, ClaimStore]:
    """The claims that are deployed: those of first attempts, and those of others."""

    def near(region: str) -> SimClaims:
        return SimClaims(world, network, regions.here, table.replicas[region])

    def ask_all(_seconds: float, asks: Iterable[Callable[[], T]]) -> list[T]:
        answers = []
        for ask in asks:
            with suppress(Unavailable):
                answers.append(ask())
        return answers

    local = near(regions.here)
    return local, RepeatedClaims(
        local, regions, lambda region, act: act(near(region)), ask_all=ask_all
    )


def counting(world: World, network: Network, table: GlobalTable, regions: Regions) -> CounterStore:
    """The counters that are deployed."""

    def near(region: str) -> SimCounters:
        return SimCounters(network, regions.here, table.replicas[region])

    return SummedCounters(
        near(regions.here),
        regions,
        lambda region, act: act(near(region)),
        ask_within=waiting(world),
    )


def raise_again(bug: Exception) -> None:
    """A bug in counting is a bug of the run."""
    raise bug


def maker(
    make_store: StoreMaker = regional,
    links_type: type[SimLinks] = SimLinks,
    dax_for: float = KEPT_FOR,
    make_claims: ClaimsMaker = repeating,
    make_counters: CountersMaker = counting,
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
        keyed = KeyedLinkService(links, *make_claims(world, network, table, regions))
        counted = make_counters(world, network, table, regions)
        clicks = ClickLimits(counted, world.clock, raise_again)
        locks = LockService(policies[0], clicks, PasswordTries(counted, world.clock, b""))
        visitors = RedirectService(store, *policies, world.clock, lambda: locks)
        return App(world, region, keyed, visitors)

    return make
