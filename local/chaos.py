"""`python -m local chaos FAULT [REGION]`: break a part of the stack that runs, and heal it."""

from pathlib import Path

from local.controls import Json, command
from local.dax.controls import BEHAVE
from local.dax.faults import Fault


FAULTS = {
    "dax-silent": Fault.SILENT,
    "dax-slow": Fault.SLOW,
    "dax-gone": Fault.REFUSING,
    "dax-cut": Fault.CUT,
    "heal": Fault.HEALTHY,
}
SLOW_FOR = 0.5  # seconds, longer than the app waits


def break_it(data: Path, fault: str, region: str | None) -> None:
    """Have all nodes of a region's DAX behave so; ControlError when they can't."""
    found = FAULTS[fault]
    delay_for = SLOW_FOR if found is Fault.SLOW else 0
    said = command(data, BEHAVE, region=region, fault=found, delay_for=delay_for)
    for node in said["nodes"]:
        print(f"{said['region']}: {_describe(node)}")


def _describe(node: Json) -> str:
    kept = node["item_cache"]
    return (
        f"DAX node {node['node']} ({node['role']}) is {node['fault']}; "
        f"{kept['hits']:,} hits and {kept['misses']:,} misses so far"
    )
