"""The running stack: its processes in their order, ready when all answer, gone when it ends."""

import asyncio
import signal
import socket
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import IO

from local.cache_commands import COMMANDS
from local.children import listen, url_of
from local.controls import STATUS, Act, Channel, control_handler, hand_on, publish, withdraw
from local.data import api_key, claim
from local.dax.controls import BEHAVE
from local.dax.controls import LOOK as LOOK_AT_DAX
from local.edge.invalidation_api import DISTRIBUTION, Places, invalidation_handler
from local.environments import API, DATABASE, DAX
from local.faults import Faults
from local.front import Front
from local.parts import Doors, Parts, plan_parts
from local.readiness import READY_WITHIN, ask
from local.replication.commands import LOOK as LOOK_AT_REPLICATION
from local.replication.commands import SET as REPLICATE
from local.schedules import call_always
from local.servers import Handler, start_server
from local.settings import Settings
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
    _lock: IO[str] | None = None

    async def run(self) -> None:
        """Start, say where everything is, and serve until Ctrl-C or SIGTERM."""
        started = time.perf_counter()
        stopped = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stopped.set)
        doors = Doors(self._listen())
        self._lock = claim(self.settings.data)
        key = self.settings.given_key or api_key(self.settings.data)
        parts = plan_parts(self.settings, self.environ, key, doors)
        status, front = parts.status, self._front(parts)
        async with AsyncExitStack() as ends:
            ends.push_async_callback(_stop, parts)
            for child in parts.children.values():
                child.start()
            await self._open(parts, doors, front, ends)
            ends.callback(say, "Everhop is stopping.")
            if not await _is_ready(parts, status, stopped):
                return
            watching = Supervisor(parts.regions, parts.others, front, stopped, say).watch()
            cache = await status.cache_of(parts.first)
            serving = asyncio.create_task(watching)
            # Code that changes right after the welcome is seen: the watch is on by then.
            await asyncio.sleep(0)
            for line in welcome(self.settings, self.environ, key, status, cache):
                say(f"  {line}")
            took = time.perf_counter() - started
            say(f"Everhop is ready: {self.settings.url} after {took:.1f} s. Ctrl-C stops it.")
            if parts.keeps_warm:
                schedule = asyncio.create_task(call_always(lambda: parts.apis_up))
                ends.callback(schedule.cancel)
            await serving

    def _listen(self) -> socket.socket:
        try:
            return listen(self.settings.port)
        except OSError:
            raise StackError(
                f"port {self.settings.port} is in use; stop what uses it or set EVERHOP_PORT."
            ) from None

    def _front(self, parts: Parts) -> Front:
        first = parts.first
        return Front(
            api_url=first.urls[API],
            region=first.name,
            hosts=parts.hosts,
            status=parts.status.tell,
            region_alive=lambda: first.api.alive,
            log=say if self.settings.access_log else None,
        )

    async def _open(self, parts: Parts, doors: Doors, front: Front, ends: AsyncExitStack) -> None:
        """Open the doors of this very process; `ends` closes them."""
        await front.open()
        ends.push_async_callback(front.close)
        for bucket in parts.buckets.values():
            await bucket.open()
            ends.push_async_callback(bucket.close)
        places = Places(parts.channels_of_edges)
        handlers: dict[socket.socket, Handler] = {
            doors.control: control_handler(parts.token, _acts(parts)),
            doors.cloudfront: invalidation_handler(DISTRIBUTION, places),
        }
        if not self.settings.edge:
            handlers[doors.public] = front.handle
        for listener, handle in handlers.items():
            runner = await start_server(handle, listener)
            ends.push_async_callback(runner.cleanup)
        # At a port that only the data folder tells.
        publish(self.settings.data, Channel(url_of(doors.control), parts.token))
        ends.callback(withdraw, self.settings.data)


def _acts(parts: Parts) -> dict[str, Act]:
    by_part = {
        API: COMMANDS,
        DAX: (LOOK_AT_DAX, BEHAVE),
        DATABASE: (LOOK_AT_REPLICATION, REPLICATE),
    }
    acts = {
        act: hand_on(parts.channels(part), act) for part, names in by_part.items() for act in names
    }
    acts[STATUS] = lambda _words: parts.status.tell()
    return acts | Faults(parts.regions, parts.buckets).acts


async def _is_ready(parts: Parts, status: Status, stopped: asyncio.Event) -> bool:
    """Wait until all answer; False when it is to stop, StackError when one does not."""

    def starting() -> bool:
        return not stopped.is_set() and all(one.alive for one in parts.children.values())

    doors = [f"{url}/_local/status" for url in status.edges.values()]
    done = await asyncio.gather(
        *(region.is_ready(starting) for region in parts.regions.values()),
        status.wait_for_replication(starting),
        *(ask(url, starting) for url in (status.files, *doors)),
    )
    if stopped.is_set():
        return False
    for name, child in parts.children.items():
        if not child.alive:
            raise StackError(f"the process of {name} ended; what it said is above.")
    if not all(done):
        raise StackError(f"not all of it got ready within {READY_WITHIN} s.")
    return True


async def _stop(parts: Parts) -> None:
    """End all processes, those first that need the others."""
    edges = [one.stop for one in parts.edges.values()]
    rest = [parts.files.stop, *(one.stop for one in parts.regions.values())]
    for stops in (edges, rest):
        await asyncio.gather(*map(asyncio.to_thread, stops))


def run(settings: Settings, environ: Mapping[str, str]) -> None:
    """Run the stack until it is stopped; StackError, ConfigError or DataError when it can't."""
    asyncio.run(Stack(settings, environ).run())
