"""`python -m local`: run the stack on this machine until Ctrl-C, or act on one that runs."""

import argparse
import os
import sys
from collections.abc import Callable

from chalicelib.config import ConfigError
from infra.settings_files import SettingsFileError
from local import cache_commands, chaos, clicks
from local.controls import ControlError
from local.data import DataError, clean
from local.settings import Settings, notes, read_settings
from local.stack import StackError, run


Options = argparse.Namespace


def main() -> None:
    """Check the environment, then do what was asked."""
    options = _parser().parse_args()
    action = options.action or "run"
    try:
        _ACTIONS[action](read_settings(os.environ), options)
    except (ConfigError, ControlError, DataError, SettingsFileError, StackError) as error:
        sys.exit(f"Everhop can't {action}: {error}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    for name, about in _ABOUT.items():
        action = actions.add_parser(name, help=about, description=about)
        if name == "resize":
            action.add_argument("size", help="GB, one of API Gateway's sizes")
        if name == "chaos":
            action.add_argument("fault", choices=chaos.FAULTS, help="what goes wrong; heal mends")
            action.add_argument("words", nargs="*", help=chaos.HELP)
        if name in ("flush", "resize"):
            action.add_argument("region", nargs="?", help="all regions if none")
    return parser


_ABOUT = {
    "run": "run the stack until Ctrl-C (what is done without an action)",
    "flush": "have the running API caches, or a region's, forget everything",
    "resize": "give the running API caches, or a region's, another size, which empties them",
    "clicks": "show clicks as they come, as they will be counted, until Ctrl-C",
    "chaos": "break a part of the stack that runs, or heal it",
    "clean-data": "forget all links and the API key",
}


def _run(settings: Settings, _options: Options) -> None:
    for sentence in notes(os.environ):
        print(f"Note: {sentence}", file=sys.stderr)
    run(settings, os.environ)


_ACTIONS: dict[str, Callable[[Settings, Options], None]] = {
    "run": _run,
    "chaos": lambda settings, options: chaos.break_it(settings.data, options.fault, options.words),
    "flush": lambda settings, options: cache_commands.flush(settings.data, options.region),
    "resize": lambda settings, options: cache_commands.resize(
        settings.data, options.size, options.region
    ),
    "clicks": lambda settings, _: clicks.follow(settings.data),
    "clean-data": lambda settings, _: print(clean(settings.data)),
}


if __name__ == "__main__":
    main()
