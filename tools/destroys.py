"""`python -m tools destroy STAGE`: take a deployment away; links and files stay unless --data.

Exit status: 0 it is gone, 1 something could not be taken away, 2 it could not ask, or was not let.
"""

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from infra.dax import StageDax
from infra.edges import GroupEdge
from tools.client import CannotRun
from tools.deploy_reports import Progress, title_of
from tools.deploys import Target, find_target, guarded
from tools.import_reports import tell
from tools.parts import DATA, GLOBAL, Part


if TYPE_CHECKING:
    from tools.removals import Removals


HELP = "take a deployment away: all but its table and files, or with --data those too"
_DONE = 0


def add_arguments(command: argparse.ArgumentParser) -> None:
    """The stage, and how much of it."""
    command.add_argument("stage", help="a stage of .chalice/config.json, or their EVERHOP_STAGE")
    command.add_argument(
        "--data", action="store_true", help="the table and all files too, for good"
    )
    command.add_argument("--yes", action="store_true", help="do not ask")


def run(options: argparse.Namespace) -> int:
    """Do it; the exit status."""
    return guarded(_destroy, options)


def _destroy(options: argparse.Namespace) -> int:
    target = find_target(options.stage)
    if target.missing:
        raise CannotRun("\n".join(target.missing))
    from tools.removals import Removals  # noqa: PLC0415 - boto3, see find_target

    removals = Removals(target.group, target.home)
    going, staying = split_parts(target, data=options.data)
    there = [part for part in going if removals.is_there(part)]
    _say_plan(target, there, staying)
    if there:
        _ask(target.name, yes=options.yes)
        _remove(target, there, removals, data=options.data)
    _say_left(removals, target, staying)
    return _DONE


def split_parts(target: Target, *, data: bool) -> tuple[list[Part], list[Part]]:
    """What goes, last deployed first, and what stays. What others of the group share stays."""
    is_whole = target.stages == target.group.stages
    # A cache goes with its API, a replica with its table, and a smoke test left nothing.
    # Also the DAX that is turned off by now: its stacks may still be there, and are dear.
    every = {stage.name: StageDax(enabled=True) for stage in target.stages}
    edges = {target.group.name: GroupEdge(enabled=True)}
    parts = [
        it
        for it in target.parts_with(every, edges)
        if it.kind in ("stack", "app", "secret") and not it.settings
    ]
    going = [
        it
        for it in parts
        if not it.stays and (data or not it.is_data) and (is_whole or it.wave not in (DATA, GLOBAL))
    ]
    return going[::-1], [it for it in parts if it not in going]


def _say_plan(target: Target, going: Sequence[Part], staying: Sequence[Part]) -> None:
    print(f"Destroy {target.name} in account {target.account}:")
    for part in going:
        print(f"  goes   {part.wave}: {part.name}, {title_of(part)}{_all_of(part)}")
    for part in staying:
        print(f"  stays  {part.wave}: {part.name}, {title_of(part)}")
    if not going:
        print("Nothing to do: all that goes is gone.")


def _all_of(part: Part) -> str:
    if part.is_data:
        return ", with all that is in it, for good"
    return ", both functions, their roles, the API and its cache" if part.kind == "app" else ""


def _ask(name: str, *, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise CannotRun("Nothing was changed: there is nobody to ask; say --yes.")
    if input(f"Type {name} to destroy it: ").strip() != name:
        raise CannotRun("Nothing was changed.")


def _remove(target: Target, going: Sequence[Part], removals: "Removals", *, data: bool) -> None:
    progress, now = Progress(), going[0]
    try:
        for now in going:
            progress.tell(now, "begun")
            removals.remove(now)
            progress.tell(now, "gone")
    except (CannotRun, KeyboardInterrupt):
        tell(f"Stopped at {now.wave}: {now.name}. To go on: python -m tools destroy {target.name}"
             + (" --data" if data else ""))  # fmt: skip
        raise


def _say_left(removals: "Removals", target: Target, staying: Sequence[Part]) -> None:
    left = [
        *(line for it in staying for line in removals.left_of(it)),
        *removals.logs(target.stages),
    ]
    print("Left, and may cost:" if left else "Nothing is left.")
    for line in left:
        print(f"  {line}")
    if any(part.is_data for part in staying):
        print(
            "A deploy goes on with them; to forget them too: "
            f"python -m tools destroy {target.group.name} --data"
        )
