"""A stack on this machine for a drill: one of its own, or one that runs; and how it is broken."""

import asyncio
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local.chaos import break_it
from local.children import free_ports
from local.controls import STATUS, ControlError, command
from local.edge.places import PLACES
from local.replication.commands import LOOK
from local.settings import ROOT
from tools.client import CannotRun, find_key


REGIONS = "us-east-1,eu-west-1"
_READY_WITHIN = 90.0
_STOPS_WITHIN = 20.0


@dataclass(frozen=True, slots=True)
class Stack:
    """A running stack: where its data is, its key, and the URL of the edge next to each region."""

    data: Path
    key: str = field(repr=False)
    places: Mapping[str, str]
    databases: Mapping[str, str]

    @property
    def regions(self) -> tuple[str, ...]:
        """Its regions, the first first."""
        return tuple(self.places)

    @property
    def port(self) -> str:
        """That of its front door."""
        return next(iter(self.places.values())).rpartition(":")[2]

    def others(self, region: str) -> list[str]:
        """All regions but one."""
        return [it for it in self.regions if it != region]

    async def chaos(self, fault: str, *words: str) -> None:
        """`python -m local chaos FAULT WORDS`."""
        print(f"* chaos {' '.join([fault, *words])}", flush=True)
        try:
            await asyncio.to_thread(break_it, self.data, fault, words)
        except ControlError as error:
            raise CannotRun(f"chaos {fault}: {error}") from None

    async def status(self) -> dict[str, Any]:
        """What is up."""
        return await asyncio.to_thread(command, self.data, STATUS)

    async def behind(self, region: str) -> int:
        """How many changes the region's function `changes` has not heard of yet."""
        said = await asyncio.to_thread(command, self.data, LOOK, region=region)
        return int(said["stream"]["behind"])

    async def tool(self, *words: str) -> int:
        """`python -m tools WORDS` about this stack, its lines among ours; the exit status."""
        print(f"* python -m tools {' '.join(words)}", flush=True)
        environ = {**os.environ, "EVERHOP_PORT": self.port, "EVERHOP_DATA": str(self.data)}
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tools", *words, cwd=ROOT, env=environ
        )
        return await child.wait()


@contextmanager
def some_stack(data: Path | None, environ: Mapping[str, str]) -> Iterator[Stack]:
    """The stack that has its data there, else a new one with these settings, which ends here."""
    if data is not None:
        yield find_stack(data)
        return
    with tempfile.TemporaryDirectory(prefix="everhop-drill-") as folder:
        data = Path(folder)
        process = _start(data, environ)
        try:
            yield find_stack(data, str(data / "key"))
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(_STOPS_WITHIN)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _start(data: Path, environ: Mapping[str, str]) -> subprocess.Popen[bytes]:
    key, console = f"eh_{secrets.token_urlsafe(24)}", data / "console.txt"
    (data / "key").write_text(key)
    settings = {
        "EVERHOP_REGIONS": REGIONS,
        "EVERHOP_ACCESS_LOG": "off",
        "EVERHOP_LOG": "off",
        "EVERHOP_RATE_LIMIT": "off",
        **{name: text for name, text in os.environ.items() if name.startswith("EVERHOP_")},
        **environ,
        "EVERHOP_PORT": str(free_ports(1)[0]),
        "EVERHOP_DATA": str(data),
        "EVERHOP_API_KEY": key,
    }
    with console.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "local"],
            cwd=ROOT,
            env={**os.environ, **settings},
            stdout=out,
            stderr=subprocess.STDOUT,
            # Ctrl-C is ours: the stack is ended when the drill is.
            start_new_session=True,
        )
    _wait_for(lambda: _is_ready(console, process))
    if "Everhop is ready:" not in console.read_text(errors="replace"):
        process.kill()
        raise CannotRun(f"the stack did not start:\n{console.read_text(errors='replace')}")
    return process


def _is_ready(console: Path, process: subprocess.Popen[bytes]) -> bool:
    said = console.read_text(errors="replace")
    return "Everhop is ready:" in said or process.poll() is not None


def _wait_for(true: Callable[[], bool]) -> None:
    until = time.monotonic() + _READY_WITHIN
    while not true() and time.monotonic() < until:
        time.sleep(0.1)


def find_stack(data: Path, key_file: str = "") -> Stack:
    """The stack that runs with its data there; CannotRun when there is none for a drill."""
    try:
        said = command(data, STATUS)
    except ControlError as error:
        raise CannotRun(str(error)) from None
    databases = {one["name"]: one["dynamodb_endpoint"] for one in said["regions"]}
    urls = {one["name"]: one["url"] for one in said.get("edges", [])}
    places = {name: urls[PLACES[name]] for name in databases if PLACES[name] in urls}
    if len(places) < 2:
        raise CannotRun("a drill needs two regions behind the edge (EVERHOP_REGIONS, EVERHOP_EDGE)")
    if key_file:
        return Stack(data, Path(key_file).read_text(), places, databases)
    key = find_key(next(iter(places.values())), {**os.environ, "EVERHOP_DATA": str(data)})
    return Stack(data, key, places, databases)


def lags_of(status: Mapping[str, Any]) -> Sequence[float | None]:
    """By how much each region is behind the others, in seconds; None when it does not know."""
    return [one.get("lag_for") for one in status["regions"]]
