"""Joins the rooms, all of them: what owners need, and so what the first of their requests loads."""

import secrets
from collections.abc import Callable
from functools import cache, partial
from typing import NamedTuple

from chalice.app import Chalice

from chalicelib.api import (
    batches,
    bulk_edits,
    cors,
    exports,
    health,
    imports,
    keys,
    links,
    other_methods,
    qr_codes,
    reference,
    stats,
)
from chalicelib.api.doors import Doors
from chalicelib.api.literal_slugs import let_slugs_be
from chalicelib.config import Config
from chalicelib.entrance import links_model, now, open_app
from chalicelib.link_wiring import make_link_service
from chalicelib.qr_codes import draw_qr
from chalicelib.service.access import Gate
from chalicelib.service.batches import BatchService
from chalicelib.service.bulk_edits import BulkEditService
from chalicelib.service.health import HealthService
from chalicelib.service.imports import ImportService
from chalicelib.service.jobs import JobService
from chalicelib.service.keyed_links import KeyedLinkService
from chalicelib.service.keys import KeyService
from chalicelib.service.limits import Limiter
from chalicelib.service.ports import (
    ClaimStore,
    Clock,
    CounterStore,
    CountStore,
    JobTools,
    KeyStore,
    LinkStore,
)
from chalicelib.service.stats import StatService


def make_key_store(config: Config, store: LinkStore) -> KeyStore:
    """The store of API keys, in the table of the links."""
    if config.store == "memory":
        from chalicelib.store.memory_keys import KeyMemory  # noqa: PLC0415

        return KeyMemory()
    from chalicelib.store.key_models import KeyItem  # noqa: PLC0415
    from chalicelib.store.key_tables import KeyTable  # noqa: PLC0415
    from chalicelib.store.models import bind_beside  # noqa: PLC0415

    keys = KeyTable(bind_beside(KeyItem, links_model(config, store)))
    if not config.has_others:
        return keys
    from chalicelib.keeper_wiring import share_keys  # noqa: PLC0415 - only where others are

    return share_keys(store, keys)


def make_claims(config: Config, store: LinkStore) -> ClaimStore:
    """What idempotency keys stand for, kept where the links are."""
    if config.store == "memory":
        from chalicelib.store.memory import ClaimMemory  # noqa: PLC0415

        return ClaimMemory()
    from chalicelib.store.claims import ClaimItem, ClaimTable  # noqa: PLC0415
    from chalicelib.store.models import bind_beside  # noqa: PLC0415

    return ClaimTable(bind_beside(ClaimItem, links_model(config, store)))


def make_repeated_claims(config: Config, store: LinkStore, claims: ClaimStore) -> ClaimStore | None:
    """Those of requests that are sent again, where the first may have reached another region."""
    if config.store == "memory" or not config.has_others:
        return None
    from chalicelib.keeper_wiring import share_claims  # noqa: PLC0415 - only where others are

    return share_claims(store, claims)


def make_counts(config: Config, store: LinkStore) -> CountStore:
    """Counts of clicks, kept where the links are."""
    if config.store == "memory":
        from chalicelib.store.memory_counts import CountMemory  # noqa: PLC0415

        return CountMemory()
    from chalicelib.store.counts import CountTable  # noqa: PLC0415

    return CountTable(links_model(config, store))


def find_tools(config: Config, store: LinkStore) -> Callable[[], JobTools]:
    """What jobs need, made when the first one is asked for; raises NotConfigured for a lack."""

    @cache
    def make() -> JobTools:
        from chalicelib.job_wiring import make_job_tools  # noqa: PLC0415 - clients of S3 and Lambda

        return make_job_tools(config, store)

    return make


class Stores(NamedTuple):
    """All that is kept."""

    links: LinkStore
    keys: KeyStore
    claims: ClaimStore
    counters: CounterStore
    counts: CountStore
    tools: Callable[[], JobTools]  # of jobs; raises NotConfigured
    repeated: ClaimStore | None = None  # claims of requests that are sent again, if others


def make_stores(config: Config, links: LinkStore, counters: CounterStore) -> Stores:
    """The stores that the configuration names, beside those of the links and counters."""
    claims = make_claims(config, links)
    return Stores(
        links=links,
        keys=make_key_store(config, links),
        claims=claims,
        counters=counters,
        counts=make_counts(config, links),
        tools=find_tools(config, links),
        repeated=make_repeated_claims(config, links, claims),
    )


def make_app(config: Config, stores: Stores, clock: Clock = now) -> Chalice:
    """The app over these stores."""
    return open_app(
        config,
        stores.links,
        lambda: stores.counters,
        lambda app: mount_owners_routes(app, config, stores, clock),
        clock,
    )


def ask_table(config: Config, stores: Stores) -> None:
    """Read of the table what is not there; of it alone, whatever caches it for others."""
    local = getattr(stores.links, "local", stores.links)
    local.get(health.PROBE, consistent=bool(config.dax))


def mount_owners_routes(app: Chalice, config: Config, stores: Stores, clock: Clock = now) -> None:
    """Add every blueprint but the visitors'."""
    gate = Gate(stores.keys, config.api_key_digest, clock)
    doors = Doors(
        gate=gate,
        limiter=Limiter(stores.counters, config.rate_limit, config.region, clock),
        public_url=config.public_url,
        cursor_secret=config.cursor_secret,
        require_if_match=config.require_if_match,
        api_cache=config.api_cache,
    )
    link_service = make_link_service(config, stores.links, clock)
    keyed_links = KeyedLinkService(link_service, stores.claims, stores.repeated)
    key_service = KeyService(
        stores.keys, clock, secrets.randbelow, gate.forget, config.regions_from_here
    )
    jobs = JobService(stores.tools, clock, secrets.randbelow, config.regions_from_here)
    for blueprint in (
        links.routes(link_service, keyed_links, doors),
        batches.routes(BatchService(link_service, stores.claims, repeated=stores.repeated), doors),
        bulk_edits.routes(BulkEditService(link_service), doors),
        imports.routes(ImportService(link_service), jobs, doors),
        exports.routes(jobs, doors),
        health.routes(
            HealthService({"table": partial(ask_table, config, stores)}, clock), config.place
        ),
        stats.routes(StatService(stores.counts, link_service), doors),
        qr_codes.routes(link_service, doors, draw_qr),
        reference.routes(doors),
        keys.routes(key_service, doors),
    ):
        app.register_blueprint(blueprint)
    let_slugs_be(app, "batch")
    app.register_blueprint(cors.preflights(app.routes))
    app.register_blueprint(other_methods.routes(app.routes))
