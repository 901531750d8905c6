"""The running stack: its processes in their order, ready when all answer, gone when it ends."""

import asyncio
import signal
import socket
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import IO

from chalicelib.config import load
from local.cache_commands import COMMANDS
from local.children import Child, listen, url_of
from local.controls import (
    STATUS,
    TOKEN,
    Act,
    Channel,
    control_handler,
    draw_token,
    hand_on,
    publish,
    withdraw,
)
from local.data import api_key, claim, log_file
from local.dax.controls import BEHAVE
from local.dax.controls import LOOK as LOOK_AT_DAX
from local.edges import ORIGINS, Around, draw_secret, plan_edges
from local.environments import (
    API,
    BUCKET,
    DATABASE,
    DAX,
    EDGE,
    FILES,
    Shared,
    app_environment,
)
from local.faults import Faults
from local.front import Front
from local.readiness import READY_WITHIN, ask
from local.regions import Region, make_region, reserve_addresses
from local.replication.commands import LOOK as LOOK_AT_REPLICATION
from local.replication.commands import SET as REPLICATE
from local.servers import start_server
from local.settings import Settings
from local.site_buckets import BucketDoor, SiteBucket
from local.status import Status, welcome
from local.supervision import Supervisor


class StackError(RuntimeError):
    """The stack can't start or go on; the text is the sentence to print."""


def say(text: str) -> None:
    """Print a line at once, also into a pipe."""
    print(text, flush=True)


