"""The replicas of a group's table, and the parameters of infra/global/table.yaml that hold them.

A region is in any of the places, and stays in its own when another one leaves: which one, the stack
knows. DynamoDB adds or removes one replica per update, in which nothing else may change.
"""

from collections.abc import Mapping
from dataclasses import replace

from tools.client import CannotRun
from tools.parts import Part


PLACES = tuple(f"{it}Region" for it in ("Second", "Third", "Fourth", "Fifth", "Sixth"))
MOST_REGIONS = 1 + len(PLACES)
WANTED = "Replica"  # in a part, in place of the parameter that only the stack can tell


def regions_in(parameters: Mapping[str, str]) -> tuple[str, ...]:
    """The regions that a stack of the table has replicas in, besides its own."""
    return tuple(parameters[place] for place in PLACES if parameters.get(place))


def adding(part: Part, parameters: Mapping[str, str]) -> Part:
    """The update that adds a replica, or has no change when it is there."""
    region = dict(part.parameters)[WANTED]
    if region in regions_in(parameters):
        return replace(part, parameters=())
    free = [place for place in PLACES if not parameters.get(place)]
    if not free:
        raise CannotRun(f"{part.stack} has {MOST_REGIONS} regions, which is all it has places for.")
    return replace(part, parameters=((free[0], region),))


def removing(part: Part, parameters: Mapping[str, str]) -> Part:
    """The update that takes a replica away, or has no change when it is gone."""
    region = dict(part.parameters)[WANTED]
    held = [place for place in PLACES if parameters.get(place) == region]
    return replace(part, parameters=tuple((place, "") for place in held))
