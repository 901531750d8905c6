"""`python -m local`: run the stack on this machine until Ctrl-C; `clean-data` forgets its links."""

import argparse
import os
import sys

from chalicelib.config import ConfigError
from local.data import DataError, clean
from local.settings import notes, read_settings
from local.stack import StackError, run


def main() -> None:
    """Check the environment, then do what was asked."""
    parser = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    parser.add_argument("action", nargs="?", default="run", choices=["run", "clean-data"])
    action = parser.parse_args().action
    try:
        settings = read_settings(os.environ)
        if action == "clean-data":
            print(clean(settings.data))
            return
        for sentence in notes(os.environ):
            print(f"Note: {sentence}", file=sys.stderr)
        run(settings, os.environ)
    except (ConfigError, DataError, StackError) as error:
        sys.exit(f"Everhop can't {action}: {error}")


if __name__ == "__main__":
    main()
