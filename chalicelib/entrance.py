"""What a redirect needs, and no more: wired when Lambda starts the function, before any visitor.

Whatever this file imports, each cold start pays for. All else is wired by wiring.py, at the first
request for it.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from chalice.app import Blueprint, Chalice

from chalicelib.api import redirects
from chalicelib.api.late_routes import LateRoutes
from chalicelib.api.pictures import let_pictures_pass
from chalicelib.api.routes import catch_errors
from chalicelib.config import Config
from chalicelib.service.ports import Clock, LinkStore
from chalicelib.service.redirects import RedirectService


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

    return LinkTable(bind(config.table, config.region))


def open_app(
    config: Config, store: LinkStore, rest: Callable[[], Iterable[Blueprint]], clock: Clock = now
) -> Chalice:
    """The app with the visitors' routes; `rest` makes the others when one of them is asked for."""
    app = Chalice("everhop")
    visitors = RedirectService(store, config.slugs, config.destinations, clock)

    def mount_rest() -> None:
        from chalicelib.api import other_methods  # noqa: PLC0415

        for blueprint in rest():
            app.register_blueprint(blueprint)
        app.register_blueprint(other_methods.routes(app.routes))

    app.register_blueprint(redirects.routes(visitors, config.public_url))
    app.routes = LateRoutes(app.routes, mount_rest)  # type: ignore[assignment]
    let_pictures_pass(app)
    app.register_middleware(catch_errors, "http")
    return app


def make_app(config: Config) -> Chalice:
    """The app that Lambda runs."""
    store = make_link_store(config)

    def rest() -> Iterable[Blueprint]:
        from chalicelib.wiring import make_key_store, owners_routes  # noqa: PLC0415

        return owners_routes(config, store, make_key_store(config, store))

    return open_app(config, store, rest)
