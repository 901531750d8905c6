"""The functions that count clicks, as a replay asks them: on AWS, or of a running stack."""

import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus
from urllib.request import urlopen

import boto3
from botocore.config import Config

from local.edge.log_events import FUNCTION
from local.environments import LOGS
from local.settings import read_settings
from tools.aws_errors import AWS_ERRORS, sentence_for
from tools.client import CannotRun
from tools.replays import LOCAL
from tools.stages import find_group


# A file of millions of lines takes the function minutes.
_PATIENCE = Config(read_timeout=900, connect_timeout=5, retries={"total_max_attempts": 1})
_AGAIN = 6  # tries, when another folds the same file or the table is slow
_WAIT = 2.0  # seconds
Json = dict[str, Any]
Place = tuple[str, str]  # bucket and key


@dataclass(frozen=True, slots=True)
class Counters:
    """The regions' functions by name, each with a client of its Lambda, and a client of S3."""

    functions: Mapping[str, Any]  # (name, client)
    s3: Any
    bucket: str
    wait: float = _WAIT

    def put(self, key: str, data: bytes) -> None:
        """Put a file into the bucket of logs."""
        try:
            self.s3.put_object(Bucket=self.bucket, Key=key, Body=data)
        except AWS_ERRORS as error:
            raise CannotRun(sentence_for(error)) from error

    def files_below(self, bucket: str, prefix: str) -> Iterator[tuple[str, int]]:
        """The keys that begin so, in their order, and how many bytes each has."""
        try:
            for page in self.s3.get_paginator("list_objects_v2").paginate(
                Bucket=bucket, Prefix=prefix
            ):
                yield from ((one["Key"], one["Size"]) for one in page.get("Contents", ()))
        except AWS_ERRORS as error:
            raise CannotRun(sentence_for(error)) from error

    def count(self, places: Sequence[Place]) -> list[Json]:
        """What became of these files: of the regions, the one that is its home counts each."""
        told: dict[Place, Json] = {}
        for attempt in range(_AGAIN):
            time.sleep(self.wait * attempt)
            for function, client in self.functions.values():
                left = [place for place in places if not _is_settled(told.get(place))]
                for place, said in zip(left, self._invoke(client, function, left), strict=True):
                    # Who is not its home does not know better than who is.
                    if said["state"] != "elsewhere" or place not in told:
                        told[place] = said
            if all(map(_is_settled, told.values())):
                break
        return [told[place] for place in places]

    def _invoke(self, client: Any, function: str, places: Sequence[Place]) -> list[Json]:
        if not places:
            return []
        event = json.dumps({"Records": [_record_of(*place) for place in places]}).encode()
        try:
            answer = client.invoke(FunctionName=function, Payload=event)
            said = json.loads(answer["Payload"].read())
        except AWS_ERRORS as error:
            raise CannotRun(f"{function}: {sentence_for(error)}") from error
        if "FunctionError" in answer:
            why = str(said.get("errorMessage", "it failed"))
            return [{"name": key, "state": "later", "reason": why} for _, key in places]
        return list(said["files"])


def _record_of(bucket: str, key: str) -> Json:
    return {"s3": {"bucket": {"name": bucket}, "object": {"key": quote_plus(key, safe="/")}}}


def _is_settled(told: Json | None) -> bool:
    # A function fails when one of its files is for later, and then tells of none: the next attempt
    # finds the others known.
    return told is not None and told["state"] not in ("elsewhere", "later")


def find_counters(stage: str) -> Counters:
    """Those of a stage and its group, or of the stack that runs here."""
    return _find_local() if stage == LOCAL else _find_on_aws(stage)


def _find_on_aws(name: str) -> Counters:
    group, _ = find_group(name)
    stages = [it for it in group.stages if it.environment.get("EVERHOP_LOGS")]
    if not stages:
        raise CannotRun(f"No stage of {group.name} counts clicks: none has EVERHOP_LOGS.")
    functions = {
        it.name: (f"everhop-{it.name}-clicks", _client("lambda", it.region)) for it in stages
    }
    first = stages[0]
    return Counters(functions, _client("s3", first.region), first.environment["EVERHOP_LOGS"])


def _client(service: str, region: str, url: str | None = None, **more: str) -> Any:
    named = {"region_name": region} if region else {}
    return boto3.client(service, endpoint_url=url, config=_PATIENCE, **named, **more)


def _find_local() -> Counters:
    url = read_settings(os.environ).url
    try:
        with urlopen(f"{url}/_local/status", timeout=5) as answered:  # noqa: S310 - the stack's own
            status = json.load(answered)
    except (OSError, ValueError) as error:
        raise CannotRun(f"No stack answers at {url}; start one with make run.") from error
    keys = {"aws_access_key_id": "local", "aws_secret_access_key": "local"}
    functions = {
        it["name"]: (
            FUNCTION,
            _client("lambda", it["name"], it["api_url"].removesuffix("/api"), **keys),
        )
        for it in status["regions"]
    }
    s3 = _client("s3", "us-east-1", status["s3_endpoint"], **keys)
    return Counters(functions, s3, LOGS)
