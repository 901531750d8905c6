"""Both sides under load, in turn: answers per second, how long each took, and the CPU they cost."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict

from bench.events import (
    REDIRECTS,
    create_body,
    create_request,
    destination_of,
    follow_request,
    slug_of,
)
from bench.figures import Figure, pair_rounds, percentile
from bench.load import Ask, Outcome, Plan
from bench.processes import cpu_seconds
from bench.sides import KEY, BenchError, Pair, Side, check_made
from local.settings import ROOT


CONNECTIONS = 8
WARM_UP = 0.2
Slice = Callable[[Side, float], dict[str, float]]


def measure_traffic(
    pair: Pair, seconds: float, rounds: int, say: Callable[[str], None]
) -> list[Figure]:
    """The figures of redirects at the API, redirects through the front, and creates."""
    kinds: dict[str, Slice] = {
        "redirects at the API": redirects_at_api,
        "redirects through the front": redirects_through_front,
        "creates at the API": creates_at_api,
    }
    each = seconds / (len(kinds) * 2 * rounds)
    figures: list[Figure] = []
    for name, take in kinds.items():
        say(f"{name}: {rounds} rounds of 2 x {each:.1f} s")
        figures += _alternate(pair, take, each, rounds)
    return figures


def _alternate(pair: Pair, take: Slice, each: float, rounds: int) -> list[Figure]:
    everhop, bare = pair.sides
    taken: dict[str, list[dict[str, float]]] = {everhop.name: [], bare.name: []}
    for side in pair.sides:
        take(side, min(WARM_UP, each))
    for number in range(rounds):
        # A B, B A, A B: what drifts over time favours neither.
        for side in pair.sides if number % 2 == 0 else reversed(pair.sides):
            taken[side.name].append(take(side, each))
    return pair_rounds(taken[everhop.name], taken[bare.name])


def redirects_at_api(side: Side, seconds: float) -> dict[str, float]:
    """Redirects at the region's own API: the handler behind the gateway, without the front."""
    plan = Plan(side.api_port, CONNECTIONS, seconds, _follows("/api/r/"))
    outcome, cpu = _apply(side, plan)
    count = len(outcome.latencies)
    return {
        "redirects/s, API": count / outcome.seconds,
        **_latencies("redirect, API", outcome),
        "CPU ms/redirect, API process": cpu[0] * 1000 / count,
    }


def redirects_through_front(side: Side, seconds: float) -> dict[str, float]:
    """Redirects as visitors get them."""
    outcome, cpu = _apply(side, Plan(side.front_port, CONNECTIONS, seconds, _follows("/")))
    count = len(outcome.latencies)
    return {
        "redirects/s, front": count / outcome.seconds,
        **_latencies("redirect, front", outcome),
        "CPU ms/redirect, all processes": sum(cpu) * 1000 / count,
    }


def creates_at_api(side: Side, seconds: float) -> dict[str, float]:
    """Creates with drawn slugs; some of them are followed afterwards."""
    destination = destination_of(0)
    request = create_request(KEY, create_body(0))
    ask = Ask(request, 201, "/api/v1/links/", destination)
    outcome, cpu = _apply(side, Plan(side.api_port, CONNECTIONS, seconds, (ask,)))
    check_made(side, outcome.made, destination)
    count = len(outcome.latencies)
    return {
        "creates/s, API": count / outcome.seconds,
        **_latencies("create, API", outcome),
        "CPU ms/create, API process": cpu[0] * 1000 / count,
    }


def _follows(prefix: str) -> tuple[Ask, ...]:
    return tuple(
        Ask(follow_request(prefix + slug_of(number)), 302, destination_of(number))
        for number in range(REDIRECTS)
    )


def _latencies(name: str, outcome: Outcome) -> dict[str, float]:
    return {
        f"{name}, p{percent} ms": percentile(outcome.latencies, percent) * 1000
        for percent in (50, 95, 99)
    }


def _apply(side: Side, plan: Plan) -> tuple[Outcome, list[float]]:
    """What the load came to, and the CPU seconds of the API, the front and the database in it."""
    before = _cpu(side)
    done = subprocess.run(
        [sys.executable, "-m", "bench.load"],
        cwd=ROOT,
        input=json.dumps(asdict(plan)),
        capture_output=True,
        text=True,
        timeout=plan.seconds + 30,
        check=False,
    )
    after = _cpu(side)
    if done.returncode != 0:
        raise BenchError(f"{side.name}: {done.stderr.strip()}")
    outcome = Outcome(**json.loads(done.stdout))
    if not outcome.latencies:
        raise BenchError(f"{side.name} answered nothing in {plan.seconds} s")
    return outcome, [later - first for later, first in zip(after, before, strict=True)]


def _cpu(side: Side) -> list[float]:
    try:
        return [cpu_seconds(pid) for pid in side.pids]
    except FileNotFoundError:
        raise BenchError(f"a process of {side.name} ended, or was restarted on a change") from None
