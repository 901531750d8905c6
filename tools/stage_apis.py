"""A Chalice stage as it stands on AWS: where its REST API is, and what is asked of API Gateway."""

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config

from infra.caches import INTEGRATION
from tools.aws_errors import AWS_ERRORS, sentence_for
from tools.client import CannotRun
from tools.stages import ROOT, read_stage


Json = dict[str, Any]
# How services say that there is no such thing.
_ABSENT = ("NotFound", "NoSuchEntity", "NoSuchBucket", "failed with 404")
_CONFIG = Config(connect_timeout=5, read_timeout=30, retries={"mode": "standard"})


class NotDeployed(CannotRun):
    """There is no such stage on AWS."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a stage's API is: by region, and by what AWS calls the API, its stage and function."""

    region: str
    rest_api_id: str
    api_stage: str
    function: str


def find_place(stage: str, root: Path = ROOT) -> Place:
    """Where `chalice deploy` put the stage or, when it did not, the stack everhop-<stage>."""
    config = read_stage(stage, root)
    region = config["environment_variables"].get("EVERHOP_REGION", "")
    file = root / ".chalice" / "deployed" / f"{stage}.json"
    resources = json.loads(file.read_text("utf-8"))["resources"] if file.exists() else []
    if not resources:  # as `chalice delete` leaves it
        return _place_in_stack(stage, config, region)
    parts = {part["name"]: part for part in resources}
    with suppress(KeyError, IndexError):
        url, api_id = parts["rest_api"]["rest_api_url"], parts["rest_api"]["rest_api_id"]
        there = (urlsplit(url).hostname or "").split(".")[2]
        if region and region != there:
            raise CannotRun(f"The stage {stage} is for {region}, but it was deployed to {there}.")
        return Place(there, api_id, _api_stage(config), parts["api_handler"]["lambda_arn"])
    raise CannotRun(f"{file.relative_to(root)} has no REST API: deploy the stage once more.")


def _api_stage(config: Mapping[str, Any]) -> str:
    return str(config.get("api_gateway_stage", "api"))  # Chalice's own default


def _place_in_stack(stage: str, config: Mapping[str, Any], region: str) -> Place:
    client = make_client("cloudformation", region)
    where, name = client.meta.region_name, f"everhop-{stage}"
    try:
        stacks = calling(lambda: client.describe_stacks(StackName=name))["Stacks"]
    except CannotRun as error:
        if "does not exist" not in str(error):
            raise
        raise NotDeployed(
            f"The stage {stage} is not deployed: there is neither .chalice/deployed/{stage}.json "
            f"nor a stack {name} in {where}. First: chalice deploy --stage {stage}"
        ) from None
    outputs = {out["OutputKey"]: out["OutputValue"] for out in stacks[0].get("Outputs", [])}
    if not {"RestAPIId", "APIHandlerName"} <= set(outputs):
        raise CannotRun(
            f"The stack {name} has no REST API (its state: {stacks[0]['StackStatus']})."
        )
    return Place(where, outputs["RestAPIId"], _api_stage(config), outputs["APIHandlerName"])


def calling(call: Callable[[], Any]) -> Any:
    """What a call to AWS returns; CannotRun with one sentence when it can't be made."""
    try:
        return call()
    except AWS_ERRORS as error:
        raise CannotRun(sentence_for(error)) from None


def is_found(call: Callable[[], Any]) -> bool:
    """Whether what a call is about is there."""
    try:
        calling(call)
    except CannotRun as error:
        if any(words in str(error) for words in _ABSENT):
            return False
        raise
    return True


@cache
def make_client(service: str, region: str) -> Any:
    """A client of a service; in the operator's own region when that is ""."""

    def make() -> Any:  # a session each: the one that all share is not safe to use in threads
        return boto3.Session(region_name=region or None).client(service, config=_CONFIG)

    return calling(make)


class StageApi:
    """The calls for one stage; each raises CannotRun with one sentence."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self._gateway = make_client("apigateway", place.region)
        self._lambda = make_client("lambda", place.region)
        self._named = {"restApiId": place.rest_api_id, "stageName": place.api_stage}

    def read(self) -> Json:
        """The stage, with the settings of its cache."""
        stage: Json = calling(lambda: self._gateway.get_stage(**self._named))
        return stage

    def patch(self, operations: Sequence[Mapping[str, str]]) -> None:
        """Change the stage's settings, all in one call."""
        calling(lambda: self._gateway.update_stage(**self._named, patchOperations=operations))

    def flush(self) -> None:
        """Have the stage's cache forget all it has."""
        calling(lambda: self._gateway.flush_stage_cache(**self._named))

    def export(self) -> Json:
        """What is deployed, as Swagger with its integrations."""
        # Exported from the stage: the API's resources may be ahead of its last deployment.
        with_integrations = {"exportType": "swagger", "parameters": {"extensions": "integrations"}}
        answer = calling(lambda: self._gateway.get_export(**self._named, **with_integrations))
        document: Json = json.loads(answer["body"].read())
        return document

    def keys(self) -> dict[str, set[str]]:
        """The cache keys of each GET in what is deployed, by path."""
        return {
            path: set(methods["get"].get(INTEGRATION, {}).get("cacheKeyParameters", []))
            for path, methods in self.export()["paths"].items()
            if "get" in methods
        }

    def environment(self) -> dict[str, str]:
        """The variables of the function that answers."""
        name = self.place.function
        answer = calling(lambda: self._lambda.get_function_configuration(FunctionName=name))
        variables: dict[str, str] = answer.get("Environment", {}).get("Variables", {})
        return variables