@dataclass
class Stack:
    """Everything of one `make run`."""

    settings: Settings
    environ: Mapping[str, str]
    key: str = ""
    _lock: IO[str] | None = None
    _token: str = field(default_factory=draw_token, repr=False)
    _environments: dict[str, dict[str, str]] = field(default_factory=dict)
    _regions: dict[str, Region] = field(default_factory=dict)
    _others: dict[str, Child] = field(default_factory=dict)
    _buckets: dict[str, BucketDoor] = field(default_factory=dict)
    _edges: dict[str, str] = field(default_factory=dict)  # URLs by the region they are next to

    async def run(self) -> None:
        """Start, say where everything is, and serve until Ctrl-C or SIGTERM."""
        started = time.perf_counter()
        stopped = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stopped.set)
        door = self._listen()
        self._lock = claim(self.settings.data)
        self.key = self.settings.given_key or api_key(self.settings.data)
        control = listen()
        self._plan(door, url_of(control))
        status = self._status()
        front = self._front(status)
        async with AsyncExitStack() as ends:
            ends.push_async_callback(self._stop_children)
            for child in self._children.values():
                child.start()
            await self._open(front, door, control, status, ends)
            ends.callback(say, "Everhop is stopping.")
            if not await self._is_ready(status, stopped):
                return
            watching = Supervisor(self._regions, self._others, front, stopped, say).watch()
            cache = await status.cache_of(self._regions[self.settings.first])
            serving = asyncio.create_task(watching)
            # Code that changes right after the welcome is seen: the watch is on by then.
            await asyncio.sleep(0)
            for line in welcome(self.settings, self.environ, self.key, status, cache):
                say(f"  {line}")
            took = time.perf_counter() - started
            say(f"Everhop is ready: {self.settings.url} after {took:.1f} s. Ctrl-C stops it.")
            await serving

    def _listen(self) -> socket.socket:
        try:
            return listen(self.settings.port)
        except OSError:
            raise StackError(
                f"port {self.settings.port} is in use; stop what uses it or set EVERHOP_PORT."
            ) from None

    @property
    def _children(self) -> dict[str, Child]:
        of_regions = {
            f"{part} in {region.name}": child
            for region in self._regions.values()
            for part, child in region.children.items()
        }
        return of_regions | self._others

    def _plan(self, door: socket.socket, control: str) -> None:
        """Decide what is to run, with which ports and settings; nothing of it runs yet."""
        settings, files = self.settings, listen()
        addresses = {region: reserve_addresses(region) for region in settings.regions}
        tables = {region: one.urls[DATABASE] for region, one in addresses.items()}
        secret = draw_secret() if settings.edge else ""
        shared = Shared(self.key, secret, url_of(files), tables)
        for region, one in addresses.items():
            environment = app_environment(settings, self.environ, shared, region, one.urls)
            log = log_file(settings.data, region)
            self._environments[region] = environment
            self._regions[region] = make_region(one, settings, environment, self._token, log)
        where = [str(settings.data), settings.first, BUCKET]
        self._others = {FILES: Child("local.files", files, where)}
        if settings.edge:
            self._plan_edges(door, control)

    def _plan_edges(self, door: socket.socket, control: str) -> None:
        settings = self.settings
        bucket = SiteBucket(say=say)
        self._buckets = {region: BucketDoor(bucket) for region in settings.regions[:ORIGINS]}
        around = Around(
            apis={name: one.urls[API] for name, one in self._regions.items()},
            sites={name: one.url for name, one in self._buckets.items()},
            s3=self._files,
            hosts=self._hosts,
            control=control,
        )
        plans = plan_edges(settings.data, self._environments, around, says=settings.access_log)
        # moto asks for credentials but does not check them.
        environ = {
            name: it
            for name, it in self._environments[settings.first].items()
            if name.startswith("AWS_")
        }
        environ[TOKEN] = self._token
        for region, plan in plans.items():
            listener = door if region == settings.first else listen()
            self._others[f"{EDGE} near {region}"] = Child(
                "local.edge", listener, [str(plan)], environ=environ
            )
            self._edges[region] = url_of(listener)

    @property
    def _files(self) -> str:
        return url_of(self._others[FILES].listener)

    @property
    def _hosts(self) -> frozenset[str]:
        own = load(self._environments[self.settings.first]).destinations.own_hosts
        return frozenset(host.partition(":")[0] for host in {"127.0.0.1", "localhost"} | own)

    def _status(self) -> Status:
        caches = self._environments[self.settings.first]["EVERHOP_API_CACHE"] == "on"
        return Status(self._regions, self._edges, self._files, caches)

    def _front(self, status: Status) -> Front:
        first = self._regions[self.settings.first]
        return Front(
            api_url=first.urls[API],
            region=first.name,
            hosts=self._hosts,
            status=status.tell,
            region_alive=lambda: first.api.alive,
            log=say if self.settings.access_log else None,
        )

    async def _open(
        self,
        front: Front,
        door: socket.socket,
        control: socket.socket,
        status: Status,
        ends: AsyncExitStack,
    ) -> None:
        """Open the doors of this very process, and what closes them at the end."""
        await front.open()
        ends.push_async_callback(front.close)
        for bucket in self._buckets.values():
            await bucket.open()
            ends.push_async_callback(bucket.close)
        handlers = {control: control_handler(self._token, self._acts(status))}
        if not self.settings.edge:
            handlers[door] = front.handle
        for listener, handle in handlers.items():
            runner = await start_server(handle, listener)
            ends.push_async_callback(runner.cleanup)
        # At a port that only the data folder tells.
        publish(self.settings.data, Channel(url_of(control), self._token))
        ends.callback(withdraw, self.settings.data)

    def _acts(self, status: Status) -> dict[str, Act]:
        acts = {act: hand_on(self._channels(API), act) for act in COMMANDS}
        acts |= {act: hand_on(self._channels(DAX), act) for act in (LOOK_AT_DAX, BEHAVE)}
        tables = self._channels(DATABASE)
        acts |= {act: hand_on(tables, act) for act in (LOOK_AT_REPLICATION, REPLICATE)}
        acts[STATUS] = lambda _words: status.tell()
        return acts | Faults(self._regions, self._buckets).acts

    def _channels(self, part: str) -> dict[str, Channel]:
        found = {name: region.channel(part) for name, region in self._regions.items()}
        return {name: channel for name, channel in found.items() if channel}

    async def _is_ready(self, status: Status, stopped: asyncio.Event) -> bool:
        """Wait until all answer; False when it is to stop, StackError when one does not."""

        def starting() -> bool:
            return not stopped.is_set() and all(one.alive for one in self._children.values())

        doors = [f"{url}/_local/status" for url in self._edges.values()]
        asked = [ask(url, starting) for url in (self._files, *doors)]
        ready = [region.is_ready(starting) for region in self._regions.values()]
        ready.append(status.wait_for_replication(starting))
        done = await asyncio.gather(*ready, *asked)
        if stopped.is_set():
            return False
        for name, child in self._children.items():
            if not child.alive:
                raise StackError(f"the process of {name} ended; what it said is above.")
        if not all(done):
            raise StackError(f"not all of it got ready within {READY_WITHIN} s.")
        return True

    async def _stop_children(self) -> None:
        """End all, those first that need the others."""
        edges = [one.stop for name, one in self._others.items() if name != FILES]
        rest = [self._others[FILES].stop, *(one.stop for one in self._regions.values())]
        for stops in (edges, rest):
            await asyncio.gather(*map(asyncio.to_thread, stops))


def run(settings: Settings, environ: Mapping[str, str]) -> None:
    """Run the stack until it is stopped; StackError, ConfigError or DataError when it can't."""
    asyncio.run(Stack(settings, environ).run())
