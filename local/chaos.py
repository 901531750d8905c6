"""`python -m local chaos FAULT [WORDS]`: break a part of the stack that runs, and heal it."""

from collections.abc import Sequence
from pathlib import Path

from local.controls import STATUS, ControlError, command
from local.dax.controls import BEHAVE
from local.dax.faults import Fault
from local.faults import BUCKET_DOWN, DOWN, FREEZE, HEAL, describe_node
from local.replication.commands import FAULTS as REPLICATION_FAULTS
from local.replication.commands import describe, read_fault


DAX_FAULTS = {
    "dax-silent": Fault.SILENT,
    "dax-slow": Fault.SLOW,
    "dax-gone": Fault.REFUSING,
    "dax-cut": Fault.CUT,
}
# A region that is healed starts all its processes, on a machine that may have much to do.
STACK_FAULTS = {DOWN: 20.0, FREEZE: 20.0, BUCKET_DOWN: 20.0, HEAL: 60.0}
FAULTS = (*DAX_FAULTS, *REPLICATION_FAULTS, *STACK_FAULTS)
HELP = f"a region (heal: all, if there is none); or {'; '.join(REPLICATION_FAULTS.values())}"
SLOW_FOR = 0.5  # seconds, longer than the app waits


def break_it(data: Path, fault: str, words: Sequence[str]) -> None:
    """Have it so, and say what became of it; ControlError when it can't be.

    `words` are those of `REPLICATION_FAULTS`, or a region: without one it is the first one's DAX,
    and all that is to be healed.
    """
    if fault in REPLICATION_FAULTS:
        _break_replication(data, fault, words)
        return
    if len(words) > 1:
        raise ControlError(f"{fault} takes one region.")
    region = words[0] if words else None
    if fault in DAX_FAULTS:
        _break_dax(data, DAX_FAULTS[fault], region)
        return
    for line in command(data, fault, within=STACK_FAULTS[fault], region=region)["said"]:
        print(line)


def _break_replication(data: Path, fault: str, words: Sequence[str]) -> None:
    regions = [one["name"] for one in command(data, STATUS)["regions"]]
    for order in read_fault(fault, words, regions):
        said = command(data, order.act, region=order.region, **order.words)
        for line in describe(order.region, said):
            print(line)


def _break_dax(data: Path, fault: Fault, region: str | None) -> None:
    delay_for = SLOW_FOR if fault is Fault.SLOW else 0
    said = command(data, BEHAVE, region=region, fault=fault, delay_for=delay_for)
    for node in said["nodes"]:
        print(f"{said['region']}: {describe_node(node)}")
