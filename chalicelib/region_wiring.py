"""Joins what a deployment of many regions needs; one that has one region loads none of it."""

from collections.abc import Callable, Mapping
from functools import cache, partial
from itertools import chain, repeat
from types import MappingProxyType

from chalicelib.api.tiers import tell_tier
from chalicelib.config import Config
from chalicelib.core.homes import Absence
from chalicelib.service.absences import KnownAbsences
from chalicelib.service.ports import Clock, LinkStore
from chalicelib.service.regional_links import RegionalLinks
from chalicelib.service.regions import Regions
from chalicelib.service.threads import ask_all_within
from chalicelib.store.absences import AbsencesItem, Known, read_absences
from chalicelib.store.far_links import FarLinks
from chalicelib.store.links import LinkTable
from chalicelib.store.models import bind, bind_beside


# Seconds that others may take the first time, when there is no connection to them yet.
FIRST_WAIT = 0.6
_NO_OTHERS: Mapping[str, FarLinks] = MappingProxyType({})


def make_regional_links(config: Config, table: LinkTable, clock: Clock) -> RegionalLinks:
    """Links over this region's table and, each from its first call on, those of the others."""
    others = (region for region in config.regions if region != config.region)
    stores = {region: _far_links(config, region) for region in others}
    regions = make_regions(config, table, clock, stores)
    return RegionalLinks(table, regions, stores.__getitem__, config.home_read_for, tell_tier)


def make_regions(
    config: Config, table: LinkTable, clock: Clock, others: Mapping[str, FarLinks] = _NO_OTHERS
) -> Regions:
    """The regions of the deployment, with what this region's table knows of absences.

    And with what the others know, as far as they tell: a region that comes back after it was
    evacuated hears of it before replication has brought that along, and takes itself for no home.
    """
    model = bind_beside(AbsencesItem, table.model)
    waits = chain([FIRST_WAIT], repeat(config.home_read_for))

    def read() -> tuple[Absence, ...]:
        asks = [partial(_ask_other, far) for far in others.values()]
        told = ask_all_within(next(waits), asks) if asks else []
        return max((read_absences(model), *told), key=lambda known: known.epoch).absences

    return Regions(config.region, config.regions, KnownAbsences(read, clock), clock)


def _ask_other(far: FarLinks) -> Known:
    with far.asking() as table:
        assert isinstance(table, LinkTable)  # noqa: S101 - as _opener opens them
        return read_absences(bind_beside(AbsencesItem, table.model))


def _far_links(config: Config, region: str) -> FarLinks:
    return FarLinks(cache(_opener(config, region)))


def _opener(config: Config, region: str) -> Callable[[], LinkStore]:
    endpoint = dict(config.table_endpoints).get(region)
    return lambda: LinkTable(bind(config.table, region, endpoint))
