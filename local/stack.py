"""The running stack: its processes in their order, ready when all answer, gone when it ends."""

import asyncio
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from aiohttp import ClientError, ClientSession, ClientTimeout
from aiohttp.web import ServerRunner
from watchfiles import PythonFilter, awatch

from chalicelib.config import load
from local.cache_commands import COMMANDS, LOOK, say_settings
from local.children import Child, listen, url_of
from local.controls import (
    STATUS,
    TOKEN,
    Channel,
    ControlError,
    Json,
    control_handler,
    draw_token,
    hand_on,
    publish,
    withdraw,
)
from local.data import api_key, claim, log_file
from local.dax.controls import BEHAVE
from local.dax.controls import LOOK as LOOK_AT_DAX
from local.dax_children import plan_cluster
from local.edges import PLACE, Around, plan_edge
from local.environments import API, BUCKET, DATABASE, DAX, EDGE, FILES, app_environment
from local.front import Front
from local.servers import start_server
from local.settings import ROOT, Settings
from local.site_buckets import SiteBucket


READY_WITHIN = 30
LIVES_FOR = 3  # seconds; a process that ends sooner would only end again
WATCHED = ("app.py", "chalicelib", ".chalice/config.json")


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
    _log: Path | None = None
    _children: dict[str, Child] = field(default_factory=dict)
    _caches: bool = False
    _token: str = field(default_factory=draw_token, repr=False)
    _environment: Mapping[str, str] = field(default_factory=dict)
    _urls: Mapping[str, str] = field(default_factory=dict)

    async def run(self) -> None:
        """Start, say where everything is, and serve until Ctrl-C or SIGTERM."""
        started = time.perf_counter()
        stopped = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stopped.set)
        listener = self._listen()
        self._lock = claim(self.settings.data)
        self.key = self.settings.given_key or api_key(self.settings.data)
        self._log = log_file(self.settings.data, self.settings.region)
        front = self._start_children()
        await front.open()
        runners = []
        try:
            await self._until_ready(front, stopped)
            if not stopped.is_set():
                # Before the door: an edge asks there what is up.
                control = listen()
                runners.append(await self._take_commands(control))
                runners.append(await self._open_door(front, listener, url_of(control)))
                cache = await self._cache()
                serving = asyncio.create_task(self._serve(front, stopped))
                # Code that changes right after the welcome is seen: the watch is on by then.
                await asyncio.sleep(0)
                self._welcome(time.perf_counter() - started, cache)
                await serving
        finally:
            say("Everhop is stopping.")
            withdraw(self.settings.data)
            for runner in runners:
                await runner.cleanup()
            await front.close()
            for child in reversed(self._children.values()):
                child.stop()

    def _listen(self) -> Any:
        try:
            return listen(self.settings.port)
        except OSError:
            raise StackError(
                f"port {self.settings.port} is in use; stop what uses it or set EVERHOP_PORT."
            ) from None

    async def _take_commands(self, listener: Any) -> ServerRunner:
        """Take commands, at a port that only the data folder tells."""
        acts = {act: hand_on(self._channels(API), act) for act in COMMANDS}
        acts |= {act: hand_on(self._channels(DAX), act) for act in (LOOK_AT_DAX, BEHAVE)}
        acts[STATUS] = lambda _words: self._status()
        runner = await start_server(control_handler(self._token, acts), listener)
        publish(self.settings.data, Channel(url_of(listener), self._token))
        return runner

    def _channels(self, name: str) -> dict[str, Channel]:
        if name not in self._children:
            return {}
        url = url_of(self._children[name].listener)
        return {self.settings.region: Channel(url, self._token)}

    async def _cache(self) -> Json | None:
        """The region's API cache as it is now; None where there is none, or it is busy."""
        if not (self._caches and self._children[API].alive):
            return None
        try:
            return await hand_on(self._channels(API), LOOK, within=1.0)({})
        except ControlError:
            return None

    def _start_children(self) -> Front:
        settings = self.settings
        sockets = {name: listen() for name in (API, DATABASE, FILES, DAX)}
        urls = {name: url_of(one) for name, one in sockets.items()}
        cluster = plan_cluster(settings.region)
        urls[DAX] = cluster.endpoint if cluster else ""
        environment = app_environment(settings, self.environ, self.key, urls)
        self._caches = environment["EVERHOP_API_CACHE"] == "on"
        where = [str(settings.data), settings.region]
        table = [*where, environment["EVERHOP_TABLE"]]
        self._children = {
            DATABASE: Child(
                "local.database",
                sockets[DATABASE],
                [*table, "--api", urls[API]],
                environ={TOKEN: self._token},
            ),
            FILES: Child("local.files", sockets[FILES], [*where, BUCKET]),
            **(
                {DAX: cluster.child(sockets[DAX], settings, urls[DATABASE], self._token)}
                if cluster
                else {}
            ),
            API: Child(
                "local.region",
                sockets[API],
                [settings.region],
                environ={**environment, TOKEN: self._token},
                log=self._log,
            ),
        }
        for child in self._children.values():
            child.start()
        own = {"127.0.0.1", "localhost"} | load(environment).destinations.own_hosts
        self._environment, self._urls = environment, urls
        return Front(
            api_url=urls[API],
            region=settings.region,
            hosts=frozenset(host.partition(":")[0] for host in own),
            status=self._status,
            region_alive=lambda: self._children[API].alive,
            log=say if settings.access_log else None,
        )

    async def _open_door(self, front: Front, listener: Any, control: str) -> ServerRunner:
        """Let visitors in: to the front, or to the edge with the site's bucket behind it."""
        if not self.settings.edge:
            return await start_server(front.handle, listener)
        bucket = listen()
        runner = await start_server(SiteBucket(say=say).serve, bucket)
        site, s3 = url_of(bucket), self._urls[FILES]
        around = Around(self._urls[API], site, s3, front.hosts, control)
        settings, says = self.settings, self.settings.access_log
        plan = plan_edge(settings.data, settings.region, self._environment, around, says=says)
        # moto asks for credentials but does not check them.
        environ = {name: it for name, it in self._environment.items() if name.startswith("AWS_")}
        environ[TOKEN] = self._token
        self._children[EDGE] = Child("local.edge", listener, [str(plan)], environ=environ)
        self._children[EDGE].start()
        await _ask(f"{self.settings.url}/_local/status", lambda: self._children[EDGE].alive)
        return runner

    async def _status(self) -> dict[str, Any]:
        region: Json = {
            "name": self.settings.region,
            "home": True,
            "api_url": f"{self._urls[API]}/api",
            **({"dax_endpoint": self._urls[DAX]} if self._urls[DAX] else {}),
            "dynamodb_endpoint": self._urls[DATABASE],
        }
        cache = await self._cache()
        if cache:
            del cache["region"]
            region["api_cache"] = cache
        edges = [{"name": PLACE, "url": self.settings.url}] if self.settings.edge else []
        status = {"regions": [region], "s3_endpoint": self._urls[FILES]}
        return {**status, "edges": edges} if edges else status

    async def _until_ready(self, front: Front, stopped: asyncio.Event) -> None:
        def starting() -> bool:
            alive = all(child.alive for child in self._children.values())
            return alive and not stopped.is_set()

        # In this order, as a region whose table is not there yet would say so, and mean it;
        # and one whose DAX is not there would do without it for some seconds.
        for name in (DATABASE, DAX):
            if name in self._children:
                await _ask(url_of(self._children[name].listener), while_true=starting)
        status = await _ask(f"{front.api_url}/api/v1/health", while_true=starting)
        for name, child in self._children.items():
            if not child.alive:
                raise StackError(f"the process of {name} ended; what it said is above.")
        if DAX in self._children:
            # The first read is what has the app connect to DAX: ours, and not a visitor's.
            await _ask(f"{front.api_url}/api/r/everhop", while_true=starting)
        if status != 200 and not stopped.is_set():
            raise StackError(f"the region's API did not get ready within {READY_WITHIN} s.")

    @property
    def _clean_command(self) -> str:
        named = self.environ.get("EVERHOP_DATA")
        return f"EVERHOP_DATA={named} make clean-data" if named else "make clean-data"

    def _welcome(self, took: float, cache: Json | None) -> None:
        url, key = self.settings.url, self.key
        say(f"  dashboard   {url}/#key={key}")
        say(f"  REST API    {url}/api/v1   (Authorization: Bearer {key})")
        say(f"  API docs    {url}/api/docs")
        say(f"  short links {url}/{{slug}}   (a trailing + shows where it leads)")
        if cache:
            say(f"  API cache   {say_settings(cache)}")
        say(f"  data        {self.settings.data}   (`{self._clean_command}` forgets all links)")
        say(f"  request log {self._log}   (JSON, as CloudWatch gets it)")
        say(f"Everhop is ready: {url} after {took:.1f} s. Ctrl-C stops it.")

    async def _serve(self, front: Front, stopped: asyncio.Event) -> None:
        reporting = asyncio.create_task(self._report_ends(front, stopped))
        try:
            await self._reload_on_change(front, stopped)
        finally:
            reporting.cancel()

    async def _reload_on_change(self, front: Front, stopped: asyncio.Event) -> None:
        paths = [ROOT / path for path in WATCHED]
        kinds = PythonFilter(extra_extensions=[".json"])
        async for changes in awatch(*paths, watch_filter=kinds, stop_event=stopped):
            names = sorted({str(path).removeprefix(f"{ROOT}/") for _, path in changes})
            say(f"Changed: {', '.join(names)}. The API starts again.")
            await asyncio.to_thread(self._children[API].restart)
            if await _ask(f"{front.api_url}/api/v1/health", while_true=front.region_alive) == 200:
                say("The API runs the new code.")

    def _revive(self, name: str, stopped: asyncio.Event) -> None:
        child = self._children[name]
        if child.ended and child.lived_for >= LIVES_FOR and (name != API or child.killed):
            say(f"The process of {name} ended and starts again; no link is lost.")
            child.start()
        elif child.ended and name != API:
            say(f"The process of {name} ends as soon as it starts; what it said is above.")
            stopped.set()

    async def _report_ends(self, front: Front, stopped: asyncio.Event) -> None:
        """Say when a process ends by itself, and start it again unless its code must be mended."""
        known = False
        while True:
            await asyncio.sleep(0.3)
            for name in self._children:
                self._revive(name, stopped)
            if self._children[API].ended and not known:
                say(f"The process of {API} ended; what it said is above. Mend it and save.")
                await front.reconnect()
            known = self._children[API].ended


async def _ask(url: str, while_true: Callable[[], bool] = lambda: True) -> int:
    """The status that `url` answers with, as soon as it does; 0 when it can't any more."""
    asked = asyncio.create_task(_get_status(url))
    while not asked.done() and while_true():
        await asyncio.wait({asked}, timeout=0.2)
    asked.cancel()
    return 0 if asked.cancelled() or not asked.done() else asked.result()


async def _get_status(url: str) -> int:
    async with ClientSession(timeout=ClientTimeout(total=READY_WITHIN)) as session:
        try:
            async with session.get(url) as response:
                return response.status
        except (ClientError, TimeoutError):
            return 0


def run(settings: Settings, environ: Mapping[str, str]) -> None:
    """Run the stack until it is stopped; StackError, ConfigError or DataError when it can't."""
    asyncio.run(Stack(settings, environ).run())
