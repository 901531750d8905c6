"""`python -m tools region add|remove REGION --stage STAGE`: one region more, or less.

A plan first; each step is looked at before it is made, so the same command goes on after a stop.
Exit status: 0 done, 1 refused, 2 it could not ask, or was not let.
"""

import argparse

from infra.region_places import PLACES
from tools.caches import Refused, confirm
from tools.client import CannotRun
from tools.deploy_reports import wrap
from tools.deploys import Target, add_smoke_arguments, find_target, guarded
from tools.replicas import MOST_REGIONS


HELP = "add a region to a deployment, or take one away: its replica, its app, its links' homes"
_DONE = 0
_ADDING = (
    "write its stage, policy and settings into .chalice/ and infra/regional/ (commit them)",
    "add its replica to the table, and wait until it has all links",
    "declare it absent, so that it is home of nothing yet",
    "deploy all regions: each knows of the new one then, which answers and is tried out",
    "see that what is written arrives there, and the other way around",
    "make it a home: from 30 s later on, writes to slugs that move wait for 20 s",
)
_REMOVING = (
    "declare it absent from 30 s later on: its links move, and writes to them wait for 20 s",
    "see that all it has written arrives in the others",
    "deploy the others without it (and the edge): nobody asks it any more",
    "take its app, DAX, network and alarms away; its files and the dashboard's bucket stay",
    "take its replica away, with the protection from deletion that it has",
    "forget its absence; take its stage, policy and settings out of the work tree (commit that)",
)


def add_arguments(command: argparse.ArgumentParser) -> None:
    """What, where, and how."""
    command.add_argument("act", choices=("add", "remove"))
    command.add_argument("region", help="like eu-central-1")
    command.add_argument("--stage", required=True, help="an EVERHOP_STAGE like prod")
    command.add_argument("--plan", action="store_true", help="only say what would be done")
    command.add_argument("--yes", action="store_true", help="do not ask")
    add_smoke_arguments(command)


def run(options: argparse.Namespace) -> int:
    """Do it; the exit status."""
    return guarded(_change, options)


def _change(options: argparse.Namespace) -> int:
    target = find_target(options.stage)
    refuse = refuse_adding if options.act == "add" else refuse_removing
    refuse(target, options.region)
    _say(options, target)
    if target.missing:
        raise CannotRun("\n".join(target.missing))
    if options.plan:
        return _DONE
    confirm(yes=options.yes)
    from tools.region_runs import add_region, remove_region  # noqa: PLC0415 - boto3

    act = add_region if options.act == "add" else remove_region
    act(target, options)
    return _DONE


def refuse_adding(target: Target, region: str) -> None:
    """What can't be added is named, with why."""
    group = target.group
    if target.stages != group.stages:
        raise Refused(f"Say --stage {group.name}: a region belongs to all of its stages.")
    if not all(it.region for it in group.stages):
        raise Refused(
            f"{group.stages[0].name} names no region: one of several must, by EVERHOP_REGION and "
            "its name (prod-us-east-1)."
        )
    if region not in PLACES:
        raise Refused(f"Nobody knows where {region} is: add it to infra/region_places.py, if AWS "
                      "has such a region.")  # fmt: skip
    known = {it.region for it in group.stages}
    if region not in known and len(known) >= MOST_REGIONS:
        raise Refused(f"{group.name} has {MOST_REGIONS} regions, the most there are places for.")


def refuse_removing(target: Target, region: str) -> None:
    """What can't leave is named, with why."""
    group = target.group
    if target.stages != group.stages:
        raise Refused(f"Say --stage {group.name}: a region belongs to all of its stages.")
    regions = [it.region or target.home for it in group.stages]
    if region not in regions:
        raise Refused(f"{group.name} has no region {region}; it has {', '.join(regions)}.")
    if len(regions) == 1:
        raise Refused(f"{region} is the last region of {group.name}: that is what destroy is for.")
    if region == regions[0]:
        raise Refused(
            f"{region} can never leave: the stack of {group.table} is there, and CloudFormation "
            "keeps the replica of the stack's own region for as long as there is a table."
        )


def _say(options: argparse.Namespace, target: Target) -> None:
    where = f" in account {target.account}" if target.account else ""
    print(f"{options.act.title()} {options.region}, {target.group.name}{where}:")
    for step in _ADDING if options.act == "add" else _REMOVING:
        for line in wrap(step, "  - "):
            print(line)
