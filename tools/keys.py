"""`python -m tools key`: draw a bootstrap key, and the hash that a deployment keeps of it."""

import argparse
import secrets

from chalicelib.core.access import digest_key, draw_key


HELP = "draw a bootstrap key, and the hash of it that a deployment is told"


def add_arguments(command: argparse.ArgumentParser) -> None:
    """There is nothing to choose."""
    del command


def run(options: argparse.Namespace) -> int:
    """Print the key, once, and its hash."""
    del options
    key = draw_key(secrets.randbelow)
    print(f"API key (it is shown this once; keep it safe):  {key}")
    print(f"EVERHOP_API_KEY_HASH (for the deployment):      {digest_key(key)}")
    return 0
