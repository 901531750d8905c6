"""The steps by which a region comes and goes on AWS; each goes on where it stopped."""

import argparse
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from chalicelib.core.homes import MOVES_FOR
from infra.caches import read_caches
from tools.absence_plans import LEAD, again, forget, holds_from, is_planned, tidy, without
from tools.absences import RegionTables, Timing
from tools.deploy_parts import direction_part
from tools.deploy_reports import Progress
from tools.deploys import Target, find_target, make_parts, prepare, read_trial
from tools.destroys import split_parts
from tools.region_files import read_files, told_without, with_region, without_region, write_files
from tools.removals import Removals
from tools.replicas import WANTED, regions_in, removing
from tools.stacks import Stacks, current_parameters
from tools.stage_apis import calling, is_found, make_client
from tools.stages import Group


_PATIENCE = 120.0  # seconds for replication, which takes about one


def add_region(target: Target, options: argparse.Namespace) -> None:
    """One region more; CannotRun or Refused says what stops it."""
    region, timing = options.region, Timing()
    if region not in _regions(target.group):
        write_files(with_region(read_files(target.group), target.group, region))
        target = find_target(target.group.name)
        print(f"Written into the work tree: {target.group.stages[-1].name}.")
    deployment = prepare(target, read_caches(), read_trial(options))
    progress = Progress()
    for part in (it for it in target.parts if it.is_data and not it.stage and it.wave == "data"):
        if deployment.look(part).changes:
            progress.tell(part, "begun")
            deployment.make(part)
        progress.tell(part, "is there")
    regions = _regions(target.group)
    tables = RegionTables(target.group.table, regions)
    stage = next(it for it in target.group.stages if it.region == region)
    known = tables.newest()
    if not is_planned(known.absences, region):
        if stage.name in deployment.environments():
            print(f"{region} is a home already.")
            return
        since = timing.now() - MOVES_FOR
        known = tables.write(without(tidy(known.absences, since), region, since))
        print(f"{region} is absent, as of epoch {known.epoch}.")
    make_parts(deployment, target)
    others = [it for it in regions if it != region]
    _see_both_ways(tables, region, others)
    moment = timing.now() + LEAD
    tables.write(again(tables.newest().absences, region, moment))
    timing.wait_until(holds_from(moment), f"{region} is a home")
    print(f"{region} is a home. Commit what was written into the work tree.")


def _see_both_ways(tables: RegionTables, region: str, others: Sequence[str]) -> None:
    for other in others:
        tables.await_arrival(other, [region], _PATIENCE)
    tables.await_arrival(region, others, _PATIENCE)
    print(f"What is written arrives in {region}, and the other way around.")


def remove_region(target: Target, options: argparse.Namespace) -> None:
    """One region less; CannotRun or Refused says what stops it."""
    region, group = options.region, target.group
    staying = tuple(it for it in group.stages if it.region != region)
    reduced = Group(group.name, staying)
    others = _regions(reduced)
    if has_replica(group, target.home, region):
        _move_homes(RegionTables(group.table, _regions(group)), region, others)
    write_files(told_without(read_files(group), group, region))
    # Read anew, as the stages' settings are other ones now.
    fresh = find_target(group.name)
    staying = tuple(it for it in fresh.group.stages if it.region != region)
    smaller = fresh._replace(group=Group(group.name, staying), stages=staying)
    make_parts(prepare(smaller, read_caches(), read_trial(options)), smaller)
    _take_app_away(fresh, region)
    for stage in staying:
        part = direction_part(smaller.group, stage, stage.region, region)
        _delete_stack(part.region, part.stack)
    take_replica_away(group, target, region)
    tables = RegionTables(group.table, others)
    known = tables.newest()
    if forget(known.absences, region) != known.absences:
        tables.write(forget(known.absences, region))
    write_files(without_region(read_files(fresh.group), fresh.group, region))
    print(f"{region} is gone. Commit what was taken out of the work tree.")


def _move_homes(tables: RegionTables, region: str, others: Sequence[str]) -> None:
    timing, known = Timing(), tables.newest()
    if not is_planned(known.absences, region):
        since = timing.now() + LEAD
        known = tables.write(without(tidy(known.absences, timing.now()), region, since))
    moment = max(it.since for it in known.absences if it.region == region)
    timing.wait_until(holds_from(moment), "its links have new homes")
    tables.await_arrival(region, others, _PATIENCE)
    print(f"{region} is home of nothing, and what it wrote has arrived.")


def _take_app_away(target: Target, region: str) -> None:
    group = target.group
    stages = tuple(it for it in group.stages if it.region == region)
    one = target._replace(stages=stages)
    removals, progress = Removals(group, target.home), Progress()
    going, staying = split_parts(one, data=False)
    for part in going:
        if removals.is_there(part):
            progress.tell(part, "begun")
            removals.remove(part)
        progress.tell(part, "gone")
    for line in (line for it in staying if it.stage for line in removals.left_of(it)):
        print(f"  left: {line}")


def _delete_stack(region: str, name: str) -> None:
    stacks = Stacks(region)
    if stacks.read(name):
        stacks.delete(name)


def has_replica(group: Group, home: str, region: str) -> bool:
    """Whether the table's stack has a replica there."""
    stack = Stacks(home).read(f"everhop-{group.name}-table")
    return region in regions_in(current_parameters(stack))


def take_replica_away(group: Group, target: Target, region: str) -> None:
    """Delete a replica with all that is in it; the other regions have the same."""
    if not has_replica(group, target.home, region):
        return
    client, named = make_client("dynamodb", region), {"TableName": group.table}
    if is_found(partial(client.describe_table, **named)):
        calling(partial(client.update_table, **named, DeletionProtectionEnabled=False))
        calling(lambda: client.get_waiter("table_exists").wait(**named))
    whole = target._replace(stages=group.stages)
    part = next(it for it in whole.parts if dict(it.parameters).get(WANTED) == region)
    stacks = Stacks(target.home)
    going = removing(part, current_parameters(stacks.read(part.stack)))
    stacks.apply(replace(going, kind="stack"))
    print(f"The replica in {region} is gone.")


def _regions(group: Group) -> tuple[str, ...]:
    return tuple(it.region for it in group.stages)
