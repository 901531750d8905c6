"""The functions that count clicks, as a replay asks them: on AWS, or of a running stack."""

import json
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import quote_plus
from urllib.request import urlopen

import boto3
from botocore.config import Config

from infra.clicks import LOGS as BUCKET
from local.edge.log_events import FUNCTION
from local.environments import LOGS
from local.settings import read_settings
from tools.aws_errors import AWS_ERRORS, sentence_for
from tools.client import CannotRun
from tools.import_reports import tell
from tools.replays import LOCAL
from tools.stages import Stage, find_group


# A file of millions of lines takes the function minutes.
_PATIENCE = Config(read_timeout=900, connect_timeout=5, retries={"total_max_attempts": 1})
_ASKING = Config(read_timeout=10, connect_timeout=5, retries={"total_max_attempts": 2})
_AGAIN = 6  # tries, when another folds the same file or the table is slow
_WAIT = 2.0  # seconds
Json = dict[str, Any]
Place = tuple[str, str]  # bucket and key


class Counter(NamedTuple):
    """One region's function with a client of its Lambda, and its own bucket with one of S3."""

    function: str
    client: Any
    bucket: str
    s3: Any


@dataclass(frozen=True, slots=True)
class Counters:
    """The regions that count; where they have a bucket each, all of them have each file."""

    regions: Sequence[Counter]
    wait: float = _WAIT

    @property
    def bucket(self) -> str:
        """Where files of this machine are put, and looked for."""
        return self.regions[0].bucket

    @property
    def _s3(self) -> dict[str, Any]:
        return {it.bucket: it.s3 for it in self.regions}

    def put(self, key: str, data: bytes) -> None:
        """Put a file into each bucket of logs: nobody knows here which region counts it."""
        for bucket, s3 in self._s3.items():
            try:
                s3.put_object(Bucket=bucket, Key=key, Body=data)
            except AWS_ERRORS as error:
                raise CannotRun(sentence_for(error)) from error

    def files_below(self, bucket: str, prefix: str) -> Iterator[tuple[str, int]]:
        """The keys that begin so, in their order, and how many bytes each has."""
        s3 = self._s3.get(bucket, self.regions[0].s3)
        try:
            for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
                yield from ((one["Key"], one["Size"]) for one in page.get("Contents", ()))
        except AWS_ERRORS as error:
            raise CannotRun(sentence_for(error)) from error

    def count(self, places: Sequence[Place]) -> list[Json]:
        """What became of these files: of the regions, the one that is its home counts each."""
        told: dict[Place, Json] = {}
        for attempt in range(_AGAIN):
            time.sleep(self.wait * attempt)
            for region in self.regions:
                left = [place for place in places if not _is_settled(told.get(place))]
                near = [self._near(region, place) for place in left]
                for place, said in zip(left, _invoke(region, near), strict=True):
                    # Who is not its home does not know better than who is.
                    if said["state"] != "elsewhere" or place not in told:
                        told[place] = said
            if all(map(_is_settled, told.values())):
                break
        return [told[place] for place in places]

    def _near(self, region: Counter, place: Place) -> Place:
        """Where a region reads a file: in its own bucket, if that is a copy of the other."""
        bucket, key = place
        return (region.bucket if bucket in self._s3 else bucket), key


def _invoke(region: Counter, places: Sequence[Place]) -> list[Json]:
    if not places:
        return []
    event = json.dumps({"Records": [_record_of(*place) for place in places]}).encode()
    try:
        answer = region.client.invoke(FunctionName=region.function, Payload=event)
        said = json.loads(answer["Payload"].read())
    except AWS_ERRORS as error:
        raise CannotRun(f"{region.function}: {sentence_for(error)}") from error
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
    found = [it for it in map(_counter_of, group.stages) if it]
    if not found:
        raise CannotRun(f"No stage of {group.name} counts clicks: no function has {BUCKET}.")
    return Counters(found)


def _counter_of(stage: Stage) -> Counter | None:
    """A stage's, as its function says; None where it has none, or its region can't be asked.

    A region that is lost must not keep another from counting what it left.
    """
    function = f"{stage.config['app_name']}-{stage.name}-clicks"
    try:
        asked = _client("lambda", stage.region, config=_ASKING)
        said = asked.get_function_configuration(FunctionName=function)
    except AWS_ERRORS as error:
        if "ResourceNotFound" not in str(error):
            tell(f"Going on without {function}. {sentence_for(error)}")
        return None
    bucket = said.get("Environment", {}).get("Variables", {}).get(BUCKET, "")
    s3 = _client("s3", stage.region)
    return Counter(function, _client("lambda", stage.region), bucket, s3) if bucket else None


def _client(service: str, region: str, url: str | None = None, **more: Any) -> Any:
    named = {"region_name": region} if region else {}
    return boto3.client(service, endpoint_url=url, **{"config": _PATIENCE, **named, **more})


def _find_local() -> Counters:
    url = read_settings(os.environ).url
    try:
        with urlopen(f"{url}/_local/status", timeout=5) as answered:  # noqa: S310 - the stack's own
            status = json.load(answered)
    except (OSError, ValueError) as error:
        raise CannotRun(f"No stack answers at {url}; start one with make run.") from error
    keys = {"aws_access_key_id": "local", "aws_secret_access_key": "local"}
    s3 = _client("s3", "us-east-1", status["s3_endpoint"], **keys)
    apis = {it["name"]: it["api_url"].removesuffix("/api") for it in status["regions"]}
    return Counters(
        [
            Counter(FUNCTION, _client("lambda", region, url, **keys), LOGS, s3)
            for region, url in apis.items()
        ]
    )
