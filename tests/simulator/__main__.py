"""`python -m tests.simulator [SEEDS] [FIRST]`: as many runs as wanted, on all processors."""

import sys
import time
from multiprocessing import Pool

from tests.simulator.checkers import check
from tests.simulator.runs import Run


def broken(seed: int) -> tuple[int, list[str]]:
    """What is wrong with the run of a seed."""
    return seed, check(Run(seed).go())


def main(seeds: int = 1000, first: int = 0) -> int:
    """Run them, showing how far it is; 1 when a promise was broken."""
    started, wrong = time.monotonic(), 0
    with Pool() as pool:
        every = pool.imap_unordered(broken, range(first, first + seeds), chunksize=20)
        for count, (seed, found) in enumerate(every, start=1):
            wrong += bool(found)
            for text in found:
                print(f"\rseed {seed}: {text}", flush=True)
            if count % 200 == 0 or count == seeds:
                took = time.monotonic() - started
                print(
                    f"\r{count:,} of {seeds:,} seeds, {wrong} broken, {took:.0f} s",
                    end="",
                    flush=True,
                )
    print()
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
