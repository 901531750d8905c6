"""What a deployment is made of, as data: each part's wave, kind and region.

A new template is a row of STACKS; those of the edge are in tools/edge_parts.py.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Literal, NamedTuple

from infra.dax import StageDax, read_dax, stacks_for
from infra.edges import GroupEdge, read_edges
from tools.click_parts import click_parts, landing_part
from tools.client import CannotRun
from tools.edge_parts import edge_parts, opened_parts, static_part
from tools.parts import DATA, Kind, Parameters, Part, leftover_of
from tools.replicas import MOST_REGIONS, PLACES, WANTED
from tools.stages import Group, Stage
from tools.stream_parts import streams_part


class Stack(NamedTuple):
    """A template, and once for what it is deployed: a group, each region after the first, ..."""

    name: str
    once_for: Literal["group", "replica", "region"]
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
        {"StageName": "{group}", "TableName": "{table}", **dict.fromkeys(PLACES, "")},
        keeps=PLACES,
        is_data=True,
    ),
    Stack("table", "replica", "global/table.yaml", {WANTED: "{region}"}, is_data=True),
    Stack(
        "files",
        "region",
        "regional/files.yaml",
        {"StageName": "{group}"},
        hands={"BucketName": "environment_variables.EVERHOP_BUCKET"},
        is_data=True,
    ),
)


# Seven metrics of three alarms, at 0.10 USD.
_ALARMS = 0.70
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
    edges: Mapping[str, GroupEdge] | None = None,
) -> tuple[Part, ...]:
    """The parts of these stages of a group, in the order of their waves.

    `home` is the region of the group's first stage, which has the table's stack; `clusters` are
    the settings of DAX by stage and `edges` those of the edge by group, else those of the files
    in infra/. The edge is that of all stages of a group: one of several leaves it alone.
    """
    clusters = read_dax() if clusters is None else clusters
    edge = (read_edges() if edges is None else edges).get(group.name, GroupEdge())
    is_whole = tuple(stages) == group.stages
    beyond = [it.region for it in group.stages[1:]]
    if len(group.stages) > MOST_REGIONS:
        raise CannotRun(
            f"{group.name} has {len(group.stages)} regions, but infra/global/table.yaml has places "
            f"for {MOST_REGIONS}: give it a parameter and a replica more, and tools/replicas.py."
        )
    wanted = [it.region for it in stages if it.region in beyond]
    return (
        *_stacks(group, "group", home, DATA),
        *(part for region in wanted for part in _replicas(group, region, home)),
        *([landing_part(group)] if edge.enabled else []),
        *(part for stage in stages for part in _regional(group, stage, home, clusters, edge)),
        *(edge_parts(group, home, edge) if is_whole else ()),
        *(opened_parts(group, home) if is_whole and edge.enabled else ()),
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
        yield replace(part, kind="replica", name=f"replica in {region}", region=home, settings=True)


def _regional(
    group: Group,
    stage: Stage,
    home: str,
    clusters: Mapping[str, StageDax],
    edge: GroupEdge,
) -> Iterator[Part]:
    region = stage.region or home
    for part in _stacks(group, "region", region, region):
        yield replace(part, stage=stage.name)
    if edge.enabled:
        yield static_part(group, stage, region)
    dax = clusters.get(stage.name, StageDax())
    yield from _dax(group, stage, region, dax)
    if edge.enabled or dax.enabled:  # else there is no cache to purge
        yield streams_part(group, stage, region)
    clicks = [*click_parts(group, stage, region, [it.region or home for it in group.stages])]
    yield from clicks if edge.enabled else ()
    kinds: tuple[Kind, ...] = ("app", "cache", "smoke")
    for kind in kinds:
        name = "smoke test" if kind == "smoke" else kind
        yield Part(kind, name, region, region, stage=stage.name)
    yield from _directions(group, stage, region, home)
    if not dax.enabled:
        # After the app, which was told of DAX, and stands in its network, until then.
        every = [*_dax(group, stage, region, StageDax(enabled=True))]
        yield from (leftover_of(part) for part in reversed(every))
    if not edge.enabled:
        yield from (leftover_of(part) for part in clicks if not part.is_data)


def _directions(group: Group, stage: Stage, region: str, home: str) -> Iterator[Part]:
    """Alarms about each other region that is to have what is written in this one."""
    for other in (it.region or home for it in group.stages if it.name != stage.name):
        yield direction_part(group, stage, region, other)


def direction_part(group: Group, stage: Stage, region: str, other: str) -> Part:
    """The alarms of one direction of replication."""
    named = {"StageName": group.name, "TableName": group.table, "ReceivingRegion": other}
    return Part(
        "stack",
        f"alarms for {other}",
        region,
        region,
        stage=stage.name,
        stack=f"everhop-{group.name}-replication-{other}",
        template="regional/replication.yaml",
        parameters=tuple(named.items()),
        monthly=_ALARMS,
    )


def _dax(group: Group, stage: Stage, region: str, dax: StageDax) -> Iterator[Part]:
    is_one_of_many = len(group.stages) > 1
    for made in stacks_for(group.name, dax, group.table, is_one_of_many=is_one_of_many):
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
            # Nor is it taken from functions that stand in it, when the last other region goes.
            keeps=() if is_one_of_many or name != "network" else ("WayOut",),
            hands=_TOLD_BY_DAX[name],
            monthly=dax.monthly_cost if name == "dax" else 0.0,
        )
