"""What a redirect needs, and no more: wired when Lambda starts the function, before any visitor.

Whatever this file imports, each cold start pays for. All else is wired by wiring.py, at the first
request for it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from chalice.app import Chalice

from chalicelib.api import locks as locks_api
from chalicelib.api import redirects
from chalicelib.api.late_routes import LateRoutes
from chalicelib.api.logs import BugHandler, RequestLog, write_line
from chalicelib.api.pictures import let_pictures_pass
from chalicelib.api.routes import catch_errors
from chalicelib.config import Config
from chalicelib.core.freshness import kept_for
from chalicelib.service.ports import Clock, CounterStore, LinkStore
from chalicelib.service.redirects import RedirectService
from chalicelib.time_zones import find_zone


if TYPE_CHECKING:
    from chalicelib.service.locks import LockService


def now() -> datetime:
    """The time, from this machine's clock."""
    return datetime.now(UTC)


def make_link_store(config: Config) -> LinkStore:
    """The store of links that the configuration names."""
    if config.store == "memory":
        from chalicelib.store.memory import LinkMemory  # noqa: PLC0415

        return LinkMemory()
    # Imported here so that memory needs no PynamoDB, which is most of the import time.
    from chalicelib.store.links import LinkTable  # noqa: PLC0415
    from chalicelib.store.models import bind  # noqa: PLC0415

    table = bind(config.table, config.region)
    links = LinkTable(table, _bind_dax(config, table) if config.dax else None)
    if not config.has_others:
        return links
    from chalicelib.region_wiring import make_regional_links  # noqa: PLC0415 - only where others are

    return make_regional_links(config, links, now)


def _bind_dax(config: Config, table: Any) -> Any:
    """The model of the table by way of DAX."""
    # A stage without DAX loads none of it.
    from chalicelib.api.tiers import tell_tier  # noqa: PLC0415
    from chalicelib.store.dax_links import DaxSettings, bind_dax  # noqa: PLC0415

    settings = DaxSettings(
        config.dax, config.dax_connect_for, config.dax_read_for, config.dax_fallbacks
    )
    return bind_dax(table, settings, tell_tier)


def make_counters(config: Config, store: LinkStore) -> CounterStore:
    """Counters, kept where the links are; few redirects need any."""
    if config.store == "memory":
        from chalicelib.store.memory_counters import CounterMemory  # noqa: PLC0415

        return CounterMemory()
    from chalicelib.store.counters import CounterItem, CounterTable  # noqa: PLC0415
    from chalicelib.store.models import bind_beside  # noqa: PLC0415

    return CounterTable(bind_beside(CounterItem, links_model(config, store)))


def links_model(config: Config, store: LinkStore) -> Any:
    """The model that the stores beside the links share with them, and so its client."""
    from chalicelib.store.links import LinkTable  # noqa: PLC0415
    from chalicelib.store.models import bind  # noqa: PLC0415

    local = getattr(store, "local", store)  # of many regions' links, those of this region
    return local.model if isinstance(local, LinkTable) else bind(config.table, config.region)


def make_locks(
    config: Config,
    store: LinkStore,
    counters: CounterStore,
    clock: Clock,
    report: Callable[[Exception], None],
) -> LockService:
    """What some links ask of their visitors; `report` is told of bugs that stop none of them."""
    from chalicelib.service.clicks import ClickLimits  # noqa: PLC0415
    from chalicelib.service.locks import LockService  # noqa: PLC0415
    from chalicelib.service.passwords import PasswordTries  # noqa: PLC0415

    clicks = of_tries = counters
    if config.has_others and config.store != "memory":
        from chalicelib.keeper_wiring import share_counters  # noqa: PLC0415 - only where others are

        clicks, of_tries = share_counters(store, counters)
    tries = PasswordTries(
        of_tries, clock, config.visitor_secret, shares=max(1, len(config.regions))
    )
    return LockService(config.slugs, ClickLimits(clicks, clock, report), tries)


def open_app(
    config: Config,
    store: LinkStore,
    find_counters: Callable[[], CounterStore],
    mount_rest: Callable[[Chalice], None],
    clock: Clock = now,
) -> Chalice:
    """The app with the visitors' routes; the others are mounted when one of them is asked for."""
    app = Chalice("everhop", configure_logs=False)
    log = make_log(config, clock)
    locks = cache(lambda: make_locks(config, store, find_counters(), clock, log.write_bug))
    visitors = RedirectService(store, config.slugs, config.destinations, clock, locks, find_zone)

    edge_for = kept_for() if config.origin_secrets else 0
    app.register_blueprint(
        redirects.routes(visitors, config.public_url, api_cache=config.api_cache, edge_for=edge_for)
    )
    app.register_blueprint(locks_api.routes(visitors))
    app.routes = LateRoutes(app.routes, lambda: mount_rest(app))  # type: ignore[assignment]
    let_pictures_pass(app)
    keep_log(app, log)
    guard_edge(app, config, clock)
    let_origins_in(app, config)
    tell_tiers(app, config)
    app.register_middleware(catch_errors, "http")
    return app


def make_log(config: Config, clock: Clock) -> RequestLog:
    """Where requests and bugs are written down, as far as the configuration wants them."""
    requests, whole = config.log != "off", config.log == "debug"
    return RequestLog(config.place, clock, write_line, requests=requests, whole=whole)


def keep_log(app: Chalice, log: RequestLog) -> None:
    """Have each request in the log, and what Chalice has to say of mistakes in the same form."""
    app.log.handlers = [BugHandler(log)]
    app.log.propagate = False
    app.register_middleware(log, "http")


def guard_edge(app: Chalice, config: Config, clock: Clock) -> None:
    """Have those refused who go around the edge, where there is one."""
    if config.origin_secrets:
        from chalicelib.api.edge_guards import EdgeGuard  # noqa: PLC0415 - not without an edge

        app.register_middleware(EdgeGuard(config.origin_secrets, clock), "http")


def let_origins_in(app: Chalice, config: Config) -> None:
    """Have browsers told which pages may read the answers."""
    if config.cors_origins:
        from chalicelib.api.cors import Cors  # noqa: PLC0415 - few deployments list any

        app.register_middleware(Cors(config.cors_origins), "http")


def tell_tiers(app: Chalice, config: Config) -> None:
    """Have answers say whether DAX, or another region, was asked, where there is one."""
    if config.dax or config.has_others:
        from chalicelib.api.tiers import time_tiers  # noqa: PLC0415

        app.register_middleware(time_tiers, "http")


def make_app(config: Config) -> Chalice:
    """The app that Lambda runs."""
    store = make_link_store(config)
    find_counters = cache(lambda: make_counters(config, store))

    def mount_rest(app: Chalice) -> None:
        from chalicelib.wiring import make_stores, mount_owners_routes  # noqa: PLC0415

        mount_owners_routes(app, config, make_stores(config, store, find_counters()))

    return open_app(config, store, find_counters, mount_rest)


def make_work(config: Config) -> Callable[[dict[str, str], Any], None]:
    """The function that goes on with jobs; what it needs is loaded at its first event."""

    @cache
    def make() -> Callable[[dict[str, str], Any], None]:
        from chalicelib.job_wiring import make_job_tools, make_worker  # noqa: PLC0415

        store = make_link_store(config)
        return make_worker(config, cache(lambda: make_job_tools(config, store)), store)

    def work(event: dict[str, str], context: Any) -> None:
        make()(event, context)

    return work
