"""`python -m bench.rules`: what 1,000 rules add to following a link, against one without any."""

import argparse
import os
import sys
import tempfile
from pathlib import Path

from bench.__main__ import forget_settings
from bench.figures import Figure, write_table
from bench.handlers import run_apart
from bench.sides import KEY, BenchError, run_pair


ROUNDS = 15
BAR = 3.0
BARRED = "invocation"


def measure(seconds: float) -> list[Figure]:
    """The figures, over the DynamoDB of a stack that is started for them."""
    with (
        tempfile.TemporaryDirectory(prefix="everhop-bench-") as folder,
        run_pair(Path(folder) / "data", dict(os.environ)) as pair,
    ):
        taken = run_apart(pair, "bench.rule_invocations", str(seconds), str(ROUNDS), KEY)
    return [Figure(one["figure"], tuple(one["ruled"]), tuple(one["bare"])) for one in taken]


def over_the_bar(figures: list[Figure]) -> list[str]:
    """The invocations that cost more than three of a link without rules."""
    return [one.name for one in figures if one.name.startswith(BARRED) and (one.ratio or 0) > BAR]


def main() -> None:
    """Measure and print; exit 1 when the bar is missed."""
    parser = argparse.ArgumentParser(prog="python -m bench.rules", description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0, help="how long to measure (20)")
    seconds = parser.parse_args().seconds
    forget_settings()
    try:
        figures = measure(seconds)
    except BenchError as error:
        sys.exit(f"bench: {error}")
    print(write_table(figures, ("1,000 rules", "bare 302")))
    print(f"CPU ms; ratio = 1,000 rules / none, median of pairs. An {BARRED} may cost {BAR:.0f}x.")
    if missed := over_the_bar(figures):
        sys.exit(f"bench: over the bar: {'; '.join(missed)}")


if __name__ == "__main__":
    main()
