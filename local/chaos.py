"""`python -m local chaos FAULT [REGION]`: break a part of the stack that runs, and heal it."""

from pathlib import Path

from local.controls import command
from local.dax.controls import BEHAVE
from local.dax.faults import Fault
from local.faults import BUCKET_DOWN, DOWN, FREEZE, HEAL, describe_node


DAX_FAULTS = {
    "dax-silent": Fault.SILENT,
    "dax-slow": Fault.SLOW,
    "dax-gone": Fault.REFUSING,
    "dax-cut": Fault.CUT,
}
# A region that is healed starts all its processes, on a machine that may have much to do.
STACK_FAULTS = {DOWN: 20.0, FREEZE: 20.0, BUCKET_DOWN: 20.0, HEAL: 60.0}
FAULTS = (*DAX_FAULTS, *STACK_FAULTS)
SLOW_FOR = 0.5  # seconds, longer than the app waits


def break_it(data: Path, fault: str, region: str | None) -> None:
    """Have it so in a region, and say what became of it; ControlError when it can't be.

    Without a region it is the first one's DAX, and all that is to be healed.
    """
    if fault in DAX_FAULTS:
        _break_dax(data, DAX_FAULTS[fault], region)
        return
    for line in command(data, fault, within=STACK_FAULTS[fault], region=region)["said"]:
        print(line)


def _break_dax(data: Path, fault: Fault, region: str | None) -> None:
    delay_for = SLOW_FOR if fault is Fault.SLOW else 0
    said = command(data, BEHAVE, region=region, fault=fault, delay_for=delay_for)
    for node in said["nodes"]:
        print(f"{said['region']}: {describe_node(node)}")
