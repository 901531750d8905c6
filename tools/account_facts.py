"""What the doctor asks of AWS: read-only calls, each raising CannotRun with one sentence."""

import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import boto3

from infra.caches import declared_policies, method_caches, read_caches
from infra.settings_files import SettingsFileError
from tools.cache_plans import is_caching, plan_changes, unsafe_reasons
from tools.checks.accounts import Identity, Quota, Regions
from tools.checks.deployments import Apis, Cache, Drift, Function, Stack, Table
from tools.client import CannotRun
from tools.stage_apis import NotDeployed, Place, StageApi, calling, find_place, make_client
from tools.stages import ROOT, Stage


Json = dict[str, Any]
# By the name in app.py, "" for the API's; a test compares them with the app.
HANDLERS = {"": "app.app", "worker": "app.work"}
_DRIFT_WITHIN = 180.0  # seconds
_DRIFT = {"MODIFIED", "DELETED"}
# CloudFormation looks at no stack that is at work, or was never made.
_WHOLE = {"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE"}


@dataclass
class Account:
    """An AWS account as these credentials see it. Whether a region answers is asked once."""

    _entered: dict[str, Json | CannotRun] = field(default_factory=dict)

    def enter(self, region: str) -> Json:
        """Who we are in a region; CannotRun, for all who ask, when it can't be told."""
        if region not in self._entered:
            try:
                sts = make_client("sts", region)
                self._entered[region] = calling(sts.get_caller_identity)
            except CannotRun as error:
                self._entered[region] = error
        found = self._entered[region]
        if isinstance(found, CannotRun):
            raise CannotRun(str(found))
        return found

    def client(self, service: str, region: str) -> Any:
        """A client for a region that answers."""
        self.enter(region)
        return make_client(service, region)


def region_of(stage: Stage) -> str:
    """The stage's region, else the one that the environment names; "" when none does."""
    with suppress(CannotRun):
        return stage.region or calling(lambda: boto3.Session().region_name) or ""
    return ""


def ask_identity(account: Account, stages: Iterable[Stage]) -> Identity:
    """Who we are, and where the stages are, as `chalice deploy` noted it."""
    chosen = list(stages)
    said = account.enter(region_of(chosen[0]))
    arns = {stage.name: _noted_arn(stage) for stage in chosen}
    deployed = {name: arn.split(":")[4] for name, arn in arns.items() if arn.count(":") > 4}
    return Identity(said["Account"], said["Arn"], deployed)


def _noted_arn(stage: Stage) -> str:
    with suppress(OSError, ValueError, KeyError):
        noted = json.loads((ROOT / ".chalice" / "deployed" / f"{stage.name}.json").read_text())
        arns = (str(it.get("lambda_arn", "")) for it in noted["resources"])
        return next(filter(None, arns), "")
    return ""


def ask_regions(account: Account, stages: Iterable[Stage]) -> Regions:
    """How the account stands to the stages' regions; each that is enabled must answer as well."""
    wanted: dict[str, list[str]] = {}
    for stage in stages:
        wanted.setdefault(region_of(stage), []).append(stage.name)
    # Asked where AWS answers: a region that does not exist can't say so.
    errors = []
    for region in [*wanted, "us-east-1"]:
        try:
            ec2 = account.client("ec2", region)
        except CannotRun as error:
            errors.append(error)
            continue
        known = calling(partial(ec2.describe_regions, AllRegions=True))["Regions"]
        opted = {it["RegionName"]: it["OptInStatus"] for it in known}
        return Regions(wanted, opted)
    raise errors[0]


def ask_reach(account: Account, region: str) -> str:
    """The region, when it answers."""
    account.enter(region)
    return region


def ask_concurrency(account: Account, region: str) -> Quota:
    """Lambda's limits."""
    client = account.client("lambda", region)
    return Quota(region, calling(client.get_account_settings))


def ask_rate(account: Account, region: str) -> Quota:
    """API Gateway's limits."""
    client = account.client("apigateway", region)
    return Quota(region, calling(client.get_account))


def place_of(account: Account, stage: Stage) -> Place:
    """Where a stage is deployed, in a region that answers; NotDeployed when it is not."""
    account.enter(region_of(stage))
    return find_place(stage.name)


def ask_functions(account: Account, stage: Stage, runtime: str) -> Iterator[Function]:
    """The API's function and the worker, as they are deployed."""
    place = place_of(account, stage)
    client = account.client("lambda", place.region)
    by_chalice = (ROOT / ".chalice" / "deployed" / f"{stage.name}.json").exists()
    how = _redeploy(stage, place.region, by_chalice=by_chalice)
    for part, handler in HANDLERS.items():
        name = f"{stage.config['app_name']}-{stage.name}-{part}" if part else place.function
        said = or_none(partial(client.get_function_configuration, FunctionName=name))
        yield Function(stage, part, said, runtime, handler, how)


def _redeploy(stage: Stage, region: str, *, by_chalice: bool) -> str:
    if by_chalice:
        return f"AWS_DEFAULT_REGION={region} python -m tools deploy {stage.name}"
    return (
        f"chalice package --stage {stage.name} --merge-template infra/regional/api.merge.json out "
        f"&& aws cloudformation package --template-file out/sam.json --s3-bucket BUCKET "
        f"--output-template-file out/api.json && aws cloudformation deploy --region {region} "
        f"--template-file out/api.json --stack-name everhop-{stage.name} "
        f"--capabilities CAPABILITY_IAM"
    )


