"""One part of a deployment, as data: what it is made of, and where."""

from dataclasses import dataclass
from typing import Literal


Kind = Literal["stack", "replica", "app", "cache", "smoke", "leftover", "secret", "told", "trial"]
Parameters = tuple[tuple[str, str], ...]
HOME_OF_GLOBALS = "us-east-1"  # CloudFront is managed from there alone
DATA, GLOBAL = "data", "global"  # waves; the others are called like their regions


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that is made, changed or taken away at once.

    `keeps` are parameters that an update leaves as they are; `hands` says which outputs of a stack
    become which keys of the Chalice stages in its region; `settings` has an update change the
    parameters alone; `is_data` outlives a destroy. A leftover is a stack of what is turned off, and
    goes once nothing uses it. `takes` says where a parameter comes from that only AWS can tell;
    what `stays` no destroy takes.
    """

    kind: Kind
    name: str
    wave: str
    region: str
    stage: str = ""
    stack: str = ""
    template: str = ""
    parameters: Parameters = ()
    keeps: tuple[str, ...] = ()
    hands: Parameters = ()
    settings: bool = False
    is_data: bool = False
    takes: Parameters = ()
    stays: bool = False
    monthly: float = 0.0


def leftover_of(part: Part) -> Part:
    """Taking away what a stack that is no longer wanted may have left."""
    return Part("leftover", f"{part.name}, off", part.wave, part.region, part.stage, part.stack)
