"""One cold start: how long a fresh interpreter takes to import a module and first use its handler.

Run by the bench as `python -m bench.cold_start MODULE [NAME]`; prints both in JSON, by the clock
and by the CPU, which others on this machine disturb less. What is imported here before the clock
starts would be missing from the figure, so it is next to nothing.
"""

import sys
import time
from importlib import import_module


def main(module: str, name: str = "") -> None:
    """Import the module, follow one link if it has a handler, print the milliseconds of both."""
    began = time.perf_counter(), time.process_time()
    imported = import_module(module)
    figures = _since(began)
    if name:
        from bench.events import destination_of, redirect_event, slug_of  # noqa: PLC0415

        handler, event = getattr(imported, name), redirect_event(slug_of(0))
        asked = time.perf_counter(), time.process_time()
        answer = handler(event, None)
        first = _since(asked)
        if answer["headers"].get("Location") != destination_of(0):
            sys.exit(f"Wrong answer after a cold start: {answer}")
        for kind in list(figures):
            whole = kind.replace("import", "import + first redirect")
            figures[whole] = figures[kind] + first[kind]
    print(str(figures).replace("'", '"'))


def _since(began: tuple[float, float]) -> dict[str, float]:
    clock, cpu = began
    return {
        "import ms": (time.perf_counter() - clock) * 1000,
        "import CPU ms": (time.process_time() - cpu) * 1000,
    }


if __name__ == "__main__":
    main(*sys.argv[1:])
