"""What is up, as `/_local/status` says it and as the console does at the start."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from local.cache_commands import LOOK, say_settings
from local.controls import ControlError, Json, hand_on
from local.edge.places import PLACES
from local.environments import API, DATABASE, DAX
from local.readiness import READY_WITHIN
from local.regions import Region
from local.replication.commands import LOOK as LOOK_AT_REPLICATION
from local.settings import Settings


@dataclass(frozen=True, slots=True)
class Status:
    """The running stack: its regions, the first first, and the URLs of the edge next to each."""

    regions: Mapping[str, Region]
    edges: Mapping[str, str]
    files: str
    caches: bool  # whether there are API caches to be asked

    async def tell(self) -> Json:
        """The public contract's status; a tier that is not there is absent."""
        regions = await asyncio.gather(*map(self._tell_region, self.regions))
        edges = [{"name": PLACES[region], "url": url} for region, url in self.edges.items()]
        status = {"regions": regions, "s3_endpoint": self.files}
        return {**status, "edges": edges} if edges else status

    async def _tell_region(self, name: str) -> Json:
        region = self.regions[name]
        dax, cache = region.urls[DAX], await self.cache_of(region)
        replication = await self._replication_of(region)
        return {
            "name": name,
            "home": name == next(iter(self.regions)),
            "state": region.state,
            "api_url": f"{region.urls[API]}/api",
            **({"dax_endpoint": dax} if dax else {}),
            "dynamodb_endpoint": region.urls[DATABASE],
            **replication,
            **({"api_cache": cache} if cache else {}),
        }

    async def wait_for_replication(self, going_on: Callable[[], bool]) -> bool:
        """Wait until every region has heard of all others; False when that can't be any more."""
        until = time.monotonic() + READY_WITHIN
        while going_on() and time.monotonic() < until:
            told = await asyncio.gather(*map(self._replication_of, self.regions.values()))
            if len(told) == 1 or all(one.get("lag_for") is not None for one in told):
                return True
            await asyncio.sleep(0.05)
        return False

    async def _replication_of(self, region: Region) -> Json:
        """How it hears of the others; nothing where there are none, or it does not tell."""
        said = await _ask(region, DATABASE, LOOK_AT_REPLICATION)
        if not said or not said["replication"]:
            return {}
        return {"lag_for": lag_for(said["replication"]), "replication": said["replication"]}

    async def cache_of(self, region: Region) -> Json | None:
        """Its API cache as it is now; None where there is none, or it is busy."""
        return await _ask(region, API, LOOK) if self.caches else None


async def _ask(region: Region, part: str, act: str) -> Json | None:
    """What a part of the region tells of itself at once; None when it can't."""
    channel = region.channel(part)
    if channel is None or region.state != "up" or not region.children[part].alive:
        return None
    try:
        said = await hand_on({region.name: channel}, act, within=1.0)({})
    except ControlError:
        return None
    del said["region"]
    return said


def lag_for(directions: Sequence[Json]) -> float | None:
    """Seconds that what others write is late, as it is or is told to be; None if nobody knows."""
    lags = [max(one["lag"], one["lag_for"]) for one in directions if one["lag"] is not None]
    return max(lags) if len(lags) == len(directions) else None


def welcome(
    settings: Settings, environ: Mapping[str, str], key: str, status: Status, cache: Json | None
) -> list[str]:
    """The lines that tell a person where everything is; `cache` is the first region's."""
    url = settings.url
    lines = [
        f"dashboard   {url}/#key={key}",
        f"REST API    {url}/api/v1   (Authorization: Bearer {key})",
        f"API docs    {url}/api/docs",
        f"short links {url}/{{slug}}   (a trailing + shows where it leads)",
        *_say_regions(status),
    ]
    if cache:
        lines.append(f"API cache   {say_settings(cache)}")
    logs = ", ".join(f"requests-{name}.jsonl" for name in settings.regions)
    return [
        *lines,
        f"data        {settings.data}   (`{_clean_command(environ)}` forgets all links)",
        f"request log {settings.data}/{logs}   (JSON, as CloudWatch gets it)",
    ]


def _say_regions(status: Status) -> list[str]:
    names = ["regions    ", *[" " * 11] * len(status.regions)]
    lines = [
        f"{region} behind {PLACES[region]} at {status.edges[region]}"
        if status.edges
        else f"{region} at {one.urls[API]}/api"
        for region, one in status.regions.items()
    ]
    return [f"{name} {line}" for name, line in zip(names, lines, strict=False)]


def _clean_command(environ: Mapping[str, str]) -> str:
    named = environ.get("EVERHOP_DATA")
    return f"EVERHOP_DATA={named} make clean-data" if named else "make clean-data"
