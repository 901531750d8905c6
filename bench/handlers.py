"""Both handlers without HTTP, in interpreters of their own: CPU per invocation, and cold starts."""

import json
import os
import subprocess
import sys
import tempfile
import time
from typing import Any

from bench.figures import Figure, pair_rounds
from bench.sides import KEY, BenchError, Pair
from local.settings import ROOT


EVERHOP = ("app", "app")
# What the cold starts are compared with, by what is added to the figures' names.
FLOORS = {
    "": ("bench.bare", "handler"),
    " / Chalice + PynamoDB alone": ("bench.alone",),
    " / plain Chalice + PynamoDB app": ("bench.plain", "app"),
}


def measure_invocations(pair: Pair, seconds: float, rounds: int) -> list[Figure]:
    """CPU per invocation of either handler, measured in one interpreter in turn."""
    taken = run_apart(pair, "bench.invocations", str(seconds), str(rounds), KEY)
    return pair_rounds(taken["Everhop"], taken["bare boto3"])


def measure_cold_starts(pair: Pair, seconds: float) -> list[Figure]:
    """Time to import the app and to its first redirect, against each floor in turn.

    Each round is one start of Everhop and one of each floor, right after each other and every time
    in another order, in fresh interpreters that find all bytecode compiled.
    """
    with tempfile.TemporaryDirectory(prefix="everhop-bytecode-") as bytecode:

        def start(handler: tuple[str, ...]) -> Any:
            return run_apart(pair, "bench.cold_start", *handler, PYTHONPYCACHEPREFIX=bytecode)

        sides = [("Everhop", EVERHOP), *FLOORS.items()]
        rounds: list[dict[str, dict[str, float]]] = []
        until = time.monotonic() + seconds
        while len(rounds) < 2 or time.monotonic() < until:
            order = sides[len(rounds) % len(sides) :] + sides[: len(rounds) % len(sides)]
            rounds.append({name: start(handler) for name, handler in order})
    # The first round has compiled everything.
    return [figure for name in FLOORS for figure in _against(name, rounds[1:])]


def _against(floor: str, rounds: list[dict[str, dict[str, float]]]) -> list[Figure]:
    names = [name for name in rounds[0][floor] if name in rounds[0]["Everhop"]]
    sides = [
        [{name + floor: one[side][name] for name in names} for one in rounds]
        for side in ("Everhop", floor)
    ]
    return pair_rounds(*sides)


def run_apart(pair: Pair, module: str, *arguments: str, **more: str) -> Any:
    """What a module prints in JSON, run by itself in the app's environment."""
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        env={**_inherited(), **pair.environment, **more},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if done.returncode != 0:
        raise BenchError(f"{module}: {done.stderr.strip()}")
    # What the handler wrote into its log stands before it.
    return json.loads(done.stdout.splitlines()[-1])


def _inherited() -> dict[str, str]:
    # A machine that keeps no bytecode would have the compiler measured.
    return {name: it for name, it in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
