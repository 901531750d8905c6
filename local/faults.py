"""In the stack's own process: losing a region or its bucket, freezing a region, and healing."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from local.controls import Act, ControlError, Json, hand_on
from local.dax.controls import BEHAVE
from local.dax.faults import Fault
from local.environments import DATABASE, DAX
from local.regions import Region
from local.replication.commands import HEAL as HEAL_REPLICATION
from local.replication.commands import describe
from local.site_buckets import BucketDoor


DOWN, FREEZE, BUCKET_DOWN, HEAL = "region-down", "region-freeze", "site-down", "heal"


@dataclass
class Faults:
    """What may be done to these regions, and to the doors of their buckets where they have one."""

    regions: Mapping[str, Region]
    buckets: Mapping[str, BucketDoor]
    # A region is never in the middle of two faults.
    _one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def acts(self) -> dict[str, Act]:
        """As commands. Each answers `{"said": [a line for each thing done]}`."""
        return {
            DOWN: self._on_one(self._go_down),
            FREEZE: self._on_one(self._freeze),
            BUCKET_DOWN: self._on_one(self._lose_bucket),
            HEAL: self._heal,
        }

    def _on_one(self, act: Callable[[Region], Any]) -> Act:
        async def do(words: Mapping[str, Any]) -> Json:
            named = self._named(words)
            if not named:
                raise ControlError(f"say which region: {' or '.join(self.regions)}.")
            (region,) = named
            async with self._one_at_a_time:
                return {"said": [f"{region.name}: {await act(region)}"]}

        return do

    def _named(self, words: Mapping[str, Any]) -> list[Region]:
        name = words.get("region")
        if name is None:
            return []
        if name not in self.regions:
            raise ControlError(f"{name} does not run here; {', '.join(self.regions)} do.")
        return [self.regions[name]]

    async def _go_down(self, region: Region) -> str:
        await asyncio.to_thread(region.go_down)
        if region.name in self.buckets:
            await self.buckets[region.name].close()
        return "it is down; its API, table, DAX and bucket of the site refuse connections."

    async def _freeze(self, region: Region) -> str:
        if region.state == "down":
            raise ControlError(f"{region.name} is down; heal it first.")
        await asyncio.to_thread(region.freeze)
        if region.name in self.buckets:
            self.buckets[region.name].freeze()
        return "it is frozen; connections are taken, and nothing is answered."

    async def _lose_bucket(self, region: Region) -> str:
        if region.name not in self.buckets:
            raise ControlError(f"there is no bucket of the site in {region.name}.")
        await self.buckets[region.name].close()
        return "its bucket of the site refuses connections."

    async def _heal(self, words: Mapping[str, Any]) -> Json:
        regions = self._named(words) or list(self.regions.values())
        async with self._one_at_a_time:
            said = await asyncio.gather(*map(self._heal_one, regions))
        return {"said": [line for lines in said for line in lines]}

    async def _heal_one(self, region: Region) -> list[str]:
        was = region.state
        if was != "up":
            await asyncio.to_thread(region.heal)
        if region.name in self.buckets:
            await self.buckets[region.name].open()
        if was != "up" and not await region.is_ready():
            raise ControlError(f"{region.name} does not get ready; the console may say why.")
        return [f"{region.name}: it is up.", *await _heal_table(region), *await _heal_dax(region)]


async def _heal_table(region: Region) -> list[str]:
    channel = region.channel(DATABASE)
    healed = await hand_on({region.name: channel}, HEAL_REPLICATION)({}) if channel else {}
    return describe(region.name, healed) if healed else []


async def _heal_dax(region: Region) -> list[str]:
    channel = region.channel(DAX)
    if channel is None:
        return []
    healed = await hand_on({region.name: channel}, BEHAVE)({"fault": Fault.HEALTHY})
    return [f"{region.name}: {describe_node(node)}" for node in healed["nodes"]]


def describe_node(node: Json) -> str:
    """One node of DAX in a line."""
    kept = node["item_cache"]
    return (
        f"DAX node {node['node']} ({node['role']}) is {node['fault']}; "
        f"{kept['hits']:,} hits and {kept['misses']:,} misses so far"
    )
