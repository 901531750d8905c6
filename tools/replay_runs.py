"""The functions that count clicks, as a replay asks them: on AWS, or of a running stack."""

import json
import os
import time
from collections.abc import Iterator, Mapping
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

    def keys_below(self, bucket: str, prefix: str) -> Iterator[str]:
        """The keys that begin so, in their order."""
        try:
            for page in self.s3.get_paginator("list_objects_v2").paginate(
                Bucket=bucket, Prefix=prefix
            ):
                yield from (one["Key"] for one in page.get("Contents", ()))
        except AWS_ERRORS as error:
            raise CannotRun(sentence_for(error)) from error

    def count(self, bucket: str, key: str) -> Json:
        """What became of a file: of the regions, the one that is its home counts it."""
        record = {"s3": {"bucket": {"name": bucket}, "object": {"key": quote_plus(key, safe="/")}}}
        event = json.dumps({"Records": [record]}).encode()
        told: Json = {}
        for attempt in range(_AGAIN):
            time.sleep(self.wait * attempt)
            for function, client in self.functions.values():
                told = self._invoke(client, function, event, key)
                if told["state"] not in ("elsewhere", "later"):
                    return told
        return told

    def _invoke(self, client: Any, function: str, event: bytes, key: str) -> Json:
        try:
            answer = client.invoke(FunctionName=function, Payload=event)
            said = json.loads(answer["Payload"].read())
        except AWS_ERRORS as error:
            raise CannotRun(f"{function}: {sentence_for(error)}") from error
        if "FunctionError" in answer:
            why = str(said.get("errorMessage", "it failed"))
            return {"name": key, "state": "later", "reason": why}
        told: Json = said["files"][0]
        return told


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
