"""Watching over what runs: new code is loaded, and what ends by itself is started again."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from watchfiles import PythonFilter, awatch

from local.children import Child
from local.environments import API
from local.front import Front
from local.readiness import ask
from local.regions import Region
from local.settings import ROOT


LIVES_FOR = 3  # seconds; a process that ends sooner would only end again
WATCHED = ("app.py", "chalicelib", ".chalice/config.json")


@dataclass
class Supervisor:
    """Watches over the regions and the other children, by their names, until `stopped` is set."""

    regions: Mapping[str, Region]
    others: Mapping[str, Child]
    front: Front
    stopped: asyncio.Event
    say: Callable[[str], None]

    async def watch(self) -> None:
        """Go on until it is stopped."""
        reporting = asyncio.create_task(self._report_ends())
        try:
            await self._reload_on_change()
        finally:
            reporting.cancel()

    async def _reload_on_change(self) -> None:
        paths = [ROOT / path for path in WATCHED]
        kinds = PythonFilter(extra_extensions=[".json"])
        async for changes in awatch(*paths, watch_filter=kinds, stop_event=self.stopped):
            names = sorted({str(path).removeprefix(f"{ROOT}/") for _, path in changes})
            self.say(f"Changed: {', '.join(names)}. The API starts again.")
            done = await asyncio.gather(*map(_reload, self.regions.values()))
            if any(done):
                where = ", ".join(name for name, one in zip(self.regions, done, strict=True) if one)
                self.say(f"The API runs the new code in {where}.")

    async def _report_ends(self) -> None:
        """Say when a process ends by itself, and start it again unless its code must be mended."""
        known: set[str] = set()
        while True:
            await asyncio.sleep(0.3)
            for name, child in self.others.items():
                self._revive(name, child)
            for region in self.regions.values():
                for part, child in region.children.items():
                    self._revive(f"{part} in {region.name}", child, mends=part == API)
            ended = {name for name, region in self.regions.items() if region.api.ended}
            for name in sorted(ended - known):
                said = "ended; what it said is above. Mend it and save."
                self.say(f"The process of {API} in {name} {said}")
                await self.front.reconnect()
            known = ended

    def _revive(self, name: str, child: Child, *, mends: bool = False) -> None:
        """Start it again; a child that `mends` ended over its code, which is being mended."""
        if child.ended and child.lived_for >= LIVES_FOR and (child.killed or not mends):
            self.say(f"The process of {name} ended and starts again; no link is lost.")
            child.start()
        elif child.ended and not (mends or child.killed):
            self.say(f"The process of {name} ends as soon as it starts; what it said is above.")
            self.stopped.set()


async def _reload(region: Region) -> bool:
    if not await asyncio.to_thread(region.reload):
        return False
    return await ask(region.health_url, while_true=lambda: region.api.alive) == 200
