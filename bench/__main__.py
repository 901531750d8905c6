"""`python -m bench`: start both sides, measure them in turn, print one table."""

import argparse
import json
import os
import platform
import signal
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from bench.figures import Figure, describe, write_table
from bench.handlers import measure_cold_starts, measure_invocations
from bench.processes import PROC
from bench.sides import BenchError, run_pair
from bench.traffic import CONNECTIONS, measure_traffic


QUICK = 10.0
ROUNDS = 7
INVOCATION_ROUNDS = 15
# Of the time there is, for each part.
_SHARES = {"load": 0.7, "invocations": 0.15, "cold": 0.15}


def read_arguments(words: list[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "--seconds", type=float, default=50.0, help="how long to measure in all (50)"
    )
    parser.add_argument("--quick", action="store_true", help=f"the same as --seconds {QUICK:.0f}")
    parser.add_argument("--only", choices=_SHARES, help="one part, in all of the time")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures there")
    arguments = parser.parse_args(words)
    if arguments.seconds <= 0:
        parser.error("--seconds must be more than 0")
    if arguments.quick:
        arguments.seconds = QUICK
    return arguments


def measure(shares: Mapping[str, float]) -> list[Figure]:
    """The figures of each part in its seconds, from a stack that is started and then forgotten."""
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="everhop-bench-") as folder:
        say("starting a fresh stack, and the bare handler beside it")
        with run_pair(Path(folder) / "data", dict(os.environ)) as pair:
            if "load" in shares:
                figures += measure_traffic(pair, shares["load"], ROUNDS, say)
            if "invocations" in shares:
                say("CPU per invocation, without HTTP")
                figures += measure_invocations(pair, shares["invocations"], INVOCATION_ROUNDS)
            if "cold" in shares:
                say("cold starts")
                figures += measure_cold_starts(pair, shares["cold"])
    return figures


def shares_of(seconds: float, only: str | None) -> dict[str, float]:
    """How long each part is measured."""
    return {only: seconds} if only else {part: it * seconds for part, it in _SHARES.items()}


def say(text: str) -> None:
    """Tell what is going on, apart from the figures."""
    print(f"bench: {text}", file=sys.stderr, flush=True)


def machine() -> str:
    """What the figures were measured on."""
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{os.cpu_count()} cores ({platform.machine()}), {python}, {CONNECTIONS} connections"


def report(figures: list[Figure], file: Path | None) -> None:
    """Print the table; write the file."""
    print(write_table(figures))
    print(
        "ratio = Everhop / bare boto3, or what the figure names: median of pairs "
        f"(/s: more is better, ms: less). {machine()}"
    )
    if file:
        described = {"machine": machine(), "figures": [describe(figure) for figure in figures]}
        file.write_text(json.dumps(described, indent=2) + "\n")


def forget_settings() -> None:
    """Drop what this shell says about Everhop and AWS: the bench is always of the same thing."""
    for name in list(os.environ):
        if name.startswith(("EVERHOP_", "AWS_")):
            del os.environ[name]


def main() -> None:
    """Measure and print; exit 1 with a sentence when an answer is wrong."""
    arguments = read_arguments(sys.argv[1:])
    if not PROC.joinpath("self", "stat").exists():
        sys.exit("bench: CPU times are read from /proc, which this system does not have.")
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit("bench: told to stop"))
    forget_settings()
    try:
        shares = shares_of(arguments.seconds, arguments.only)
        report(measure(shares), arguments.json)
    except BenchError as error:
        sys.exit(f"bench: {error}")


if __name__ == "__main__":
    main()
