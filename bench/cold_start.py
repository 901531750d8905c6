"""One cold start: how long a fresh interpreter takes to import a handler and first use it.

Run by the bench as `python -m bench.cold_start MODULE NAME`; prints both in JSON. What is imported
here before the clock starts would be missing from the figure, so it is next to nothing.
"""

import sys
import time
from importlib import import_module


def main(module: str, name: str) -> None:
    """Import the handler, follow one link, print the milliseconds of both."""
    started = time.perf_counter()
    handler = getattr(import_module(module), name)
    imported = time.perf_counter()
    from bench.events import destination_of, redirect_event, slug_of  # noqa: PLC0415

    event = redirect_event(slug_of(0))
    asked = time.perf_counter()
    answer = handler(event, None)
    first = time.perf_counter() - asked
    if answer["headers"].get("Location") != destination_of(0):
        sys.exit(f"Wrong answer after a cold start: {answer}")
    took = imported - started
    print(f'{{"import ms": {took * 1000}, "import + first redirect ms": {(took + first) * 1000}}}')


if __name__ == "__main__":
    main(*sys.argv[1:])
