"""`python -m tools drill NAME`: break a stack on this machine while it is used, and judge it.

Exit status: 0 every promise was kept, 1 one was broken, 2 wrong arguments or the drill can't be.
"""

import argparse
from pathlib import Path

from tools.client import CannotRun


HELP = "lose a region, delay replication and so on while a local stack is used; say what held"
DRILLS = {
    "region-loss": "a region is gone (or frozen), is evacuated and comes back",
    "lag": "replication is late: new links are followed at once, edits are waited for",
    "partition": "regions don't hear of each other while both are asked for the same slugs",
    "dax": "DAX is silent, slow, gone or cut off",
    "log-duplicates": "log files are told of twice and more, in any order, to every region",
    "stampede": "a link that all want is kept by no cache any more",
}


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Which drill, how long and how hard."""
    drills = command.add_subparsers(dest="drill", metavar="DRILL", required=True)
    for name, about in DRILLS.items():
        drill = drills.add_parser(name, help=about, description=f"Drill: {about}.")
        drill.add_argument("--seed", type=int, default=1, help="of all that is left to chance (1)")
        drill.add_argument("--seconds", type=_positive, help="how long each part of it takes")
        drill.add_argument("--rate", type=_positive, help="requests in a second")
        drill.add_argument(
            "--data", type=Path, help="the data folder of a stack that runs; else one is started"
        )
        _ADD.get(name, lambda _drill: None)(drill)


def run(options: argparse.Namespace) -> int:
    """Do the drill; the exit status."""
    # Imported here, as the HTTP client and the stack's own code make other commands wait.
    from tools.drills.runs import run_drill  # noqa: PLC0415

    try:
        return run_drill(options)
    except CannotRun as error:
        print(f"The drill can't go on: {error}")
        return 2


def _add_loss(drill: argparse.ArgumentParser) -> None:
    drill.add_argument("--freeze", action="store_true", help="it takes connections, and is silent")
    drill.add_argument("--region", help="which one; else chance says")
    drill.add_argument(
        "--no-evacuation", action="store_true", help="do not evacuate it, which takes two minutes"
    )


def _add_lag(drill: argparse.ArgumentParser) -> None:
    drill.add_argument("--links", type=_count, default=2000, help="to make and follow (2000)")
    drill.add_argument("--edits", type=_count, default=30, help="to wait for (30)")
    drill.add_argument("--edit-rate", type=_positive, default=2.0, help="of these in a second (2)")
    drill.add_argument(
        "--lags", type=_lags, default=(0.0, 5.0, 60.0), help="in seconds, like 0,5,60"
    )
    drill.add_argument(
        "--no-purges", action="store_true", help="no cache is told of edits: they are to run out"
    )


_ADD = {"region-loss": _add_loss, "lag": _add_lag}


def _positive(text: str) -> float:
    number = float(text)
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not above 0.")
    return number


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is less than 1.")
    return number


def _lags(text: str) -> tuple[float, ...]:
    lags = tuple(float(one) for one in text.split(","))
    if not all(0 <= one <= 3600 for one in lags):
        raise argparse.ArgumentTypeError(f"{text}: each is 0 to 3600 seconds.")
    return lags
