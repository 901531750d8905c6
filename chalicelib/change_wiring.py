"""Joins what the handler of the stream needs: loaded by its own function alone, at its first event.

A record that can't be read, or whose purge failed, is reported to Lambda, which hands it over again
with all after it; what did go well is then done once more, and that changes nothing.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from chalicelib.api.logs import write_line
from chalicelib.config import Config
from chalicelib.core.changes import Change, Purge, Record
from chalicelib.core.metrics import measure_changes
from chalicelib.core.times import format_time
from chalicelib.entrance import make_link_store, now
from chalicelib.service.changes import ChangeService, Done, describe_done
from chalicelib.service.ports import Clock, LinkStore
from chalicelib.store.streams import UnreadableRecord, read_record, sequence_of


# Seconds for a connection and for an answer: many times a visitor's, as nobody waits for it, and
# what is given up is begun anew with all that came after it.
DAX_WAITS = (1, 2)
Json = dict[str, Any]
Write = Callable[[str], None]


def handle_changes(config: Config, event: Json) -> Json:
    """The function `changes`; its answer is a partial batch response."""
    return _handler(config)(event)


@cache
def _handler(config: Config) -> Callable[[Json], Json]:
    return make_handler(config, make_link_store(config), make_tiers(config))


def make_handler(
    config: Config,
    store: LinkStore,
    tiers: Mapping[str, Purge],
    clock: Clock = now,
    write: Write = write_line,
) -> Callable[[Json], Json]:
    """The handler over these tiers, the lowest first."""
    service = ChangeService(store, tiers, clock)

    def handle(event: Json) -> Json:
        raw = event["Records"]
        records, unread = _read(raw)
        done = service.handle(records)
        for line in _lines(config, clock, done, unread):
            write(json.dumps(line, separators=(",", ":")))
        failed = {*unread, *(it.sequence for it in records if it.key in done.failed)}
        # The first is enough: whatever comes after it in the stream comes again with it.
        first = [it for it in map(sequence_of, raw) if it in failed][:1]
        return {"batchItemFailures": [{"itemIdentifier": it} for it in first]}

    return handle


def _read(raw: Sequence[Json]) -> tuple[list[Record], dict[str, str]]:
    """The records about links, and by their places those that can't be read."""
    records: list[Record] = []
    unread: dict[str, str] = {}
    for one in raw:
        try:
            record = read_record(one)
        except UnreadableRecord as error:
            unread[sequence_of(one)] = str(error)
            continue
        if record is not None:
            records.append(record)
    return records, unread


def _lines(config: Config, clock: Clock, done: Done, unread: Mapping[str, str]) -> list[Json]:
    at = clock()
    place = {"time": format_time(at), **config.place._asdict()}
    lines: list[Json] = [
        {"level": "error", "event": "unreadable_record", **place, "sequence": it, "error": why}
        for it, why in unread.items()
    ]
    lines += [
        {"level": "error", "event": "conflict", **place, **_told(it)} for it in done.conflicts
    ]
    if done.changes or unread:
        values = describe_done(done, at)
        counts = {
            "changes": len(done.changes),
            "ignored": len(done.purged.ignored),
            "unreadable": len(unread),
        }
        level = "warning" if done.failed or done.purged.ignored else "info"
        lines.append(
            {"level": level, "event": "changes", **place, **counts, **measure_changes(at, values)}
        )
    return lines


def _told(change: Change) -> Json:
    """What went wrong with a link, for who has to mend it; it tells of no visitor."""
    versions = {"lost": change.before, "kept": change.now}
    told = {
        name: {"version": it.link.version, "write_id": it.write_id}
        for name, it in versions.items()
        if it
    }
    return {"conflict": change.conflict, "slug": change.key, **told}


def make_tiers(config: Config) -> dict[str, Purge]:
    """The tiers that this deployment has, the lowest first."""
    tiers: dict[str, Purge] = {}
    if config.dax:
        tiers["dax"] = _dax_purge(config)
    if config.api_cache and config.api_url:
        tiers["api"] = _api_purge(config)
    if config.distribution and config.purge != "off":
        from chalicelib.store.edge_purges import EdgePurge  # noqa: PLC0415 - not without an edge

        tiers["edge"] = EdgePurge(config.distribution, config.region, config.purge)
    return tiers


def _dax_purge(config: Config) -> Purge:
    from chalicelib.store.dax_links import DaxSettings, bind_dax, road_of  # noqa: PLC0415
    from chalicelib.store.dax_purges import DaxPurge  # noqa: PLC0415
    from chalicelib.store.models import bind  # noqa: PLC0415

    settings = DaxSettings(config.dax, *DAX_WAITS, open_for=1)
    road = road_of(bind_dax(bind(config.table, config.region), settings))
    return DaxPurge(road, config.table)


def _api_purge(config: Config) -> Purge:
    from botocore.session import get_session  # noqa: PLC0415

    from chalicelib.store.api_purges import ApiPurge, ApiStage  # noqa: PLC0415

    stage = ApiStage(config.api_url, config.region, config.origin_secrets)
    session = get_session()
    return ApiPurge(stage, session.get_credentials, now)
