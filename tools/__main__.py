"""`python -m tools COMMAND`: the operator's commands, each with its own --help."""

import argparse
import sys
from collections.abc import Sequence

from tools import (
    api_keys,
    caches,
    deploys,
    destroys,
    doctor,
    drill,
    edge,
    evacuations,
    exports,
    imports,
    keys,
    publications,
    regions,
    rollbacks,
    sample_links,
)


_COMMANDS = {
    "cache": caches,
    "deploy": deploys,
    "destroy": destroys,
    "doctor": doctor,
    "drill": drill,
    "edge": edge,
    "evacuate": evacuations,
    "export": exports,
    "import": imports,
    "key": keys,
    "keys": api_keys,
    "publish": publications,
    "region": regions,
    "rollback": rollbacks,
    "sample": sample_links,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command that the arguments name; what it returns is the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tools", description="Everhop's commands.")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, module in _COMMANDS.items():
        command = commands.add_parser(name, help=module.HELP, description=module.HELP)
        module.add_arguments(command)
        command.set_defaults(run=module.run)
    options = parser.parse_args(arguments)
    status: int = options.run(options)
    return status


if __name__ == "__main__":
    sys.exit(main())
