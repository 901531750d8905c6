"""Checks of what is deployed against the work tree: functions, APIs, caches, tables, stacks."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from infra.dax import FAR_TABLES, IPV6, other_regions
from tools.checks.work_trees import deploy_stack
from tools.findings import Finding, ok, warn, wrong
from tools.stages import Stage


Json = Mapping[str, Any]
# What templates and commands hand to a function without its being in .chalice/config.json.
_HANDED = (
    *("EVERHOP_WORKER", "EVERHOP_RELEASE", "EVERHOP_BUCKET", "EVERHOP_API_KEY_HASH"),
    "EVERHOP_TABLE_ENDPOINTS",  # where it stands in a network
    *("EVERHOP_PUBLIC_URL", "EVERHOP_ORIGIN_SECRETS", "EVERHOP_API_CACHE"),  # by the edge
    *("EVERHOP_STREAM", "EVERHOP_API_URL", "EVERHOP_DISTRIBUTION"),  # for purges
    *("EVERHOP_LOGS", "EVERHOP_DEAD_LOGS", "EVERHOP_LOG_REGIONS"),  # for clicks
)
_HANDED_PREFIX = "EVERHOP_DAX"


class Function(NamedTuple):
    """A function of a stage: its short name ("" for the API's), and what AWS says, if it is there.

    `runtime` is that of what packs here, "" when nothing does.
    """

    stage: Stage
    part: str
    deployed: Json | None
    runtime: str
    handler: str
    how: str  # the command that deploys the stage


def judge_function(asked: Function) -> Iterator[Finding]:
    """The function is as .chalice/config.json would make it now."""
    name = f"{asked.stage.name}{asked.part and '-' + asked.part}"
    if asked.deployed is None:
        yield wrong("the function is gone", asked.how, name)
        return
    differing = [
        *_differing(asked, asked.deployed),
        *_differing_variables(asked),
        *_shut_in(asked, asked.deployed),
    ]
    if asked.deployed.get("State", "Active") == "Failed":
        differing.append(f"it is failed ({asked.deployed.get('StateReason', 'no reason')})")
    lacking = [] if asked.part else list(_lacking(asked))
    yield from (wrong(text, asked.how, name) for text in differing)
    yield from lacking
    if not differing and not lacking:
        yield ok("as configured", name)


def _differing(asked: Function, deployed: Json) -> list[str]:
    own = asked.stage.config.get("lambda_functions", {}).get(asked.part, {})
    config = {**asked.stage.config, **own}
    wanted = {
        # Chalice's and Lambda's own defaults.
        "Timeout": int(config.get("lambda_timeout", 60)),
        "MemorySize": int(config.get("lambda_memory_size", 128)),
        "Runtime": asked.runtime or deployed.get("Runtime"),
        "Handler": asked.handler,
    }
    return [
        f"{field} is {deployed.get(field)}, not {value}"
        for field, value in wanted.items()
        if deployed.get(field) != value
    ]


def _shut_in(asked: Function, deployed: Json) -> Iterator[str]:
    """A network leads to its own region's table; links whose home is elsewhere would be 503."""
    network, others = deployed.get("VpcConfig", {}), other_regions(asked.stage.environment)
    if not (network.get("SubnetIds") and others):
        return
    if not network.get(IPV6):
        yield f"its network has no way to the table in {' and '.join(others)}"
    elif FAR_TABLES not in _deployed_variables(asked):
        yield f"{FAR_TABLES} is not set, so other regions are asked where IPv6 does not lead"


def _lacking(asked: Function) -> Iterator[Finding]:
    stage, given = asked.stage, _deployed_variables(asked)
    into = "into .chalice/config.json"
    if not given.get("EVERHOP_API_KEY_HASH"):
        fix = f"python -m tools key, and its hash as EVERHOP_API_KEY_HASH {into}"
        yield warn("no EVERHOP_API_KEY_HASH, so no key can make others", fix, stage.name)
    if not given.get("EVERHOP_BUCKET"):
        fix = f"{deploy_stack('regional/files', stage)}, and its BucketName {into}"
        yield warn("no EVERHOP_BUCKET, so exports are 501", fix, stage.name)


def _differing_variables(asked: Function) -> list[str]:
    """By name alone: a value may be what nobody should read over a shoulder."""
    deployed, wanted = _deployed_variables(asked), asked.stage.environment
    said = []
    for name in sorted({*deployed, *wanted}):
        if name not in wanted and (name in _HANDED or name.startswith(_HANDED_PREFIX)):
            continue
        if name not in deployed:
            said.append(f"{name} is not set")
        elif name not in wanted:
            said.append(f"{name} is set, and not by .chalice/config.json")
        elif deployed[name] != wanted[name]:
            said.append(f"{name} has another value")
    return said


def _deployed_variables(asked: Function) -> Mapping[str, str]:
    variables: Mapping[str, str] = (
        (asked.deployed or {}).get("Environment", {}).get("Variables", {})
    )
    return variables


# The functions of infra/edge/functions.yaml, which are of a deployment and not of a stage.
AT_EDGE = ("viewer-request", "origin-request", "origin-response")


class Apis(NamedTuple):
    """One region's REST APIs and functions, by id or name, and those that stages know as theirs."""

    region: str
    app: str
    apis: Mapping[str, str]  # by id, the name
    functions: Sequence[str]
    known_apis: Mapping[str, str]  # by id, the stage
    stages: Sequence[str]
    groups: Sequence[str] = ()


def judge_apis(asked: Apis) -> Iterator[Finding]:
    """No stage lost its API, and none is left over by a deploy that overwrote another's record."""
    known, found = asked.known_apis, []
    for api, stage in known.items():
        if api not in asked.apis:
            fix = f"AWS_DEFAULT_REGION={asked.region} python -m tools deploy {stage}"
            found.append(wrong(f"the API {api} of {stage} is gone", fix, asked.region))
    strays = [api for api, name in asked.apis.items() if name == asked.app and api not in known]
    found += [_judge_stray(asked, api) for api in strays]
    at_edge = (f"{group}-{event}" for group in asked.groups for event in AT_EDGE)
    ours = tuple(f"{asked.app}-{name}" for name in (*asked.stages, *at_edge))
    for function in asked.functions:
        if function.startswith(f"{asked.app}-") and not function.startswith(ours):
            text = f"there is a function {function} of no stage"
            fix = f"aws lambda delete-function --function-name {function} --region {asked.region}"
            found.append(warn(text, fix, asked.region))
    yield from found or [ok("has what the stages know, and nothing else", asked.region)]


def _judge_stray(asked: Apis, api: str) -> Finding:
    """Left over; or, on another machine than the one that deployed it, what answers visitors."""
    known, at = asked.known_apis.values(), f"AWS_DEFAULT_REGION={asked.region}"
    unnoted = [
        stage
        for stage in asked.stages
        if f"{asked.app}-{stage}" in asked.functions and stage not in known
    ]
    if unnoted:
        text = f"nothing here says whether the API {api} is that of {' or '.join(unnoted)}"
        fix = (
            f"{at} python -m tools deploy {unnoted[0]} --plan, which takes the last release's note"
        )
        return warn(text, fix, asked.region)
    text = f"there is an API {api} called {asked.app} that no stage knows of"
    fix = f"aws apigateway delete-rest-api --rest-api-id {api} --region {asked.region}"
    return warn(text, fix, asked.region)


class Cache(NamedTuple):
    """What `tools cache status` finds of a stage: why it may not cache, and what apply changes."""

    stage: str
    unsafe: Sequence[str]
    changes: Sequence[str]


def judge_cache(asked: Cache) -> Iterator[Finding]:
    """The stage's cache is what infra/regional/caches.toml says."""
    for reason in asked.unsafe:
        yield wrong(reason, f"python -m tools deploy {asked.stage}", asked.stage)
    if asked.changes and not asked.unsafe:
        text = f"to be changed: {'; '.join(asked.changes)}"
        yield wrong(text, f"python -m tools cache apply {asked.stage}", asked.stage)
    if not (asked.unsafe or asked.changes):
        yield ok("as it should be", asked.stage)


class Table(NamedTuple):
    """A stage's table as its region has it: None where there is none."""

    stage: Stage
    status: str | None


def judge_table(asked: Table) -> Iterator[Finding]:
    """Each region answers from a table of its own."""
    name = asked.stage.environment.get("EVERHOP_TABLE", "")
    if asked.status is None:
        text = f"there is no table {name} in its region"
        yield wrong(text, deploy_stack("global/table", asked.stage), asked.stage.name)
    elif asked.status != "ACTIVE":
        fix = "wait some minutes, and run the doctor once more"
        yield warn(f"the table {name} is {asked.status}", fix, asked.stage.name)
    else:
        yield ok(f"has {name}", asked.stage.name)


class Stack(NamedTuple):
    """A stack of ours: its state, and whether its template is the work tree's."""

    region: str
    name: str
    status: str
    template: str = ""  # like global/table, where it says so
    is_current: bool = True


def judge_stack(asked: Stack) -> Iterator[Finding]:
    """A stack is whole, and of the template that is here."""
    at = f"--stack-name {asked.name} --region {asked.region}"
    if asked.status.endswith(("_FAILED", "ROLLBACK_COMPLETE")):
        yield wrong(
            asked.status,
            f"aws cloudformation describe-stack-events {at} --max-items 20",
            asked.name,
        )
    elif not asked.is_current:
        path = f"infra/{asked.template}.yaml"
        fix = f"aws cloudformation deploy {at} --template-file {path}"
        yield warn(f"it is of another version of {path}", fix, asked.name)
    else:
        yield ok(asked.status, asked.name)


class Drift(NamedTuple):
    """What of a stack was changed behind its back: properties by resource, none when it is gone."""

    region: str
    stack: str
    drifted: Mapping[str, Sequence[str]]


def judge_drift(asked: Drift) -> Iterator[Finding]:
    """Nobody changed by hand what a stack made."""
    fix = (
        f"aws cloudformation describe-stack-resource-drifts --stack-name {asked.stack} "
        f"--region {asked.region}, and set it back"
    )
    for resource, properties in asked.drifted.items():
        what = f"was changed by hand: {', '.join(properties)}" if properties else "was deleted"
        yield wrong(f"{resource} {what}", fix, asked.stack)
    if not asked.drifted:
        yield ok("as its template", asked.stack)
