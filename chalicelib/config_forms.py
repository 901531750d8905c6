"""Forms of settings that name something of AWS, all of which may be empty."""

import re
from collections.abc import Callable


def empty_or(pattern: str, says: str) -> Callable[[str], str]:
    """Reads a text that is empty or has this form; ValueError says what would do."""

    def parse(text: str) -> str:
        if text and not re.fullmatch(pattern, text, re.ASCII):
            raise ValueError(says)
        return text

    return parse


bucket = empty_or(
    r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]",
    "the name of an S3 bucket alone, like everhop-prod-files-1234",
)
function = empty_or(
    r"[A-Za-z0-9_-]{1,64}", "the name of a Lambda function alone, like everhop-prod-worker"
)
cluster = empty_or(
    r"daxs?://([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?",
    "a cluster's endpoint, like daxs://name.abc123.dax-clusters.aws.com",
)
stream = empty_or(
    r"arn:aws[a-z-]*:dynamodb:[a-z0-9-]+:[0-9]{12}:table/[A-Za-z0-9_.-]+/stream/[0-9A-Za-z:.-]+",
    "the ARN of a stream, like arn:aws:dynamodb:...:table/.../stream/...",
)
distribution = empty_or(
    r"[A-Z0-9]{10,20}", "the id of a CloudFront distribution, like E1A2B3C4D5E6F7"
)
