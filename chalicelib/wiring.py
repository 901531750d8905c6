"""Joins the rooms, all of them: what owners need, and so what the first of their requests loads."""

import secrets
from typing import Any

from chalice.app import Blueprint, Chalice

from chalicelib.api import health, imports, keys, links, qr_codes, reference
from chalicelib.api.doors import Doors
from chalicelib.config import Config
from chalicelib.entrance import now, open_app
from chalicelib.qr_codes import draw_qr
from chalicelib.service.access import Gate
from chalicelib.service.imports import ImportService
from chalicelib.service.keyed_links import KeyedLinkService
from chalicelib.service.keys import KeyService
from chalicelib.service.links import LinkService
from chalicelib.service.ports import ClaimStore, Clock, CounterStore, KeyStore, LinkStore
from chalicelib.urls import parse_url


def make_key_store(config: Config, store: LinkStore) -> KeyStore:
    """The store of API keys, in the table of the links."""
    if config.store == "memory":
        from chalicelib.store.memory_keys import KeyMemory  # noqa: PLC0415

        return KeyMemory()
    from chalicelib.store.key_models import bind_keys  # noqa: PLC0415
    from chalicelib.store.key_tables import KeyTable  # noqa: PLC0415

    return KeyTable(bind_keys(_links_model(config, store)))


def make_claims(config: Config, store: LinkStore) -> ClaimStore:
    """What idempotency keys stand for, kept where the links are."""
    if config.store == "memory":
        from chalicelib.store.memory import ClaimMemory  # noqa: PLC0415

        return ClaimMemory()
    from chalicelib.store.claims import ClaimTable, bind_claims  # noqa: PLC0415

    return ClaimTable(bind_claims(_links_model(config, store)))


def make_counters(config: Config, store: LinkStore) -> CounterStore:
    """Counters, kept where the links are."""
    if config.store == "memory":
        from chalicelib.store.memory_counters import CounterMemory  # noqa: PLC0415

        return CounterMemory()
    from chalicelib.store.counters import CounterTable, bind_counters  # noqa: PLC0415

    return CounterTable(bind_counters(_links_model(config, store)))


def _links_model(config: Config, store: LinkStore) -> Any:
    from chalicelib.store.links import LinkTable  # noqa: PLC0415
    from chalicelib.store.models import bind  # noqa: PLC0415

    return store.model if isinstance(store, LinkTable) else bind(config.table, config.region)


def make_link_service(config: Config, store: LinkStore, clock: Clock = now) -> LinkService:
    """The use cases of owners."""
    return LinkService(
        store=store,
        slugs=config.slugs,
        destinations=config.destinations,
        parse_url=parse_url,
        clock=clock,
        chance=secrets.randbelow,
    )


def make_app(
    config: Config,
    store: LinkStore,
    key_store: KeyStore,
    clock: Clock = now,
    claims: ClaimStore | None = None,
) -> Chalice:
    """The app over these stores."""
    return open_app(
        config, store, lambda: owners_routes(config, store, key_store, clock, claims), clock
    )


def owners_routes(
    config: Config,
    store: LinkStore,
    key_store: KeyStore,
    clock: Clock = now,
    claims: ClaimStore | None = None,
) -> tuple[Blueprint, ...]:
    """Every blueprint but the visitors'."""
    gate = Gate(key_store, config.api_key_digest, clock)
    doors = Doors(
        gate=gate,
        public_url=config.public_url,
        cursor_secret=config.cursor_secret,
        require_if_match=config.require_if_match,
    )
    link_service = make_link_service(config, store, clock)
    keyed_links = KeyedLinkService(link_service, claims or make_claims(config, store))
    return (
        links.routes(link_service, keyed_links, doors),
        imports.routes(ImportService(link_service), doors),
        health.routes(store, config.region),
        qr_codes.routes(link_service, doors, draw_qr),
        reference.routes(doors),
        keys.routes(KeyService(key_store, clock, secrets.randbelow, gate.forget), doors),
    )
