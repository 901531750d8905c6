"""Check of what counts clicks: that it is told of log files, and of what it failed with. Pure."""

from collections.abc import Iterator
from typing import NamedTuple

from tools.findings import Finding, ok, warn, wrong


class Clicks(NamedTuple):
    """A stage that is to count what comes into a bucket; "" when it is to count nothing.

    `letters` are those in its queue, None where there is none that it could write to.
    """

    stage: str
    region: str
    bucket: str = ""
    is_there: bool = True
    is_told: bool = True
    keeps_failures: bool = True
    queue: str = ""
    letters: int | None = 0


def judge_clicks(asked: Clicks) -> Iterator[Finding]:
    """Each log file that comes is counted, or somebody learns that it was not."""
    if not asked.bucket:
        yield ok("counts no clicks", asked.stage)
        return
    faults = list(_faults(asked))
    yield from (wrong(text, _deploy(asked), asked.stage) for text in faults)
    if asked.letters:
        fix = f"aws sqs receive-message --region {asked.region} --queue-url {asked.queue}"
        text = f"{asked.letters} dead letters of log files: docs/clicks.md says what to do"
        yield warn(text, fix, asked.stage)
    if not faults and not asked.letters:
        yield ok(f"counts what comes into {asked.bucket}", asked.stage)


def _faults(asked: Clicks) -> Iterator[str]:
    if not asked.is_there:
        yield "the function that counts clicks is gone"
        return
    if not asked.is_told:
        yield f"{asked.bucket} does not tell it of log files, so no click is counted"
    if asked.letters is None:
        yield "there is no queue for log files that can't be counted"
    elif not asked.keeps_failures:
        yield "events that it fails with are dropped, and not kept in its queue"


def _deploy(asked: Clicks) -> str:
    return f"AWS_DEFAULT_REGION={asked.region} python -m tools deploy {asked.stage}"
