"""CPU per invocation of both handlers, called as Lambda calls them, with no HTTP server in front.

Run by the bench as `python -m bench.invocations SECONDS ROUNDS KEY` in the app's environment;
prints the figures of each round in JSON. The table answers from another process, whose CPU is its
own, so what is left is the handler and its client.
"""

import json
import sys
import time
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

from bench.events import create_event, destination_of, redirect_event, slug_of


Handler = Callable[[Any, Any], Mapping[str, Any]]
CONTEXT = SimpleNamespace(aws_request_id="a1b2c3d4-0000-4000-8000-000000000000")


def measure(handlers: Mapping[str, Handler], seconds: float, rounds: int, key: str) -> Any:
    """CPU milliseconds by handler, round and kind of invocation, the handlers in turn."""
    kinds = {
        "redirect": (redirect_event(slug_of(0)), 302, destination_of(0)),
        "unknown slug": (redirect_event("nowhere"), 404, None),
        "create": (create_event(key, 0), 201, None),
    }
    each = seconds / (rounds * len(kinds) * len(handlers))
    taken: dict[str, list[dict[str, float]]] = {name: [] for name in handlers}
    for number in range(-1, rounds):  # round -1 warms up
        figures: dict[str, dict[str, float]] = {name: {} for name in handlers}
        for kind, expected in kinds.items():
            for name in list(handlers)[:: 1 if number % 2 else -1]:
                took = cpu_ms(handlers[name], *expected, each)
                figures[name][f"CPU ms/invocation, {kind}"] = took
        for name in handlers if number >= 0 else ():
            taken[name].append(figures[name])
    return taken


def cpu_ms(
    handler: Handler, event: Any, status: int, location: str | None, seconds: float
) -> float:
    """CPU milliseconds of one invocation, out of as many as there is time for; all are checked."""
    count = 0
    used = time.process_time()
    until = time.perf_counter() + seconds
    while count == 0 or time.perf_counter() < until:
        check(handler(event, CONTEXT), status, location)
        count += 1
    return (time.process_time() - used) * 1000 / count


def check(answer: Mapping[str, Any], status: int, location: str | None) -> None:
    """Exit with a sentence when a handler answers anything but what it must."""
    if answer["statusCode"] != status or location not in (None, answer["headers"].get("Location")):
        sys.exit(f"Wrong answer of a handler: {answer}")


def main(seconds: str, rounds: str, key: str) -> None:
    """Measure both and print."""
    from app import app  # noqa: PLC0415 - both read the environment when imported
    from bench.bare import handler  # noqa: PLC0415

    handlers: dict[str, Handler] = {"Everhop": app, "bare boto3": handler}
    json.dump(measure(handlers, float(seconds), int(rounds), key), sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
