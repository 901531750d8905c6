"""What a deployment is made of, as data: each part's wave, kind and region.

A new template is a row of STACKS.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from infra.dax import StageDax, read_dax, stacks_for
from tools.client import CannotRun
from tools.stages import Group, Stage


Kind = Literal["stack", "app", "cache", "smoke", "leftover"]
Parameters = tuple[tuple[str, str], ...]
HOME_OF_GLOBALS = "us-east-1"  # CloudFront is managed from there alone
DATA, GLOBAL = "data", "global"  # waves; the others are called like their regions


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that is made, changed or taken away at once.

    `keeps` are parameters that an update leaves as they are; `hands` says which outputs of a stack
    become which keys of the Chalice stages in its region; `settings` has an update change the
    parameters alone; `is_data` outlives a destroy. A leftover is a stack of what is turned off, and
    goes once nothing uses it.
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
    monthly: float = 0.0


class Stack(NamedTuple):
    """A template, and once for what it is deployed: a group, each region after the first, ..."""

    name: str
    once_for: Literal["group", "replica", "region", "world"]
    template: str
    parameters: Mapping[str, str]
    keeps: tuple[str, ...] = ()
    hands: Mapping[str, str] = {}
    is_data: bool = False
    monthly: float = 0.0  # USD, used or not


STACKS = (
    Stack(
        "table",
        "group",
        "global/table.yaml",
        {"StageName": "{group}", "TableName": "{table}", "SecondRegion": ""},
        keeps=("SecondRegion",),
        is_data=True,
    ),
    # DynamoDB adds one replica per update, in which nothing else may change.
    Stack("table", "replica", "global/table.yaml", {"SecondRegion": "{region}"}, is_data=True),
    Stack(
        "files",
        "region",
        "regional/files.yaml",
        {"StageName": "{group}"},
        hands={"BucketName": "environment_variables.EVERHOP_BUCKET"},
        is_data=True,
    ),
    Stack("headers", "world", "global/headers.yaml", {}),
)


# What the stacks of infra/dax.py tell the Chalice stage of their region.
_TOLD_BY_DAX: Mapping[str, Parameters] = {
    "network": (("SubnetIds", "subnet_ids"), ("FunctionGroupId", "security_group_ids")),
    "dax": (("Endpoint", "environment_variables.EVERHOP_DAX"),),
}


def parts_for(
    group: Group,
    stages: Sequence[Stage],
    home: str,
    clusters: Mapping[str, StageDax] | None = None,
) -> tuple[Part, ...]:
    """The parts of these stages of a group, in the order of their waves.

    `home` is the region of the group's first stage, which has the table's stack; `clusters` are
    the settings of DAX by stage, else those of infra/regional/dax.toml.
    """
    clusters = read_dax() if clusters is None else clusters
    beyond = [it.region for it in group.stages[1:]]
    if len(beyond) > 1:
        raise CannotRun(
            f"{group.name} has {len(group.stages)} regions, but infra/global/table.yaml has one "
            f"SecondRegion: give it a parameter and a replica for each, and its part here."
        )
    wanted = [it.region for it in stages if it.region in beyond]
    return (
        *_stacks(group, "group", home, DATA),
        *(part for region in wanted for part in _replicas(group, region, home)),
        *(part for stage in stages for part in _regional(group, stage, home, clusters)),
        *_stacks(group, "world", HOME_OF_GLOBALS, GLOBAL),
    )


def _stacks(group: Group, once_for: str, region: str, wave: str) -> Iterator[Part]:
    said = {"group": group.name, "table": group.table, "region": region}
    for row in STACKS:
        if row.once_for == once_for:
            yield Part(
                "stack",
                row.name,
                wave,
                region,
                stack=f"everhop-{group.name}-{row.name}",
                template=row.template,
                parameters=tuple((key, it.format(**said)) for key, it in row.parameters.items()),
                keeps=row.keeps,
                hands=tuple(row.hands.items()),
                is_data=row.is_data,
                monthly=row.monthly,
            )


def _replicas(group: Group, region: str, home: str) -> Iterator[Part]:
    for part in _stacks(group, "replica", region, DATA):
        yield replace(part, name=f"replica in {region}", region=home, settings=True)


def _regional(
    group: Group, stage: Stage, home: str, clusters: Mapping[str, StageDax]
) -> Iterator[Part]:
    region = stage.region or home
    for part in _stacks(group, "region", region, region):
        yield replace(part, stage=stage.name)
    dax = clusters.get(stage.name, StageDax())
    yield from _dax(group, stage, region, dax)
    kinds: tuple[Kind, ...] = ("app", "cache", "smoke")
    for kind in kinds:
        name = "smoke test" if kind == "smoke" else kind
        yield Part(kind, name, region, region, stage=stage.name)
    if not dax.enabled:
        # After the app, which was told of DAX, and stands in its network, until then.
        every = [*_dax(group, stage, region, StageDax(enabled=True))]
        yield from (leftover_of(part) for part in reversed(every))


def leftover_of(part: Part) -> Part:
    """Taking away what a stack that is no longer wanted may have left."""
    return Part("leftover", f"{part.name}, off", part.wave, part.region, part.stage, part.stack)


def _dax(group: Group, stage: Stage, region: str, dax: StageDax) -> Iterator[Part]:
    for made in stacks_for(group.name, dax, group.table):
        name = made.name.rpartition("-")[2]
        yield Part(
            "stack",
            name,
            region,
            region,
            stage=stage.name,
            stack=made.name,
            template=made.template.removeprefix("infra/"),
            parameters=tuple(made.parameters.items()),
            hands=_TOLD_BY_DAX[name],
            monthly=dax.monthly_cost if name == "dax" else 0.0,
        )
