"""`python -m tools deploy STAGE`: everything that a stage, or a group of stages, is made of.

Exit status: 0 as it should be, 1 it is not, or must not be, 2 it could not ask, or was not let.
"""

import argparse
import shlex
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from infra.caches import StageCache, read_caches
from infra.dax import StageDax
from infra.edges import GroupEdge
from infra.settings_files import SettingsFileError
from tools.caches import Refused, confirm
from tools.client import CannotRun
from tools.deploy_parts import parts_for
from tools.deploy_reports import Progress, cost_lines, is_shown, missing_lines, plan_lines, wrap
from tools.import_reports import tell, visible
from tools.parts import Part
from tools.region_guards import moved_regions, refuse_moves
from tools.smoke_tests import Trial
from tools.stages import Group, Stage, find_group


if TYPE_CHECKING:
    from tools.deploy_runs import Deployment
    from tools.stacks import Update


HELP = "deploy a stage, or all stages of one name: region by region, with a plan first"
_DONE, _REFUSED, _COULD_NOT_ASK = 0, 1, 2


class Target(NamedTuple):
    """What a command is about; `home` is where a stage goes that names no region, "" unknown."""

    group: Group
    stages: tuple[Stage, ...]
    home: str
    account: str
    missing: tuple[str, ...]

    @property
    def parts(self) -> tuple[Part, ...]:
        """The parts of the stages that are meant."""
        return self.parts_with(None)

    def parts_with(
        self,
        clusters: Mapping[str, StageDax] | None,
        edges: Mapping[str, GroupEdge] | None = None,
    ) -> tuple[Part, ...]:
        """The same, were DAX and the edge set so."""
        return parts_for(self.group, self.stages, self.home or "your region", clusters, edges)

    @property
    def name(self) -> str:
        """As the operator calls it."""
        return self.group.name if self.stages == self.group.stages else self.stages[0].name


def add_arguments(command: argparse.ArgumentParser) -> None:
    """The stage, and how."""
    command.add_argument("stage", help="a stage of .chalice/config.json, or their EVERHOP_STAGE")
    command.add_argument("--plan", action="store_true", help="only say what would change")
    command.add_argument("--yes", action="store_true", help="do not ask")
    add_smoke_arguments(command)


def add_smoke_arguments(command: argparse.ArgumentParser) -> None:
    """Where and for how long a region is tried out."""
    command.add_argument(
        "--url",
        action="append",
        default=[],
        metavar="STAGE=URL",
        help="try the stage out there, in place of its API's own address (a domain, a tunnel)",
    )
    command.add_argument(
        "--patience",
        type=float,
        default=60.0,
        metavar="SECONDS",
        help="how long a region may take to answer rightly (%(default)s)",
    )


def find_target(name: str) -> Target:
    """The stages that a name means, and whose account they are in."""
    # Imported here, as boto3 would make every other command wait.
    from tools.accesses import find_access  # noqa: PLC0415

    group, stages = find_group(name)
    own = group.stages[0].region
    access = find_access(needs_region=not own)
    return Target(group, stages, own or access.region, access.account, access.missing)


def guarded(act: Callable[[argparse.Namespace], int], options: argparse.Namespace) -> int:
    """The exit status of a command, whatever stops it, which is said with how to go on."""
    try:
        return act(options)
    except (CannotRun, SettingsFileError) as error:
        _tell_lines(str(error))
        return _COULD_NOT_ASK
    except Refused as error:
        _tell_lines(str(error))
        return _REFUSED
    except KeyboardInterrupt:
        tell("Stopped. What AWS was told already goes on there.")
        return _COULD_NOT_ASK


def _tell_lines(text: str) -> None:
    for line in text.splitlines():
        tell(line)


def run(options: argparse.Namespace) -> int:
    """Do it; the exit status."""
    return guarded(_deploy, options)


def _deploy(options: argparse.Namespace) -> int:
    trial, caches = read_trial(options), read_caches()
    target = find_target(options.stage)
    if target.missing:
        _say(target, caches, {})
        for line in missing_lines(target.missing):
            tell(line)
        tell(f"Then: python -m tools deploy {shlex.quote(options.stage)} --plan")
        return _COULD_NOT_ASK
    deployment = prepare(target, caches, trial)
    _guard_homes(deployment, target)
    updates = {part: deployment.look(part) for part in target.parts}
    _say(target, caches, updates)
    if options.plan:
        return _DONE
    if not any(update.changes for update in updates.values()):
        print("Nothing to do: all is as it should be.")
        say_outputs(deployment, target)
        return _DONE
    confirm(yes=options.yes)
    return make_parts(deployment, target)


