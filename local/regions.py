"""One region of the running stack: its API, its database and its DAX, as child processes."""

import socket
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from local.children import Child, listen, url_of, wake_when_orphaned
from local.controls import TOKEN, Channel
from local.dax_children import ClusterPlan, plan_cluster
from local.environments import API, DATABASE, DAX
from local.readiness import ask
from local.settings import Settings


State = Literal["up", "down", "frozen"]


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the parts of a region answer, known before any of them runs."""

    region: str
    listeners: Mapping[str, socket.socket]
    cluster: ClusterPlan | None

    @property
    def urls(self) -> dict[str, str]:
        """By the names of the parts; DAX has an endpoint, and an empty one where there is none."""
        urls = {name: url_of(one) for name, one in self.listeners.items()}
        return {**urls, DAX: self.cluster.endpoint if self.cluster else ""}


def reserve_addresses(region: str) -> Addresses:
    """Ports for a region, as its production stage wants parts."""
    cluster = plan_cluster(region)
    parts = (DATABASE, DAX, API) if cluster else (DATABASE, API)
    return Addresses(region, {name: listen() for name in parts}, cluster)


@dataclass
class Region:
    """A region that runs, that is down, or that is frozen. Its children start in their order."""

    name: str
    urls: Mapping[str, str]
    children: dict[str, Child]
    token: str = field(repr=False)
    state: State = "up"
    _guard: subprocess.Popen[bytes] | None = None
    _is_outdated: bool = False

    @property
    def api(self) -> Child:
        """The process of its API."""
        return self.children[API]

    def channel(self, part: str) -> Channel | None:
        """Where a part takes commands; None where the region has no such part."""
        child = self.children.get(part)
        return Channel(url_of(child.listener), self.token) if child else None

    def start(self) -> None:
        """Start all its processes; they get ready at the same time."""
        for child in self.children.values():
            child.start()

    def stop(self) -> None:
        """End them, the API first, as the others are what it needs."""
        for child in reversed(self.children.values()):
            child.stop()
        self._release()

    def go_down(self) -> None:
        """Lose the region: its processes end at once and stay away, its ports refuse everybody."""
        for child in reversed(self.children.values()):
            child.take_away()
        self._release()
        self.state = "down"

    def freeze(self) -> None:
        """Have all its processes stand still: connections are taken, nothing is answered."""
        if self.state == "up":
            self._guard = wake_when_orphaned(self.children.values())
            for child in reversed(self.children.values()):
                child.freeze()
            self.state = "frozen"

    def heal(self) -> None:
        """Undo what was done to its processes; it is ready some time later."""
        if self.state == "down":
            self.start()
        for child in self.children.values():
            child.thaw()
        self._release()
        was, self.state = self.state, "up"
        if was == "frozen" and self._is_outdated:
            self.api.restart()
        self._is_outdated = False

    def reload(self) -> bool:
        """Run the code of the API as it is now; False when that must wait until it is healed."""
        if self.state != "up":
            self._is_outdated = True
            return False
        self.api.restart()
        return True

    async def is_ready(self, going_on: Callable[[], bool] = lambda: True) -> bool:
        """Wait until all of it answers; False when it does not in time."""

        def starting() -> bool:
            return going_on() and all(child.alive for child in self.children.values())

        # In this order, as an API whose table is not there yet would say so, and mean it; and one
        # whose DAX is not there would do without it for some seconds.
        for name in (DATABASE, DAX):
            if name in self.children:
                await ask(url_of(self.children[name].listener), starting)
        status = await ask(self.health_url, starting)
        if status == 200 and DAX in self.children:
            # The first read is what has the app connect to DAX: ours, and not a visitor's.
            await ask(f"{self.urls[API]}/api/r/everhop", starting)
        return status == 200

    @property
    def health_url(self) -> str:
        """Where the API says how it is."""
        return f"{self.urls[API]}/api/v1/health"

    def _release(self) -> None:
        if self._guard and self._guard.stdin:
            self._guard.stdin.close()
            self._guard.wait()
        self._guard = None


def make_region(
    addresses: Addresses,
    settings: Settings,
    environment: Mapping[str, str],
    token: str,
    log: Path,
) -> Region:
    """The region, not started yet; `environment` is its app's, `log` where its API prints."""
    name, urls, listeners = addresses.region, addresses.urls, addresses.listeners
    controlled = {TOKEN: token}
    # The others by where their tables are, as the app knows them too.
    others = environment["EVERHOP_TABLE_ENDPOINTS"].split()
    words = [str(settings.data), name, environment["EVERHOP_TABLE"], "--api", urls[API]]
    words += [word for other in others for word in ("--peer", other)]
    table = Child("local.database", listeners[DATABASE], words, environ=controlled)
    children = {DATABASE: table}
    if addresses.cluster:
        children[DAX] = addresses.cluster.child(
            listeners[DAX], settings, name, urls[DATABASE], token
        )
    told = {**environment, **controlled}
    children[API] = Child("local.region", listeners[API], [name], environ=told, log=log)
    return Region(name, urls, children, token)
