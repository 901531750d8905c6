"""Joins what is kept beside the links of many regions; loaded when it is first asked for.

Each function has its imports: who follows a locked link needs nothing of keys, claims and jobs.
"""

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple, TypeVar

from chalicelib.service.ports import (
    ClaimStore,
    CounterStore,
    JobStore,
    KeyStore,
    LinkStore,
    OtherRegions,
    Wake,
)
from chalicelib.service.regional_links import RegionalLinks
from chalicelib.store.models import LinkItem, M, bind_beside


S = TypeVar("S")
T = TypeVar("T")


def reach_others(
    links: RegionalLinks, item: type[M], make_store: Callable[[type[M]], S]
) -> OtherRegions[S]:
    """A kind of store in the tables of other regions, by the same connections and breakers."""

    @cache
    def beside(model: type[LinkItem]) -> S:
        return make_store(bind_beside(item, model))

    def ask(region: str, act: Callable[[S], T]) -> T:
        far: Any = links.store_of(region)
        with far.asking() as table:
            return act(beside(table.model))

    return ask


def _regional(links: LinkStore) -> RegionalLinks:
    if not isinstance(links, RegionalLinks):
        raise TypeError("Many regions need links of many regions.")
    return links


class LockCounters(NamedTuple):
    """What counts the clicks of links, and what counts the tries of their passwords."""

    clicks: CounterStore
    tries: CounterStore


def share_counters(store: LinkStore, local: CounterStore) -> LockCounters:
    """Counters of locks, over this region's table and those of the others."""
    from chalicelib.service.regional_counters import OwnRows, SummedCounters  # noqa: PLC0415
    from chalicelib.store.counters import CounterItem, CounterTable  # noqa: PLC0415

    links = _regional(store)
    others = reach_others(links, CounterItem, CounterTable)
    clicks = SummedCounters(local, links.regions, others)
    return LockCounters(clicks, OwnRows(local, links.regions.here))


def share_keys(store: LinkStore, local: KeyStore) -> KeyStore:
    """API keys, over this region's table and those of the others."""
    from chalicelib.service.regional_keys import RegionalKeys  # noqa: PLC0415
    from chalicelib.store.key_models import KeyItem  # noqa: PLC0415
    from chalicelib.store.key_tables import KeyTable  # noqa: PLC0415

    links = _regional(store)
    return RegionalKeys(local, links.regions, reach_others(links, KeyItem, KeyTable))


def share_claims(store: LinkStore, local: ClaimStore) -> ClaimStore:
    """Claims of repeated requests, over this region's table and those of the others."""
    from chalicelib.service.regional_claims import RepeatedClaims  # noqa: PLC0415
    from chalicelib.store.claims import ClaimItem, ClaimTable  # noqa: PLC0415

    links = _regional(store)
    return RepeatedClaims(local, links.regions, reach_others(links, ClaimItem, ClaimTable))


def share_jobs(store: LinkStore, local: JobStore, wake: Wake) -> tuple[JobStore, Wake]:
    """Jobs, over this region's table and those of the others; and who calls workers for them."""
    from chalicelib.service.regional_jobs import HomeWake, RegionalJobs  # noqa: PLC0415
    from chalicelib.store.jobs import JobItem, JobTable  # noqa: PLC0415

    links = _regional(store)
    jobs = RegionalJobs(local, links.regions, reach_others(links, JobItem, JobTable))
    return jobs, HomeWake(wake, links.regions)
