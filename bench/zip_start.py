"""One cold start of an unpacked zip, in an interpreter that finds nothing else; run as a file.

`python -I -S -B zip_start.py FOLDER HANDLER EVENT DESTINATION` prints the milliseconds to import
the handler, and those to its first redirect. -I and -S hide all other packages, and -B keeps no
bytecode, as Lambda can't: what the zip does not bring compiled is compiled at every start.
"""

import json
import sys
import time
from importlib import import_module


def main(folder: str, name: str, event: str, destination: str) -> None:
    """Import the handler, follow one link, print the milliseconds of both."""
    asked = json.loads(event)
    sys.path.insert(0, folder)
    started = time.perf_counter()
    module, _, attribute = name.partition(".")
    handler = getattr(import_module(module), attribute)
    imported = time.perf_counter()
    answer = handler(asked, None)
    answered = time.perf_counter()
    if answer["headers"].get("Location") != destination:
        sys.exit(f"Wrong answer after a cold start: {answer}")
    took = {"import ms": imported, "import + first redirect ms": answered}
    print(json.dumps({figure: (moment - started) * 1000 for figure, moment in took.items()}))


if __name__ == "__main__":
    main(*sys.argv[1:])
