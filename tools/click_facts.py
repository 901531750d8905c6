"""What the doctor asks of AWS about counting clicks."""

from functools import partial
from typing import Any

from infra.clicks import DEAD_LOGS, LOGS, NAME
from tools.account_facts import Account, or_none, place_of
from tools.checks.clicks import Clicks
from tools.client import CannotRun
from tools.stage_apis import calling
from tools.stages import Stage


def ask_clicks(account: Account, stage: Stage) -> Clicks:
    """Whether a stage's function is there, is told of log files, and what it could not count."""
    place = place_of(account, stage)
    client = account.client("lambda", place.region)
    told = _variables(client, place.function)
    bucket, queue = told.get(LOGS, ""), told.get(DEAD_LOGS, "")
    if not bucket:
        return Clicks(stage.name, place.region)
    named = {"FunctionName": f"{stage.config['app_name']}-{stage.name}-{NAME}"}
    found = or_none(partial(client.get_function_configuration, **named))
    if found is None:
        return Clicks(stage.name, place.region, bucket, is_there=False)
    kept = or_none(partial(client.get_function_event_invoke_config, **named)) or {}
    return Clicks(
        stage.name,
        place.region,
        bucket,
        is_told=found["FunctionArn"] in _told_of(account, place.region, bucket),
        keeps_failures=bool(kept.get("DestinationConfig", {}).get("OnFailure")),
        queue=queue,
        letters=_letters(account, place.region, queue) if queue else None,
    )


def _variables(client: Any, function: str) -> dict[str, str]:
    said = or_none(partial(client.get_function_configuration, FunctionName=function)) or {}
    variables: dict[str, str] = said.get("Environment", {}).get("Variables", {})
    return variables


def _told_of(account: Account, region: str, bucket: str) -> list[str]:
    """The functions that a bucket tells of what is put into it; none when it is not there."""
    client = account.client("s3", region)
    try:
        said = calling(partial(client.get_bucket_notification_configuration, Bucket=bucket))
    except CannotRun as error:
        if "NoSuchBucket" not in str(error):
            raise
        return []
    return [it["LambdaFunctionArn"] for it in said.get("LambdaFunctionConfigurations", [])]


def _letters(account: Account, region: str, queue: str) -> int | None:
    client = account.client("sqs", region)
    names = ["ApproximateNumberOfMessages"]
    asked = partial(client.get_queue_attributes, QueueUrl=queue, AttributeNames=names)
    try:
        return int(calling(asked)["Attributes"][names[0]])
    except CannotRun as error:
        if "NonExistentQueue" not in str(error) and "QueueDoesNotExist" not in str(error):
            raise
        return None
