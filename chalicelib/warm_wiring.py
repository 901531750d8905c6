"""Joins what keeping warm needs: loaded by its own function alone, at its first event."""

import json
from collections.abc import Callable

from chalicelib.api.logs import write_line
from chalicelib.config import Config
from chalicelib.service.warming import Warmed, warm
from chalicelib.store.edge_calls import EdgeCall


Json = dict[str, object]


def keep_warm(config: Config, write: Callable[[str], None] = write_line) -> None:
    """One round against the edge of this deployment; a line in the log says what became of it.

    Without an edge nothing is asked: a link with a limit would lose a click by it there.
    """
    if not (config.public_url and config.origin_secrets):
        write(_line(config, {"skipped": "there is no edge: see EVERHOP_ORIGIN_SECRETS"}))
        return
    slugs = config.warm_slugs[: config.keep_warm]
    write(_line(config, _told(warm(EdgeCall(config.public_url), slugs))))


def _told(warmed: Warmed) -> Json:
    return {**warmed._asdict(), "failed": len(warmed.failed), "failures": warmed.failed[:10]}


def _line(config: Config, said: Json) -> str:
    level = "WARNING" if said.get("failed") or "skipped" in said else "INFO"
    told = {"level": level, "message": "keep_warm", **said}
    return json.dumps({**told, "stage": config.stage, "region": config.region})
