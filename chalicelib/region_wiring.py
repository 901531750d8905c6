"""Joins what a deployment of many regions needs; one that has one region loads none of it."""

from collections.abc import Callable
from functools import cache

from chalicelib.api.tiers import tell_tier
from chalicelib.config import Config
from chalicelib.service.absences import KnownAbsences
from chalicelib.service.ports import Clock, LinkStore
from chalicelib.service.regional_links import RegionalLinks
from chalicelib.service.regions import Regions
from chalicelib.store.absences import AbsencesItem, read_absences
from chalicelib.store.far_links import FarLinks
from chalicelib.store.links import LinkTable
from chalicelib.store.models import bind, bind_beside


def make_regional_links(config: Config, table: LinkTable, clock: Clock) -> RegionalLinks:
    """Links over this region's table and, each from its first call on, those of the others."""
    regions = make_regions(config, table, clock)
    stores = {region: _far_links(config, region) for region in regions.others}
    return RegionalLinks(table, regions, stores.__getitem__, config.home_read_for, tell_tier)


def make_regions(config: Config, table: LinkTable, clock: Clock) -> Regions:
    """The regions of the deployment, with what this region's table knows of absences."""
    model = bind_beside(AbsencesItem, table.model)
    known = KnownAbsences(lambda: read_absences(model).absences, clock)
    return Regions(config.region, config.regions, known, clock)


def _far_links(config: Config, region: str) -> FarLinks:
    return FarLinks(cache(_opener(config, region)))


def _opener(config: Config, region: str) -> Callable[[], LinkStore]:
    endpoint = dict(config.table_endpoints).get(region)
    return lambda: LinkTable(bind(config.table, region, endpoint))
