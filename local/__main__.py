"""`python -m local`: run the stack on this machine until Ctrl-C."""

import os
import sys

from chalicelib.config import ConfigError
from local.settings import read_settings, unknown_settings
from local.stack import run


def main() -> None:
    """Check the environment, then run."""
    for sentence in unknown_settings(os.environ):
        print(f"Note: {sentence}", file=sys.stderr)
    try:
        settings = read_settings(os.environ)
    except ConfigError as error:
        sys.exit(f"Everhop can't run: {error}")
    run(settings, os.environ)


if __name__ == "__main__":
    main()
