"""Joins what keeping warm needs: loaded by its own function alone, at its first event."""

import json
from collections.abc import Callable
from datetime import timedelta

from chalicelib.api.logs import write_line
from chalicelib.config import Config
from chalicelib.core.counts import CountRow, workspace_subject
from chalicelib.core.errors import Unavailable
from chalicelib.entrance import make_link_store, now
from chalicelib.service.ports import Clock, CountStore
from chalicelib.service.warming import Warmed, choose, warm
from chalicelib.store.edge_calls import EdgeCall
from chalicelib.wiring import make_counts


Json = dict[str, object]


COUNTED_FOR = timedelta(days=2)  # logs come late: of today alone there may be none yet


def keep_warm(
    config: Config,
    write: Callable[[str], None] = write_line,
    counts: CountStore | None = None,
    clock: Clock = now,
) -> None:
    """One round against the edge of this deployment; a line in the log says what became of it.

    Without an edge nothing is asked: a link with a limit would lose a click by it there.
    """
    if not (config.public_url and config.origin_secrets):
        write(_line(config, {"skipped": "there is no edge: see EVERHOP_ORIGIN_SECRETS"}))
        return
    slugs = choose(config.warm_slugs, _rows(config, counts, clock), config.keep_warm)
    write(_line(config, _told(warm(EdgeCall(config.public_url), slugs))))


def _rows(config: Config, counts: CountStore | None, clock: Clock) -> list[CountRow]:
    """What was followed lately of these workspaces' links; nothing when that can't be told now."""
    if len(config.warm_slugs) >= config.keep_warm:
        return []
    store = counts or make_counts(config, make_link_store(config))
    until = clock()
    subjects = map(workspace_subject, config.warm_workspaces)
    try:
        return [
            row for one in subjects for row in store.read(one, "day", until - COUNTED_FOR, until)
        ]
    except Unavailable:
        return []


def _told(warmed: Warmed) -> Json:
    return {**warmed._asdict(), "failed": len(warmed.failed), "failures": warmed.failed[:10]}


def _line(config: Config, said: Json) -> str:
    level = "WARNING" if said.get("failed") or "skipped" in said else "INFO"
    told = {"level": level, "message": "keep_warm", **said}
    return json.dumps({**told, "stage": config.stage, "region": config.region})
