"""Log files in a bucket of S3, read in pieces, and the queue of those that can't be counted."""

import json
from collections.abc import Iterator

from chalicelib.core.access_logs import BadFile
from chalicelib.core.errors import Unavailable
from chalicelib.store.job_clients import blaming, code_of_cause, make_client


_PIECE = 64 * 1024


def read_log(bucket: str, key: str, region: str) -> Iterator[bytes]:
    """One GetObject, piece by piece; BadFile when there is no such file, else Unavailable."""
    try:
        with blaming("The bucket of logs"):
            body = make_client("s3", region).get_object(Bucket=bucket, Key=key)["Body"]
            yield from body.iter_chunks(_PIECE)
    except Unavailable as error:
        if code_of_cause(error) == "NoSuchKey":
            raise BadFile("it is not there any more") from error
        raise


class DeadLogs:
    """The queue of one region; without its URL nothing is sent, as the log has it anyway."""

    def __init__(self, url: str, region: str) -> None:
        self._url = url
        self._region = region

    def send(self, bucket: str, key: str, reason: str) -> None:
        """One SendMessage; Unavailable when it is not taken."""
        if not self._url:
            return
        said = json.dumps({"bucket": bucket, "key": key, "reason": reason})
        with blaming("The queue of dead logs"):
            make_client("sqs", self._region).send_message(QueueUrl=self._url, MessageBody=said)
