"""What an edge process is told when it starts: where it is, what is around it, whom it serves."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Plan:
    """One place's plan. `addresses` are base URLs of origins by their domain names.

    `regions` are those whose APIs and buckets are at a base URL.
    """

    place: str
    region: str
    parameters: Mapping[str, str]  # of infra/global/edge.yaml
    addresses: Mapping[str, str]
    regions: Mapping[str, str]
    functions: str  # the file that is baked into the functions' zip
    hosts: tuple[str, ...]  # names that this machine is asked by
    control: str  # where the stack says what is up, to who has its token
    logs: str  # the bucket for access logs
    s3_url: str
    tells: tuple[str, ...]  # base URLs of the regions that count the clicks in logs
    says: bool  # whether each request is printed


def write_plan(plan: Plan, file: Path) -> None:
    """Put it where the process reads it."""
    file.write_text(json.dumps(asdict(plan)))


def read_plan(file: Path) -> Plan:
    """The plan as it was written."""
    said = json.loads(file.read_text())
    lists = {name: tuple(said[name]) for name in ("hosts", "tells")}
    return Plan(**{**said, **lists})
