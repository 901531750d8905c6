"""Joins what counting clicks needs: loaded by its own function alone, at its first event."""

import json
from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import Any
from urllib.parse import unquote_plus

from chalicelib.api.logs import write_line
from chalicelib.config import Config
from chalicelib.core.access_logs import BadFile
from chalicelib.core.errors import Unavailable
from chalicelib.core.times import format_time
from chalicelib.entrance import links_model, make_link_store, now
from chalicelib.service.folds import FoldService, name_of_key
from chalicelib.service.ports import Clock
from chalicelib.service.regions import Regions, one_region
from chalicelib.store.folds import FoldTable
from chalicelib.store.log_files import DeadLogs, read_log


Json = dict[str, Any]
Write = Callable[[str], None]


def handle_logs(config: Config, event: Json, context: Any) -> Json:
    """The function `clicks`: fold the files of an event; what became of each.

    Unavailable when one could not be folded now: Lambda hands the event over again.
    """
    return _handler(config)(event, context)


@cache
def _handler(config: Config) -> Callable[[Json, Any], Json]:
    return make_handler(config, make_fold_service(config))


def make_fold_service(config: Config, clock: Clock = now) -> FoldService:
    """The use case over this region's table."""
    links = make_link_store(config)
    model = links_model(config, links)
    folds = FoldTable(model, config.region)
    regions = _regions(config, model, clock)
    return FoldService(links, folds, config.slugs, regions, clock, honour_gpc=config.honour_gpc)


def _regions(config: Config, model: Any, clock: Clock) -> Regions:
    """Those that are told of log files, and of which one is each file's home."""
    if len(config.log_regions) < 2:
        return one_region(config.region, clock)
    from chalicelib.region_wiring import make_regions  # noqa: PLC0415 - not with one region
    from chalicelib.store.links import LinkTable  # noqa: PLC0415

    return make_regions(config._replace(regions=config.log_regions), LinkTable(model), clock)


def make_handler(
    config: Config, service: FoldService, clock: Clock = now, write: Write = write_line
) -> Callable[[Json, Any], Json]:
    """The handler over this service."""
    dead = DeadLogs(config.dead_logs, config.region)

    def handle(event: Json, context: Any) -> Json:
        files, unavailable = [], None
        for bucket, key in map(_named, event.get("Records", ())):
            try:
                said = _fold(config, service, bucket, key, context)
            except BadFile as error:
                said = {"name": name_of_key(key), "state": "refused", "reason": str(error)}
                dead.send(bucket, key, str(error))
            except Unavailable as error:
                said = {"name": name_of_key(key), "state": "later", "reason": str(error)}
                unavailable = error
            files.append(said)
            write(_line(config, clock, said))
        if unavailable is not None:
            raise unavailable
        return {"files": files}

    return handle


def _named(record: Json) -> tuple[str, str]:
    # S3 writes keys into events as forms write their fields.
    told = record["s3"]
    return told["bucket"]["name"], unquote_plus(told["object"]["key"])


def _fold(config: Config, service: FoldService, bucket: str, key: str, context: Any) -> Json:
    def seconds_left() -> float:
        return float(context.get_remaining_time_in_millis()) / 1000

    open_file = partial(read_log, bucket, key, config.region)
    told = service.fold(name_of_key(key), open_file, seconds_left)
    said = {name: getattr(told, name) for name in ("name", "state", "lines", "requests", "chunks")}
    return {**said, "bad": dict(told.bad)}


def _line(config: Config, clock: Clock, said: Mapping[str, Any]) -> str:
    level = {"refused": "error", "later": "warning"}.get(said["state"], "info")
    line = {"level": "warning" if said.get("bad") else level, "event": "clicks"}
    at = {"time": format_time(clock()), **config.place._asdict()}
    return json.dumps({**line, **at, **said}, separators=(",", ":"))
