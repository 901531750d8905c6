"""Joins what counting clicks needs: loaded by its own function alone, at its first event."""

import json
from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import Any
from urllib.parse import unquote_plus

from chalicelib.api.logs import write_line
from chalicelib.config import Config
from chalicelib.core.errors import Unavailable
from chalicelib.core.times import format_time
from chalicelib.entrance import links_model, make_link_store, now
from chalicelib.service.fold_batches import Folded
from chalicelib.service.folds import FoldService, LogFile, name_of_key
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
        places = [_named(record) for record in event.get("Records", ())]
        files = [_file_of(config, *place) for place in places]
        folded = service.fold(files, lambda: context.get_remaining_time_in_millis() / 1000)
        for place, told in zip(places, folded, strict=True):
            if told.state == "refused":
                _bury(dead, *place, told)
            write(_line(config, clock, _said(told)))
        if late := [told.reason for told in folded if told.state == "later"]:
            raise Unavailable(late[0])
        return {"files": [_said(told) for told in folded]}

    return handle


def _named(record: Json) -> tuple[str, str]:
    # S3 writes keys into events as forms write their fields.
    told = record["s3"]
    return told["bucket"]["name"], unquote_plus(told["object"]["key"])


def _file_of(config: Config, bucket: str, key: str) -> LogFile:
    return LogFile(name_of_key(key), partial(read_log, bucket, key, config.region))


def _bury(dead: DeadLogs, bucket: str, key: str, told: Folded) -> None:
    """Send a dead letter of a file; it is `later` when nobody takes that."""
    try:
        dead.send(bucket, key, told.reason)
    except Unavailable as error:
        told.state, told.reason = "later", str(error)


def _said(told: Folded) -> Json:
    if told.state in ("refused", "later"):
        return {"name": told.name, "state": told.state, "reason": told.reason}
    said = {name: getattr(told, name) for name in ("name", "state", "lines", "requests", "chunks")}
    return {**said, "bad": dict(told.bad)}


def _line(config: Config, clock: Clock, said: Mapping[str, Any]) -> str:
    level = {"refused": "error", "later": "warning"}.get(said["state"], "info")
    line = {"level": "warning" if said.get("bad") else level, "event": "clicks"}
    at = {"time": format_time(clock()), **config.place._asdict()}
    return json.dumps({**line, **at, **said}, separators=(",", ":"))
