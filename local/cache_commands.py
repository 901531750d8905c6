"""`python -m local flush|resize`: what is done to the API cache of a running region."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infra.caches import SIZES
from local.controls import STATUS, Act, ControlError, Json, command


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
    """Have a region's cache forget everything, or all of them, and wait until it has."""
    _finish(data, [command(data, FLUSH, region=one) for one in _named(data, region)])


def resize(data: Path, size: str, region: str | None) -> None:
    """Give a cache, or all, another size until its region starts again, and wait for it."""
    _finish(data, [command(data, RESIZE, region=one, size=size) for one in _named(data, region)])


def _named(data: Path, region: str | None) -> list[str]:
    """The region that is named, or all that are up: the others forget it all when they start."""
    if region:
        return [region]
    regions = command(data, STATUS)["regions"]
    return [one["name"] for one in regions if one["state"] == "up"]


def _finish(data: Path, all_begun: list[Json]) -> None:
    for begun in all_begun:
        said = f"{begun['state']}; it forgets {begun['forgotten']:,} answers."
        print(f"{begun['region']}: {said}", flush=True)
    for begun in all_begun:
        _wait(data, begun)


def _wait(data: Path, begun: Json) -> None:
    region, now = begun["region"], begun
    until = time.monotonic() + _MOST_WAIT
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
