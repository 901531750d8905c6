"""What a deploy does so that clicks are counted: where logs land, their copies, who is told.

CloudFront delivers to one bucket, in us-east-1. A bucket tells functions of its own region alone,
so another region counts from copies. Of several other regions the first one does.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from infra.clicks import DEAD_LOGS, LOG_REGIONS, LOGS
from tools.parts import DATA, GLOBAL, HOME_OF_GLOBALS, Part
from tools.stacks import Stacks, current_parameters
from tools.stages import Group, Stage


# Two alarms.
MONTHLY = 2 * 0.10
# What a million requests of ten thousand links cost to count, with each replica: docs/clicks.md.
A_MILLION = 0.43
COPY_TO = "CopyTo"
LANDING, COPIED, COPIES, COUNTED = "logs", "copied logs", "log copies", "clicks"


def landing_part(group: Group) -> Part:
    """The bucket that CloudFront delivers to: made before the functions that it is to tell."""
    return Part(
        "stack",
        LANDING,
        DATA,
        HOME_OF_GLOBALS,
        stack=f"everhop-{group.name}-logs",
        template="global/logs.yaml",
        parameters=(("StageName", group.name), (COPY_TO, "")),
        keeps=(COPY_TO,),
        is_data=True,
    )


def copied_part(group: Group, regions: Sequence[str]) -> Part:
    """Having it copied, once the other bucket is there."""
    to = (COPY_TO, copy_region(regions))
    part = replace(landing_part(group), name=COPIED, wave=GLOBAL, parameters=(to,), keeps=())
    return replace(part, settings=True, is_data=False)


def copy_region(regions: Sequence[str]) -> str:
    """Where the copies are, of a group in these regions; "" when it is in us-east-1 alone."""
    return next((it for it in regions if it != HOME_OF_GLOBALS), "")


def click_parts(group: Group, stage: Stage, region: str, regions: Sequence[str]) -> Iterator[Part]:
    """A region's bucket of copies and the dead letters of its function; none where none counts."""
    shared = Part("stack", "", region, region, stage=stage.name)
    if region == copy_region(regions):
        yield replace(
            shared,
            name=COPIES,
            stack=f"everhop-{group.name}-log-copies",
            template="regional/log_copies.yaml",
            parameters=(("StageName", group.name),),
            is_data=True,
        )
    if region in (HOME_OF_GLOBALS, copy_region(regions)):
        named = {"StageName": group.name, "FunctionName": f"everhop-{stage.name}-clicks"}
        yield replace(
            shared,
            name=COUNTED,
            stack=f"everhop-{group.name}-clicks",
            template="regional/clicks.yaml",
            parameters=tuple(named.items()),
            hands=(("QueueUrl", f"environment_variables.{DEAD_LOGS}"),),
            monthly=MONTHLY,
        )


def click_settings(stage: Stage, parts: Sequence[Part]) -> dict[str, str]:
    """What a stage is told that is to count, where its bucket and its queue are there.

    `parts` are those of the whole group. Until the logs are copied, us-east-1 counts all of them.
    """
    own = {it.name: it for it in parts if it.stage == stage.name and it.kind == "stack"}
    if COUNTED not in own or LOGS in stage.environment:
        return {}
    region = own[COUNTED].region
    regions = _counting(parts)
    outputs = Stacks(region).outputs
    bucket = outputs(own[COPIES].stack if COPIES in own else _landing(parts).stack)
    if region not in regions or "BucketName" not in bucket or not outputs(own[COUNTED].stack):
        return {}
    said = {LOGS: bucket["BucketName"]} | ({LOG_REGIONS: " ".join(regions)} if regions[1:] else {})
    return {name: it for name, it in said.items() if name not in stage.environment}


def _landing(parts: Sequence[Part]) -> Part:
    return next(it for it in parts if it.name == LANDING)


def _counting(parts: Sequence[Part]) -> list[str]:
    """The regions that files come to now, of those that have an app."""
    stack = Stacks(HOME_OF_GLOBALS).read(_landing(parts).stack)
    come = (HOME_OF_GLOBALS, current_parameters(stack).get(COPY_TO, "")) if stack else ()
    return [it for it in come if any(part.kind == "app" and part.region == it for part in parts)]
