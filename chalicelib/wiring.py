"""Joins the rooms: the only file that sees both the API and the stores."""

import secrets
from datetime import UTC, datetime

from chalice.app import Chalice

from chalicelib.api import health, imports, keys, links, qr_codes, redirects, reference
from chalicelib.api.doors import Doors, catch_errors
from chalicelib.api.pictures import let_pictures_pass
from chalicelib.config import Config
from chalicelib.qr_codes import draw_qr
from chalicelib.service.access import Gate
from chalicelib.service.imports import ImportService
from chalicelib.service.keyed_links import KeyedLinkService
from chalicelib.service.keys import KeyService
from chalicelib.service.links import LinkService
from chalicelib.service.ports import ClaimStore, Clock, CounterStore, KeyStore, LinkStore
from chalicelib.service.redirects import RedirectService
from chalicelib.urls import parse_url


def _now() -> datetime:
    return datetime.now(UTC)


def make_stores(config: Config) -> tuple[LinkStore, KeyStore]:
    """The stores that the configuration names: both are in one table."""
    if config.store == "memory":
        from chalicelib.store.memory import LinkMemory  # noqa: PLC0415
        from chalicelib.store.memory_keys import KeyMemory  # noqa: PLC0415

        return LinkMemory(), KeyMemory()
    # Imported here so that memory needs no PynamoDB, which is most of the import time.
    from chalicelib.store.key_models import bind_keys  # noqa: PLC0415
    from chalicelib.store.key_tables import KeyTable  # noqa: PLC0415
    from chalicelib.store.links import LinkTable  # noqa: PLC0415
    from chalicelib.store.models import bind  # noqa: PLC0415

    model = bind(config.table, config.region)
    return LinkTable(model), KeyTable(bind_keys(model))


def make_claims(config: Config, store: LinkStore) -> ClaimStore:
    """What idempotency keys stand for, kept where the links are."""
    if config.store == "memory":
        from chalicelib.store.memory import ClaimMemory  # noqa: PLC0415

        return ClaimMemory()
    from chalicelib.store.claims import ClaimTable, bind_claims  # noqa: PLC0415
    from chalicelib.store.links import LinkTable  # noqa: PLC0415
    from chalicelib.store.models import bind  # noqa: PLC0415

    links = store.model if isinstance(store, LinkTable) else bind(config.table, config.region)
    return ClaimTable(bind_claims(links))


def make_counters(config: Config, store: LinkStore) -> CounterStore:
    """Counters, kept where the links are."""
    if config.store == "memory":
        from chalicelib.store.memory_counters import CounterMemory  # noqa: PLC0415

        return CounterMemory()
    from chalicelib.store.counters import CounterTable, bind_counters  # noqa: PLC0415
    from chalicelib.store.links import LinkTable  # noqa: PLC0415
    from chalicelib.store.models import bind  # noqa: PLC0415

    links = store.model if isinstance(store, LinkTable) else bind(config.table, config.region)
    return CounterTable(bind_counters(links))


def make_link_service(config: Config, store: LinkStore, clock: Clock = _now) -> LinkService:
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
    clock: Clock = _now,
    claims: ClaimStore | None = None,
) -> Chalice:
    """The Chalice app with every blueprint mounted."""
    app = Chalice("everhop")
    gate = Gate(key_store, config.api_key_digest, clock)
    doors = Doors(
        gate=gate,
        public_url=config.public_url,
        cursor_secret=config.cursor_secret,
        require_if_match=config.require_if_match,
        api_cache=config.api_cache,
    )
    link_service = make_link_service(config, store, clock)
    keyed_links = KeyedLinkService(link_service, claims or make_claims(config, store))
    visitors = RedirectService(store, config.slugs, config.destinations, clock)
    for blueprint in (
        links.routes(link_service, keyed_links, doors),
        redirects.routes(visitors, doors),
        imports.routes(ImportService(link_service), doors),
        health.routes(store, config.region),
        qr_codes.routes(link_service, doors, draw_qr),
        reference.routes(doors),
        keys.routes(KeyService(key_store, clock, secrets.randbelow, gate.forget), doors),
    ):
        app.register_blueprint(blueprint)
    let_pictures_pass(app)
    app.register_middleware(catch_errors, "http")
    return app
