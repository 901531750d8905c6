"""Calls the worker function: Lambda takes the event and runs the function when it can."""

import json

from chalicelib.core.errors import Unavailable
from chalicelib.store.job_clients import blaming, make_client


class WorkerCall:
    """A `Wake` that invokes a Lambda function of this region."""

    def __init__(self, function: str, region: str) -> None:
        self._function = function
        self._region = region

    def __call__(self, workspace: str, job_id: str) -> None:
        """One asynchronous Invoke; Lambda calls again by itself, twice, when the worker fails."""
        with blaming("The worker function"):
            answer = make_client("lambda", self._region).invoke(
                FunctionName=self._function,
                InvocationType="Event",
                Payload=json.dumps({"workspace": workspace, "job": job_id}).encode(),
            )
        if answer["StatusCode"] != 202:
            raise Unavailable("The worker function was not called.")
