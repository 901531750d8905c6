"""Both handlers without HTTP, in interpreters of their own: CPU per invocation, and cold starts."""

import json
import os
import subprocess
import sys
import time
from typing import Any

from bench.figures import Figure, pair_rounds
from bench.sides import KEY, BenchError, Pair
from local.settings import ROOT


EVERHOP = ("app", "app")
BARE = ("bench.bare", "handler")


def measure_invocations(pair: Pair, seconds: float, rounds: int) -> list[Figure]:
    """CPU per invocation of either handler, measured in one interpreter in turn."""
    taken = _run(pair, "bench.invocations", str(seconds), str(rounds), KEY)
    return pair_rounds(taken["Everhop"], taken["bare boto3"])


def measure_cold_starts(pair: Pair, seconds: float) -> list[Figure]:
    """Time to import either handler and to its first redirect, in pairs until the time is over."""
    everhop: list[dict[str, float]] = []
    bare: list[dict[str, float]] = []
    until = time.monotonic() + seconds
    while not bare or time.monotonic() < until:
        everhop.append(_run(pair, "bench.cold_start", *EVERHOP))
        bare.append(_run(pair, "bench.cold_start", *BARE))
    return pair_rounds(everhop, bare)


def _run(pair: Pair, module: str, *arguments: str) -> Any:
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        env={**os.environ, **pair.environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if done.returncode != 0:
        raise BenchError(f"{module}: {done.stderr.strip()}")
    # What the handler wrote into its log stands before it.
    return json.loads(done.stdout.splitlines()[-1])
