"""The parts of a group's edge, as data: its buckets, what is global, and the regions behind it.

The order is what keeps visitors answered: a region asks for the edge's proof only after the edge
that sends it stands, and learns its public address then.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from chalicelib.core.freshness import kept_for
from infra.caches import read_caches
from infra.edges import FIREWALL, WATCH, GroupEdge
from tools.click_parts import copied_part
from tools.parts import GLOBAL, HOME_OF_GLOBALS, Parameters, Part, leftover_of
from tools.stages import Group, Stage


# Where a parameter comes from, see tools/edge_runs.py: an output of a stack in us-east-1, the
# domain of a stage's API, or what is told of the zip.
_VERSIONS = ("ViewerRequestArn", "OriginRequestArn", "OriginResponseArn")
_ZIP: Parameters = (("CodeBucket", "zip:bucket"), ("CodeKey", "zip:key"), ("CodeSha256", "zip:sha"))
_APIS = (("FirstRegion", "FirstApi"), ("SecondRegion", "SecondApi"))
_DISTRIBUTION = "DistributionId"


def static_part(group: Group, stage: Stage, region: str) -> Part:
    """The dashboard's bucket, at first read by nobody."""
    return Part(
        "stack",
        "static",
        region,
        region,
        stage=stage.name,
        stack=_stack(group, "static"),
        template="regional/static.yaml",
        parameters=(("StageName", group.name), ("OtherRegion", ""), (_DISTRIBUTION, "")),
        keeps=("OtherRegion", _DISTRIBUTION),
        is_data=True,
    )


def edge_parts(group: Group, home: str, edge: GroupEdge) -> Iterator[Part]:
    """What is global, in the order in which it is made; what is turned off is looked for."""
    named = {"StageName": group.name}
    if edge.enabled:
        yield Part(
            "secret", "origin secret", GLOBAL, HOME_OF_GLOBALS, stack=secret_name(group.name)
        )
        if HOME_OF_GLOBALS not in _regions(group, home):
            files = _part(group, "files", "regional/files.yaml", named)  # for the zip
            yield replace(files, is_data=True)
        yield copied_part(group, _regions(group, home))
        yield from _wanted(group, home, edge)
    wanted = {it.stack for it in _wanted(group, home, edge)} if edge.enabled else set()
    every = [*_wanted(group, home, GroupEdge(enabled=True))]
    for part in reversed(every):
        if not (part.is_data or part.stays or part.stack in wanted):
            yield leftover_of(part)


def _wanted(group: Group, home: str, edge: GroupEdge) -> Iterator[Part]:
    named = {"StageName": group.name}
    yield _part(group, "headers", "global/headers.yaml")
    if edge.firewall:
        yield replace(_part(group, "firewall", "global/firewall.yaml", named), monthly=FIREWALL)
    functions = _part(group, "edge-functions", "edge/functions.yaml", named)
    yield replace(functions, takes=_ZIP, is_data=True, stays=True)
    yield _distribution(group, home, edge)
    yield replace(
        _part(group, "watch", "global/watch.yaml", {**named, "AlarmTopicArn": edge.alarm_topic}),
        takes=(
            (_DISTRIBUTION, _output(group, "edge", _DISTRIBUTION)),
            ("LogDestinationArn", _output(group, "logs", "DestinationArn")),
        ),
        monthly=WATCH,
    )


def _distribution(group: Group, home: str, edge: GroupEdge) -> Part:
    regions = _regions(group, home)
    said = {"SecondRegion": "", "SecondApi": "", "FirewallArn": ""} if len(regions) == 1 else {}
    taken = [("HeadersId", _output(group, "headers", "DashboardHeadersId"))]
    for stage, region, (name, api) in zip(group.stages, regions, _APIS, strict=False):
        said[name] = region
        taken.append((api, f"api:{stage.name}"))
    if edge.firewall:
        taken.append(("FirewallArn", _output(group, "firewall", "FirewallArn")))
    taken += [(name, _output(group, "edge-functions", name)) for name in _VERSIONS]
    parameters = {
        "StageName": group.name,
        "FreshFor": str(kept_for(budget_of(group))),
        **edge.parameters,
        **({} if edge.firewall else {"FirewallArn": ""}),
        **{key: it for key, it in said.items() if key not in dict(taken)},
    }
    return replace(_part(group, "edge", "global/edge.yaml", parameters), takes=tuple(taken))


def opened_parts(group: Group, home: str) -> Iterator[Part]:
    """What comes once the distribution stands: buckets that let it in, and regions behind it."""
    regions = _regions(group, home)
    for stage, region in zip(group.stages, regions, strict=True):
        others = [it for it in regions if it != region]
        yield Part(
            "stack",
            "static, let in",
            region,
            region,
            stage=stage.name,
            stack=_stack(group, "static"),
            template="regional/static.yaml",
            parameters=(("OtherRegion", others[0] if others else ""),),
            takes=((_DISTRIBUTION, _output(group, "edge", _DISTRIBUTION)),),
            settings=True,
        )
        yield Part("told", "app behind the edge", region, region, stage=stage.name)
    yield Part("trial", "smoke test", "edge", HOME_OF_GLOBALS, stack=_stack(group, "edge"))


def budget_of(group: Group) -> int:
    """Seconds until all the world sees an edit: the strictest region's."""
    caches = read_caches()
    return min(caches[it.name].budget for it in group.stages)


def secret_name(group: str) -> str:
    """Where the secrets of a group's edge are kept, in us-east-1's parameter store."""
    return f"/everhop/{group}/origin-secrets"


def _regions(group: Group, home: str) -> list[str]:
    return [it.region or home for it in group.stages]


def _stack(group: Group, name: str) -> str:
    return f"everhop-{group.name}-{name}"


def _output(group: Group, name: str, output: str) -> str:
    return f"{_stack(group, name)}:{output}"


def _part(
    group: Group, name: str, template: str, parameters: Mapping[str, str] | None = None
) -> Part:
    return Part(
        "stack",
        name,
        GLOBAL,
        HOME_OF_GLOBALS,
        stack=_stack(group, name),
        template=template,
        parameters=tuple((parameters or {}).items()),
    )
