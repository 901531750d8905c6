"""What a running region can be told about replication, and the words of `chaos` that mean it.

LOOK, SET and HEAL are acts of the control channel of each region's DynamoDB; `read_fault` makes
of a person's words which of them goes to which region.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from local.controls import Act, ControlError, Json


if TYPE_CHECKING:
    from local.replication.replicas import Replica


LOOK, SET, HEAL = "replication-look", "replication-set", "replication-heal"
DEAD_LETTERS = "replication-dead-letters"
# What is said -> how.
FAULTS = {
    "lag": "lag SECONDS [REGION]: what others write comes so much later to a region, or to all",
    "pause": "pause [REGION]: nothing is replicated to a region, or to any",
    "partition": "partition A B: what A writes does not reach B",
    "skew": "skew SECONDS REGION: its clock is so much ahead (or behind, when less than 0)",
}


def acts(replica: "Replica") -> dict[str, Act]:
    """What the process of a region's DynamoDB does for those who have the token."""
    # Here, as they bring moto: the stack's own process does without it.
    from local.replication.origins import CHANGES, ITEMS  # noqa: PLC0415

    async def look(_words: object) -> Json:
        return await replica.look()

    return {
        LOOK: look,
        SET: replica.behave,
        HEAL: replica.heal,
        DEAD_LETTERS: replica.dead_letters,
        CHANGES: replica.origin.changes,
        ITEMS: replica.origin.items,
    }


class Order(NamedTuple):
    """What one region is to be told."""

    region: str
    act: str
    words: Json


def read_fault(fault: str, words: Sequence[str], regions: Sequence[str]) -> list[Order]:
    """The orders that make a fault of FAULTS; ControlError says how it is said."""
    match fault, *words:
        case "lag", number:
            return _to_all(regions, {"lag_for": number})
        case "lag", number, region:
            return [_order(region, regions, {"lag_for": number})]
        case ("pause",):
            return _to_all(regions, {"paused": True})
        case "pause", region:
            return [_order(region, regions, {"paused": True})]
        case "partition", one, other if one != other:
            _known(one, regions)
            return [_order(other, regions, {"from": one, "cut": True})]
        case "skew", number, region:
            return [_order(region, regions, {"skew_for": number})]
    raise ControlError(f"it is said so: {FAULTS.get(fault, ', '.join(FAULTS))}.")


def heal_all(regions: Sequence[str]) -> list[Order]:
    """The orders that undo all of it."""
    return [Order(region, HEAL, {}) for region in regions]


def _to_all(regions: Sequence[str], words: Json) -> list[Order]:
    return [Order(region, SET, words) for region in regions]


def _order(region: str, regions: Sequence[str], words: Json) -> Order:
    _known(region, regions)
    return Order(region, SET, words)


def _known(region: str, regions: Sequence[str]) -> None:
    if region not in regions:
        raise ControlError(f"{region} does not run here; {', '.join(regions)} do.")


def describe(region: str, said: Json) -> list[str]:
    """The answer to any of the acts, as lines for people."""
    lines = [_describe_direction(region, one) for one in said["replication"]]
    if said["skew_for"]:
        lines.append(f"{region}: its clock is {said['skew_for']:+g} s off")
    if said["lost"]:
        lines.append(f"{region}: {said['lost']} conflicts; the last {said['conflicts'][-1]}")
    return lines


def _describe_direction(region: str, said: Json) -> str:
    lag = "nothing was heard yet" if said["lag"] is None else f"{said['lag']:g} s behind"
    waiting = "nobody knows how many" if said["behind"] is None else f"{said['behind']:,}"
    faults = [f"lag {said['lag_for']:g} s"] if said["lag_for"] else []
    faults += [name for name in ("paused", "cut") if said[name]]
    state = ", ".join(faults) or said["error"] or "in step"
    return f"{said['from']} -> {region}: {state}; {lag}, {waiting} changes to come"
