"""`python -m bench.logs`: access logs to counts, against a reader that splits lines to dicts."""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

from bench.figures import Figure, write_table
from bench.log_files import write_log
from bench.log_sides import SMALL
from chalicelib.core.folds import MOST_FILES
from local.settings import ROOT


LINES = 1_000_000
BAR = 2.4
MOST_MEMORY = 128 * 1024**2
# On demand, in us-east-1, for a million write units; a replica costs as much again.
_DOLLARS = 0.625
PAIRS = {"reading alone": ("read", "naive read"), "to counts": ("count", "naive count")}
Run = dict[str, Any]


def run_side(side: str, file: Path) -> Run:
    """One side's figures, from a process of its own."""
    command = [sys.executable, "-m", "bench.log_sides", side, str(file)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    told: Run = json.loads(done.stdout)
    return told


def measure(file: Path, lines: int, rounds: int) -> tuple[list[Figure], Run]:
    """Lines a second of CPU of both sides, a value for each round; and the last fold's figures."""
    taken: dict[str, list[Run]] = {side: [] for pair in PAIRS.values() for side in pair}
    taken["fold"] = []
    for _ in range(rounds):
        for side, runs in taken.items():
            runs.append(run_side(side, file))

    def rates(side: str) -> tuple[float, ...]:
        return tuple(lines / run["seconds"] for run in taken[side])

    figures = [Figure(f"{name}, lines/s", *map(rates, pair)) for name, pair in PAIRS.items()]
    most = max(run["memory"] for run in taken["fold"])
    small = {side: run_side(side, file)["units"] for side in ("apart", "together")}
    told = {"memory": most, "rate": median(rates("fold")), **small}
    return figures, {**run_side("cost", file), **told}


def missed(figures: list[Figure], fold: Run) -> list[str]:
    """The bars that are not met."""
    said = [f"{one.name}: {one.ratio:.2f}x" for one in figures if (one.ratio or 0) < BAR]
    if fold["memory"] > MOST_MEMORY:
        said.append(f"memory: {fold['memory'] >> 20} MB")
    return said


def main() -> None:
    """Measure and print; exit 1 when a bar is missed."""
    parser = argparse.ArgumentParser(prog="python -m bench.logs", description=__doc__)
    parser.add_argument("--lines", type=int, default=LINES, help=f"of the file ({LINES:,})")
    parser.add_argument("--rounds", type=int, default=3, help="of each side, in turn (3)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="everhop-bench-") as folder:
        file = Path(folder) / "E1.2026-11-23-19.abcd.gz"
        write_log(file, options.lines)
        figures, fold = measure(file, options.lines, options.rounds)
        size = file.stat().st_size
    print(write_table(figures, ("Everhop", "split + dict")))
    per_million = 1_000_000 / options.lines
    units = fold["units"] * per_million
    print(
        f"{options.lines:,} lines in {size >> 20} MB of gzip; the whole fold: "
        f"{fold['rate']:,.0f} lines/s, memory {fold['memory'] >> 20} MB\n"
        f"per 1,000,000 lines: {fold['chunks'] * per_million:,.0f} transactions, "
        f"{fold['rows'] * per_million:,.0f} rows, {units:,.0f} write units "
        f"(${units / 1e6 * _DOLLARS:.2f} a region)\n"
        f"in files of {SMALL:,} lines: {fold['apart'] * per_million:,.0f} write units one by one, "
        f"{fold['together'] * per_million:,.0f} when {MOST_FILES} are told of together "
        f"({1 - fold['together'] / fold['apart']:.0%} less)"
    )
    if said := missed(figures, fold):
        sys.exit(f"bench: over the bar: {'; '.join(said)}")


if __name__ == "__main__":
    main()