def ask_apis(account: Account, region: str, stages: Iterable[Stage]) -> Apis:
    """What of ours is in a region, whoever made it; `stages` are all there are."""
    gateway, functions = (account.client(it, region) for it in ("apigateway", "lambda"))
    apis = _pages(gateway, "get_rest_apis", "items")
    names = [it["FunctionName"] for it in _pages(functions, "list_functions", "Functions")]
    every = list(stages)
    known = {}
    for stage in every:
        with suppress(NotDeployed):
            place = find_place(stage.name)
            if place.region == region:
                known[place.rest_api_id] = stage.name
    app = str(every[0].config["app_name"])
    found = {it["id"]: str(it["name"]) for it in apis}
    groups = list(dict.fromkeys(stage.group for stage in every))
    return Apis(region, app, found, names, known, [stage.name for stage in every], groups)


def _pages(client: Any, call: str, field_name: str) -> list[Any]:
    pages = client.get_paginator(call).paginate()
    return list(calling(lambda: [it for page in pages for it in page.get(field_name, [])]))


def ask_cache(account: Account, stage: Stage) -> Cache:
    """What `tools cache status` looks at."""
    api = StageApi(place_of(account, stage))
    try:
        cache = read_caches()[stage.name]
    except (SettingsFileError, KeyError):
        raise CannotRun(f"infra/regional/caches.toml has no [{stage.name}] to compare") from None
    methods, now = method_caches(declared_policies(), cache), api.read()
    unsafe = unsafe_reasons(methods, api.keys(), api.environment())
    changes = plan_changes(now, cache, methods)
    asked = unsafe if is_caching(now) else []
    return Cache(stage.name, asked, [f"{it.subject}: {it.about}" for it in changes])


def ask_table(account: Account, stage: Stage) -> Table:
    """The stage's table in its region."""
    place = place_of(account, stage)
    client = account.client("dynamodb", place.region)
    name = stage.environment.get("EVERHOP_TABLE", "")
    said = or_none(partial(client.describe_table, TableName=name))
    return Table(stage, said["Table"]["TableStatus"] if said else None)


def or_none(call: Callable[[], Any]) -> Any:
    """What AWS says of a thing; None when there is no such thing."""
    try:
        return calling(call)
    except CannotRun as error:
        if "ResourceNotFoundException" not in str(error):
            raise
    return None


def _our_stacks(client: Any) -> list[tuple[Json, str]]:
    """The stacks of our templates and stages, each with the template that it names, if it does."""
    found = []
    for stack in _pages(client, "describe_stacks", "Stacks"):
        outputs = {it["OutputKey"]: it["OutputValue"] for it in stack.get("Outputs", [])}
        template = str(outputs.get("TemplateId", ""))
        if template.startswith("everhop/") or stack["StackName"].startswith("everhop-"):
            found.append((stack, template.removeprefix("everhop/")))
    return found


def ask_stacks(account: Account, region: str) -> Iterator[Stack]:
    """The stacks of a region: how they are, and whether they are of the templates here."""
    client = account.client("cloudformation", region)
    for stack, template in _our_stacks(client):
        name = stack["StackName"]
        body = calling(partial(client.get_template, StackName=name))["TemplateBody"]
        file = ROOT / "infra" / f"{template}.yaml"
        here = file.read_text("utf-8") if template and file.is_file() else body
        is_current = not isinstance(body, str) or body.strip() == str(here).strip()
        yield Stack(client.meta.region_name, name, stack["StackStatus"], template, is_current)


def ask_drift(account: Account, region: str) -> Iterator[Drift]:
    """What was changed behind CloudFormation's back, by CloudFormation's own look at it."""
    client = account.client("cloudformation", region)
    stacks = [stack for stack, _ in _our_stacks(client)]
    names = [it["StackName"] for it in stacks if it["StackStatus"] in _WHOLE]
    if names:
        print(f"CloudFormation looks at {', '.join(names)} ...", file=sys.stderr, flush=True)
    begun = {name: calling(partial(client.detect_stack_drift, StackName=name)) for name in names}
    until = time.monotonic() + _DRIFT_WITHIN
    for name, detection in begun.items():
        _await_drift(client, name, detection["StackDriftDetectionId"], until)
        drifts = _pages_of_drift(client, name)
        drifted = {
            it["LogicalResourceId"]: [
                difference["PropertyPath"] for difference in it.get("PropertyDifferences", [])
            ]
            for it in drifts
            if it["StackResourceDriftStatus"] in _DRIFT
        }
        yield Drift(client.meta.region_name, name, drifted)


def _await_drift(client: Any, name: str, detection: str, until: float) -> None:
    pause = 0.5
    while True:
        said = calling(
            lambda: client.describe_stack_drift_detection_status(StackDriftDetectionId=detection)
        )
        if said["DetectionStatus"] == "DETECTION_COMPLETE":
            return
        if said["DetectionStatus"] == "DETECTION_FAILED":
            raise CannotRun(f"{name}: {said.get('DetectionStatusReason', 'no reason is told')}")
        if time.monotonic() > until:
            raise CannotRun(f"{name} is still looked at after {_DRIFT_WITHIN:.0f} s; try again")
        time.sleep(pause)
        pause = min(pause * 2, 5)


def _pages_of_drift(client: Any, name: str) -> list[Json]:
    found: list[Json] = []
    token: Json = {}
    while True:
        said = calling(partial(client.describe_stack_resource_drifts, StackName=name, **token))
        found += said["StackResourceDrifts"]
        if not said.get("NextToken"):
            return found
        token = {"NextToken": said["NextToken"]}