def prepare(target: Target, caches: Mapping[str, StageCache], trial: Trial) -> "Deployment":
    """One run of a deploy."""
    from tools.deploy_runs import Deployment  # noqa: PLC0415 - boto3, see find_target
    from tools.packages import build_package  # noqa: PLC0415

    whole = parts_for(target.group, target.group.stages, target.home)
    package = build_package(target.group, target.home)
    return Deployment(target.group, whole, package, caches, trial)


def _guard_homes(deployment: "Deployment", target: Target) -> None:
    """Refused when this deploy would make or end homes, region by region, and nobody waits."""
    moved = moved_regions(target.group, deployment.environments())
    if not moved:
        return
    from tools.absence_plans import is_away  # noqa: PLC0415
    from tools.absences import RegionTables, Timing  # noqa: PLC0415 - the store, see find_target

    now, known = Timing().now(), RegionTables(target.group.table, [target.home]).newest()
    refuse_moves(target.group, moved, {it for it in moved if is_away(known.absences, it, now)})


def read_trial(options: argparse.Namespace) -> Trial:
    """Where and for how long; CannotRun when that can't be read."""
    pairs = [it.partition("=") for it in options.url]
    wrong = [stage for stage, _, url in pairs if not url.startswith(("http://", "https://"))]
    if wrong:
        raise CannotRun(f"--url {wrong[0]}: say STAGE=URL, like prod-us-east-1=https://sho.rt.")
    return Trial({stage: url for stage, _, url in pairs}, options.patience)


def _say(
    target: Target, caches: Mapping[str, StageCache], updates: Mapping[Part, "Update"]
) -> None:
    where = f" in account {target.account}" if target.account else ""
    print(f"Plan for {target.name}{where}: data, then region by region, then the edge.")
    for line in plan_lines(target.parts, updates):
        print(visible(line))
    for line in cost_lines(target.parts, target.stages, caches):
        print(line)


def make_parts(deployment: "Deployment", target: Target) -> int:
    """Make what is not so yet, in order; what stops it is said with how to go on, and raised."""
    progress, now = Progress(), target.parts[0]
    try:
        for now in target.parts:
            if not (update := deployment.look(now)).changes:
                if is_shown(now, update):
                    progress.tell(now, "already so")
                continue
            progress.tell(now, "begun")
            deployment.make(now)
            progress.tell(now, "done")
    except (CannotRun, Refused, KeyboardInterrupt):
        _say_key(deployment)
        _say_where_it_stopped(target, now)
        raise
    print("Deployed.")
    say_outputs(deployment, target)
    _say_key(deployment)
    return _DONE


def _say_where_it_stopped(target: Target, part: Part) -> None:
    tell(f"Stopped at {part.wave}: {part.name}. Nothing after it was begun.")
    tell(f"To go on from there: python -m tools deploy {target.name}")
    if part.kind == "trial":
        tell("CloudFront may need some minutes more; the same command only asks again then.")
    if part.kind in ("app", "cache", "smoke", "told"):
        tell(f"To put the release before it back: python -m tools rollback {target.name}")


def say_outputs(deployment: "Deployment", target: Target) -> None:
    """Where everything is."""
    if deployment.edge_url:
        print(f"  {deployment.edge_url}/: short links /{{slug}}, the dashboard, api/v1/, api/docs")
    for stage in target.stages:
        print(f"  {stage.name}: {deployment.url_of(stage.name)}/")
        print(f"    REST API v1/, short links r/{{slug}}, documentation docs; files in "
              f"{deployment.bucket_of(stage.name)}")  # fmt: skip
    print(f"  table {target.group.table}; release {deployment.package.release}")


def _say_key(deployment: "Deployment") -> None:
    if not deployment.first_key:
        return
    said = (
        "The first admin key is shown this once, and kept nowhere but as a hash. If the deploy "
        "stopped, a later one may draw another, and shows it then."
    )
    for line in wrap(said, ""):
        print(line)
    print(f"  {deployment.first_key}")
