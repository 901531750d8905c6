"""`python -m local flush|resize`: what is done to the API cache of a running region."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infra.caches import SIZES
from local.controls import Act, ControlError, Json, command


if TYPE_CHECKING:
    from local.stage_api import StageApi


LOOK, FLUSH, RESIZE = "cache", "flush", "resize"
COMMANDS = (LOOK, FLUSH, RESIZE)
_MOST_WAIT = 30.0


def cache_acts(api: "StageApi") -> dict[str, Act]:
    """In the region's process: what the commands do there."""

    async def look(_words: Mapping[str, Any]) -> Json:
        if not api.size:
            raise ControlError("there is no API cache; start with EVERHOP_API_CACHE=on make run.")
        return api.describe()

    async def flush(words: Mapping[str, Any]) -> Json:
        before = await look(words)
        api.flush()
        return {**api.describe(), "forgotten": before["answers"]}

    async def resize(words: Mapping[str, Any]) -> Json:
        before, size = await look(words), str(words.get("size"))
        if size not in SIZES:
            raise ControlError(f"there is no size {size}; API Gateway has {', '.join(SIZES)} GB.")
        api.resize(size)
        return {**api.describe(), "forgotten": before["answers"]}

    return {LOOK: look, FLUSH: flush, RESIZE: resize}


def flush(data: Path, region: str | None) -> None:
    """Have a region's cache forget everything, and wait until it has."""
    _finish(data, command(data, FLUSH, region=region))


def resize(data: Path, size: str, region: str | None) -> None:
    """Give a region's cache another size until the region starts again, and wait for it."""
    _finish(data, command(data, RESIZE, region=region, size=size))


def _finish(data: Path, begun: Json) -> None:
    region = begun["region"]
    print(f"{region}: {begun['state']}; it forgets {begun['forgotten']:,} answers.", flush=True)
    until, now = time.monotonic() + _MOST_WAIT, begun
    while now["state"].endswith("_IN_PROGRESS"):
        if time.monotonic() > until:
            raise ControlError(f"the cache of {region} is still {now['state']}.")
        time.sleep(0.1)
        now = command(data, LOOK, region=region)
    print(f"{region}: {now['state']}, {now['size']} GB.")


def say_settings(cache: Json) -> str:
    """The line about a cache that the stack prints when it starts."""
    kept = ", ".join(f"{path} {seconds} s" for path, seconds in cache["fresh_for"].items())
    return f"{cache['size']} GB: {kept}   (`python -m local flush` empties it)"
