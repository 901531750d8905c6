"""How S3 and Lambda hand log files over to `clicks`: what Chalice's decorator has no words for."""

from typing import Any


Json = dict[str, Any]
NAME = "clicks"
EVENTS = "s3:ObjectCreated:*"
RETRIES = 2  # as many as Lambda has: a minute after the first attempt, and two minutes after that
# Throttled, or while Lambda itself fails, an event waits for so long.
LONGEST = 6 * 3600
LOGS, DEAD_LOGS, LOG_REGIONS = "EVERHOP_LOGS", "EVERHOP_DEAD_LOGS", "EVERHOP_LOG_REGIONS"
# It has its time, reads much once, and asks S3 and SQS: DAX's network would only be in its way.
OUTSIDE_NETWORK = frozenset({NAME})


def dead_letters(function: str, deployment: str) -> str:
    """The ARN of the queue of infra/regional/clicks.yaml, in the function's region and account."""
    partition, _, region, account = function.split(":")[1:5]
    return f"arn:{partition}:sqs:{region}:{account}:everhop-{deployment}-dead-logs"


def invoke_settings(queue: Any) -> Json:
    """What becomes of events that the function fails with: as a call of Lambda's API says it.

    `queue` is an ARN, or what a template says for one.
    """
    return {
        "MaximumRetryAttempts": RETRIES,
        "MaximumEventAgeInSeconds": LONGEST,
        "DestinationConfig": {"OnFailure": {"Destination": queue}},
    }
