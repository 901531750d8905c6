"""Mistakes that somebody could make, each for a checker that must find it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from chalicelib.core.errors import Unavailable
from chalicelib.core.homes import home_of
from chalicelib.core.idempotency import Claim
from chalicelib.core.links import Link
from chalicelib.service.ports import ClaimStore, CounterStore, LinkStore
from chalicelib.service.regional_links import RegionalLinks
from chalicelib.service.regions import Regions
from tests.simulator.apps import StoreMaker, maker, regional, repeating
from tests.simulator.networks import Network
from tests.simulator.runs import Run
from tests.simulator.stores import SimCounters, SimLinks
from tests.simulator.tables import GlobalTable, Replica, Write
from tests.simulator.worlds import World


def _store(kind: type) -> StoreMaker:
    def make(local: LinkStore, regions: Regions, store_of: Any, world: World) -> LinkStore:
        sound = regional(local, regions, store_of, world)
        parts = (sound.local, sound.regions, sound.store_of)
        return kind(*parts, ask_within=sound.ask_within)

    return make


class CreatesHere(RegionalLinks):
    """Takes a create wherever it comes."""

    def create(self, key: str, link: Link) -> None:
        self.local.create(key, link)


class GuessesForAHome(RegionalLinks):
    """Writes here when the home does not answer."""

    def create(self, key: str, link: Link) -> None:
        try:
            super().create(key, link)
        except Unavailable:
            self.local.create(key, link)


class EditsHere(RegionalLinks):
    """Takes an edit wherever it comes, of what it finds there."""

    def current(self, key: str) -> Link | None:
        return self.local.current(key) or super().current(key)

    def replace(self, key: str, link: Link) -> None:
        self.local.replace(key, link)


class TrustsItsMiss(RegionalLinks):
    """Tells visitors that there is no link when this region has none."""

    def seek(self, key: str) -> Link | None:
        return self.local.seek(key)


class TrustsDax(RegionalLinks):
    """Tells visitors what the cache told."""

    def seek(self, key: str) -> Link | None:
        return self.local.get(key)


class KnowsNoAbsence(RegionalLinks):
    """Learns of an evacuation at once, and moves homes at once: others still go by the old ones."""

    def create(self, key: str, link: Link) -> None:
        absent = {one.region for one in self.regions.absences()}
        home = home_of(key, [one for one in self.regions.every if one not in absent])
        (self.local if home == self.regions.here else self.store_of(home)).create(key, link)


class Digs(SimLinks):
    """Edits a tombstone as if it were a link."""

    def replace(self, key: str, link: Link) -> None:
        self._put(key, link, lambda it: it is not None)

    def current(self, key: str) -> Link | None:
        found = super().current(key)
        return found and replace(found, deleted_at=None)


class TakesOver(SimLinks):
    """Creates whatever is there."""

    def create(self, key: str, link: Link) -> None:
        self._put(key, link, lambda it: True)


class LastArrived(Replica):
    """What arrives last stays, and not what was written last."""

    def apply(self, write: Write) -> None:
        self._keep(write)


def _runs(**of: Any) -> Callable[[int], Run]:
    return lambda seed: Run(seed, maker(**of))


def _claims_here(
    world: World, network: Network, table: GlobalTable, regions: Regions
) -> tuple[ClaimStore, ClaimStore]:
    local, _ = repeating(world, network, table, regions)
    return local, local


@dataclass(frozen=True)
class DrawsReceipts:
    """Claims whose receipts are drawn: a link of a lost claim is known by nobody."""

    world: World
    claims: ClaimStore

    def claim(self, workspace: str, key: str, claim: Claim) -> Claim | None:
        drawn = replace(claim, receipt=f"{self.world.chance.getrandbits(128):x}")
        return self.claims.claim(workspace, key, drawn)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.claims, name)


def _draws_receipts(
    world: World, network: Network, table: GlobalTable, regions: Regions
) -> tuple[ClaimStore, ClaimStore]:
    first, repeated = repeating(world, network, table, regions)
    return DrawsReceipts(world, first), DrawsReceipts(world, repeated)


def _counts_here(
    world: World, network: Network, table: GlobalTable, regions: Regions
) -> CounterStore:
    """Counts exactly in one row, wherever it is."""
    del world
    return SimCounters(network, regions.here, table.replicas[regions.here])


def _late(seed: int) -> Run:
    return Run(seed, replica=LastArrived)


# What is planted, how a run with it is made, and the checker that must tell.
PLANTED: dict[str, tuple[Callable[[int], Run], str]] = {
    "creates where it is asked": (_runs(make_store=_store(CreatesHere)), "one_owner"),
    "guesses for a silent home": (_runs(make_store=_store(GuessesForAHome)), "one_owner"),
    "creates over what is there": (_runs(links_type=TakesOver), "one_owner"),
    "moves homes at once": (_runs(make_store=_store(KnowsNoAbsence)), "one_owner"),
    "edits where it is asked": (_runs(make_store=_store(EditsHere)), "no_edit_is_lost"),
    "edits in two places": (_runs(make_store=_store(EditsHere)), "edits_follow_each_other"),
    "loses what it acknowledged": (_late, "acknowledged_is_kept"),
    "keeps what came last": (_late, "regions_agree"),
    "edits a tombstone": (_runs(links_type=Digs), "tombstones_are_final"),
    "trusts its own miss": (_runs(make_store=_store(TrustsItsMiss)), "no_miss_is_a_lie"),
    "trusts what DAX has": (_runs(make_store=_store(TrustsDax)), "no_miss_is_a_lie"),
    "claims in each region": (_runs(make_claims=_claims_here), "a_key_makes_one_link"),
    "knows its link by its claim alone": (
        _runs(make_claims=_draws_receipts),
        "nobody_is_refused_their_own",
    ),
    "counts in each region": (_runs(make_counters=_counts_here), "clicks_are_exact"),
    "keeps items for long": (_runs(dax_for=90.0), "staleness_is_bounded"),
    "keeps the deleted for long": (_runs(dax_for=90.0), "deleted_is_gone"),
}
