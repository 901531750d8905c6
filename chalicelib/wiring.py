"""Joins the rooms: the only file that sees both the API and the stores."""

import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from chalice.app import Chalice

from chalicelib.api import exports, health, imports, keys, links, qr_codes, redirects, reference
from chalicelib.api.doors import Doors, catch_errors
from chalicelib.api.pictures import let_pictures_pass
from chalicelib.config import Config
from chalicelib.core.errors import NotConfigured
from chalicelib.qr_codes import draw_qr
from chalicelib.service.access import Gate
from chalicelib.service.imports import ImportService
from chalicelib.service.jobs import JobService
from chalicelib.service.keyed_links import KeyedLinkService
from chalicelib.service.keys import KeyService
from chalicelib.service.links import LinkService
from chalicelib.service.ports import ClaimStore, Clock, JobTools, KeyStore, LinkStore
from chalicelib.service.redirects import RedirectService
from chalicelib.urls import parse_url


if TYPE_CHECKING:
    from chalicelib.service.workers import Worker


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


def job_tools(config: Config, store: LinkStore) -> Callable[[], JobTools]:
    """What jobs need, made when the first one is asked for; raises NotConfigured for a lack."""

    @cache
    def make() -> JobTools:
        if config.store == "memory":
            raise NotConfigured("This needs a table: the setting EVERHOP_STORE is memory here.")
        for name, value in (("EVERHOP_BUCKET", config.bucket), ("EVERHOP_WORKER", config.worker)):
            if not value:
                raise NotConfigured(f"The setting {name} is needed for this, and is not set.")
        from chalicelib.store.files import FileBucket  # noqa: PLC0415 - for jobs alone
        from chalicelib.store.jobs import JobTable, bind_jobs  # noqa: PLC0415
        from chalicelib.store.links import LinkTable  # noqa: PLC0415
        from chalicelib.store.models import bind  # noqa: PLC0415
        from chalicelib.store.workers import WorkerCall  # noqa: PLC0415

        links = store.model if isinstance(store, LinkTable) else bind(config.table, config.region)
        return JobTools(
            JobTable(bind_jobs(links)),
            FileBucket(config.bucket, config.region),
            WorkerCall(config.worker, config.region),
        )

    return make


def make_worker(
    tools: Callable[[], JobTools], store: LinkStore, clock: Clock = _now
) -> Callable[[dict[str, str], Any], None]:
    """The worker function: goes on with the job that an event names."""

    @cache
    def make() -> "Worker":
        # Imported here as only the worker needs them, and not the API's cold start.
        from chalicelib.service.exports import ExportCraft  # noqa: PLC0415
        from chalicelib.service.workers import Worker  # noqa: PLC0415

        return Worker(tools, {"export": ExportCraft(store, tools().files)}, clock)

    def work(event: dict[str, str], context: Any) -> None:
        make().run(
            event["workspace"], event["job"], lambda: context.get_remaining_time_in_millis() / 1000
        )

    return work


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


def make_app(  # noqa: PLR0913 - each is a port, and the last two have defaults that will do
    config: Config,
    store: LinkStore,
    key_store: KeyStore,
    clock: Clock = _now,
    claims: ClaimStore | None = None,
    *,
    tools: Callable[[], JobTools] | None = None,
) -> Chalice:
    """The Chalice app with every blueprint mounted."""
    app = Chalice("everhop")
    gate = Gate(key_store, config.api_key_digest, clock)
    doors = Doors(
        gate=gate,
        public_url=config.public_url,
        cursor_secret=config.cursor_secret,
        require_if_match=config.require_if_match,
    )
    link_service = make_link_service(config, store, clock)
    keyed_links = KeyedLinkService(link_service, claims or make_claims(config, store))
    jobs = JobService(tools or job_tools(config, store), clock, secrets.randbelow)
    visitors = RedirectService(store, config.slugs, config.destinations, clock)
    for blueprint in (
        links.routes(link_service, keyed_links, doors),
        redirects.routes(visitors, doors),
        imports.routes(ImportService(link_service), doors),
        exports.routes(jobs, doors),
        health.routes(store, config.region),
        qr_codes.routes(link_service, doors, draw_qr),
        reference.routes(doors),
        keys.routes(KeyService(key_store, clock, secrets.randbelow, gate.forget), doors),
    ):
        app.register_blueprint(blueprint)
    let_pictures_pass(app)
    app.register_middleware(catch_errors, "http")
    return app
