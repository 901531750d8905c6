"""`python -m bench`: start both sides, measure them in turn, print one table."""

import argparse
import json
import os
import platform
import signal
import sys
import tempfile
from pathlib import Path

from bench.figures import Figure, describe, write_table
from bench.handlers import measure_cold_starts, measure_invocations
from bench.processes import PROC
from bench.sides import BenchError, run_pair
from bench.traffic import CONNECTIONS, measure_traffic


QUICK = 10.0
ROUNDS = 7
INVOCATION_ROUNDS = 15
# Of the time there is: load, invocations, cold starts.
_SHARES = (0.7, 0.15, 0.15)


def read_arguments(words: list[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "--seconds", type=float, default=50.0, help="how long to measure in all (50)"
    )
    parser.add_argument("--quick", action="store_true", help=f"the same as --seconds {QUICK:.0f}")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures there")
    arguments = parser.parse_args(words)
    if arguments.seconds <= 0:
        parser.error("--seconds must be more than 0")
    if arguments.quick:
        arguments.seconds = QUICK
    return arguments


def measure(seconds: float) -> list[Figure]:
    """All figures, from a stack that is started for them and forgotten afterwards."""
    load, invoked, cold = (share * seconds for share in _SHARES)
    with tempfile.TemporaryDirectory(prefix="everhop-bench-") as folder:
        say("starting a fresh stack, and the bare handler beside it")
        with run_pair(Path(folder) / "data", dict(os.environ)) as pair:
            figures = measure_traffic(pair, load, ROUNDS, say)
            say("CPU per invocation, without HTTP")
            figures += measure_invocations(pair, invoked, INVOCATION_ROUNDS)
            say("cold starts")
            return figures + measure_cold_starts(pair, cold)


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
        f"ratio = Everhop / bare boto3, median of pairs (/s: more is better, ms: less). {machine()}"
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
        report(measure(arguments.seconds), arguments.json)
    except BenchError as error:
        sys.exit(f"bench: {error}")


if __name__ == "__main__":
    main()
