"""`python -m tools evacuate REGION --stage STAGE`: a region that is dead is home of nothing more.

Exit status: 0 done, 1 refused, 2 it could not ask, or was not let.
"""

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

from tools.absence_plans import (
    LEAD,
    again,
    holds_from,
    is_planned,
    tidy,
    without,
)
from tools.caches import Refused, confirm
from tools.client import CannotRun
from tools.deploy_reports import wrap
from tools.deploys import guarded
from tools.import_reports import tell


if TYPE_CHECKING:
    from tools.absences import RegionTables, Timing


HELP = "have a region that is dead be home of nothing, or (--return) of its links again"
_DONE = 0
LOCAL = "local"
_PATIENCE = 30.0  # seconds for replication that works, which takes about one
_RISKS = (
    "what it accepted in its last seconds and did not replicate is not seen until it is back",
    "a slug of those that somebody else takes meanwhile stays with the later one of the two",
    "while it is cut off but alive it accepts its own slugs until the fence or this reaches it",
    "clicks that it counted and did not replicate come back with it",
)


class Region(Protocol):
    """A region as it is evacuated."""

    @property
    def answers(self) -> str:
        """What it answers with; "" when it does not."""
        ...

    def fence(self) -> str:
        """Have it write nothing more; what was done. CannotRun when that can't be."""
        ...

    def unfence(self) -> str:
        """Let it write; what was done."""
        ...


class Scene(NamedTuple):
    """What a command is about: a deployment, all its regions, and the one that is meant."""

    name: str
    regions: tuple[str, ...]
    region: Region
    tables: "RegionTables"
    timing: "Timing"


def add_arguments(command: argparse.ArgumentParser) -> None:
    """The region, and how."""
    command.add_argument("region", help="like eu-west-1")
    command.add_argument("--stage", required=True, help="an EVERHOP_STAGE like prod, or local")
    command.add_argument("--return", dest="back", action="store_true", help="it is back: undo it")
    command.add_argument("--force", action="store_true", help="though it answers")
    command.add_argument("--plan", action="store_true", help="only say what would be done")
    command.add_argument("--yes", action="store_true", help="do not ask")
    command.add_argument("--url", default="", help="where the region's API is, else as was noted")


def run(options: argparse.Namespace) -> int:
    """Do it; the exit status."""
    return guarded(_evacuate, options)


def _evacuate(options: argparse.Namespace) -> int:
    scene = _find_scene(options)
    others = [it for it in scene.regions if it != options.region]
    if len(others) == len(scene.regions):
        raise CannotRun(f"{scene.name} has no region {options.region}; {', '.join(others)}.")
    if not others:
        raise Refused(f"{options.region} is the only region of {scene.name}: none would be left.")
    act = _return if options.back else _leave
    act(options, scene, others)
    return _DONE


def _find_scene(options: argparse.Namespace) -> Scene:
    # Imported here, as boto3 and the store would make every other command wait.
    from tools.evacuation_scenes import find_local, find_on_aws  # noqa: PLC0415

    if options.stage == LOCAL:
        return find_local(options.region)
    return find_on_aws(options.region, options.stage, options.url)


def _leave(options: argparse.Namespace, scene: Scene, others: Sequence[str]) -> None:
    now = scene.timing.now
    name, known = options.region, scene.tables.newest(others)
    left = [it for it in others if not is_planned(known.absences, it)]
    if not left:
        raise Refused(f"All other regions of {scene.name} are absent: none would be left.")
    answered = scene.region.answers
    _say(
        f"Evacuate {name} of {scene.name}; {', '.join(others)} go on:",
        "its functions are fenced off, as far as IAM answers",
        f"from {LEAD.seconds} s from now on it is home of nothing; its links move to the others, "
        "and writes to them wait for 20 s around that moment",
        *(f"RISK: {risk}" for risk in _RISKS),
    )
    if answered and not options.force:
        raise Refused(f"{name} answers ({answered}). If it must go all the same: --force.")
    if options.plan:
        return
    confirm(yes=options.yes)
    _fence(scene)
    if is_planned(known.absences, name):
        print(f"{name} is absent already.")
        moment = max(it.since for it in known.absences if it.region == name)
    else:
        moment = now() + LEAD
        known = scene.tables.write(without(tidy(known.absences, now()), name, moment), others)
        print(f"Written in {', '.join(others)}, as of epoch {known.epoch}.")
        # What it hears of now, a region that is alive after all need not learn later.
        heard = scene.tables.tell(name, known)
        print(f"The table in {name} {'heard of it' if heard else 'does not answer'}.")
    scene.timing.wait_until(holds_from(moment), "its links have new homes")
    print(f"{name} is home of nothing. When it is back: "
          f"python -m tools evacuate {name} --stage {options.stage} --return")  # fmt: skip
    _tell_of_logs(options)


def _fence(scene: Scene) -> None:
    try:
        print(scene.region.fence())
    except CannotRun as error:
        tell(f"NOT FENCED OFF: {error} It must not be let back before it is.")


def _return(options: argparse.Namespace, scene: Scene, others: Sequence[str]) -> None:
    now = scene.timing.now
    name, known = options.region, scene.tables.newest(others)
    if not is_planned(known.absences, name):
        _lift_alone(options, scene)
        return
    _say(
        f"Return {name} to {scene.name}:",
        "see that what is written elsewhere arrives there, and the other way around",
        f"lift its fence; from {LEAD.seconds} s later on it is a home again",
    )
    if options.plan:
        return
    confirm(yes=options.yes)
    for other in others:
        scene.tables.await_arrival(other, [name], _PATIENCE)
        print(f"  what is written in {other} arrives in {name}")
    scene.tables.await_arrival(name, others, _PATIENCE)
    print(f"  what is written in {name} arrives in {', '.join(others)}")
    print(scene.region.unfence())
    moment = now() + LEAD
    scene.tables.write(again(tidy(known.absences, now()), name, moment))
    scene.timing.wait_until(holds_from(moment), f"{name} is a home again")
    print(f"{name} is a home again.")
    _tell_of_logs(options)


def _tell_of_logs(options: argparse.Namespace) -> None:
    """Log files changed their homes too: one may have been told of to each region too early."""
    if options.stage != LOCAL:
        print("Where clicks are counted, replay the logs of these hours (docs/clicks.md):")
        print(f"  python -m tools replay-logs --stage {options.stage} s3://BUCKET/PREFIX")


def _lift_alone(options: argparse.Namespace, scene: Scene) -> None:
    """Undo what an evacuation that stopped early may have left."""
    print(f"{options.region} is not absent: nothing to do but to lift its fence, if it has one.")
    if options.plan:
        return
    confirm(yes=options.yes)
    print(scene.region.unfence())


def _say(title: str, *lines: str) -> None:
    print(title)
    for line in lines:
        for shown in wrap(line, "  - "):
            print(shown)
