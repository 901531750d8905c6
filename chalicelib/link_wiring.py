"""Joins what the use cases of links need: for owners' routes, and for the worker of jobs."""

import secrets

from chalicelib.config import Config
from chalicelib.entrance import now
from chalicelib.service.links import LinkService
from chalicelib.service.ports import Clock, LinkStore
from chalicelib.time_zones import find_zone
from chalicelib.urls import parse_url


def make_link_service(config: Config, store: LinkStore, clock: Clock = now) -> LinkService:
    """The use cases of owners."""
    return LinkService(
        store=store,
        slugs=config.slugs,
        destinations=config.destinations,
        parse_url=parse_url,
        clock=clock,
        chance=secrets.randbelow,
        find_zone=find_zone,
        regions=config.regions_from_here,
    )
