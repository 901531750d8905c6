"""How Lambda hands a stream over to `changes`: what Chalice's decorator has no words for."""

from typing import Any


Json = dict[str, Any]
# Claims, keys, counters and jobs are in the stream too: nobody is called, or pays, for them.
PATTERN = '{"dynamodb":{"Keys":{"sk":{"S":["link"]}}}}'
# A hundred, Chalice's own, are too few to catch up by: each batch waits for CloudFront once.
BATCH = 500
RETRIES = 8
# Conflicts matter for long after caches have forgotten; the stream itself ends after 24 hours.
LONGEST = 6 * 3600
NAME = "changes"


def dead_letters(stream: str, deployment: str) -> str:
    """The ARN of the queue of infra/regional/streams.yaml, in the stream's region and account."""
    partition, _, region, account = stream.split(":")[1:5]
    return f"arn:{partition}:sqs:{region}:{account}:everhop-{deployment}-dead-changes"


def mapping_settings(stream: str, deployment: str) -> Json:
    """What the mapping of a stream has besides: as a call of Lambda's API says it.

    One batch at a time for each link. What fails is tried again from the record that is named, and
    in halves when the function itself failed; what never goes well ends in the queue.
    """
    return {
        "BatchSize": BATCH,
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "BisectBatchOnFunctionError": True,
        "MaximumRetryAttempts": RETRIES,
        "MaximumRecordAgeInSeconds": LONGEST,
        "ParallelizationFactor": 1,
        "FilterCriteria": {"Filters": [{"Pattern": PATTERN}]},
        "DestinationConfig": {"OnFailure": {"Destination": dead_letters(stream, deployment)}},
    }
