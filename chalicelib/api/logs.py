"""Writes the log: a line of JSON for each request, and for each mistake a line with its place."""

import json
import logging
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Any

from chalice.app import Request, Response

from chalicelib.api.notes import notes_of
from chalicelib.api.routes import request_id
from chalicelib.core.logs import Place, Served, describe_bug, describe_served, read_client_id


REQUEST_ID = "X-Request-Id"
GetResponse = Callable[[Request], Response]
Write = Callable[[str], None]


def write_line(line: str) -> None:
    """Write a line where Lambda takes it from."""
    # A disk that is full is no reason to fail a request.
    with suppress(OSError):
        # In one piece, as the threads of `make run` write at the same time.
        sys.stdout.write(line + "\n")
        sys.stdout.flush()


class RequestLog:
    """Middleware, the outermost: sees each request with its answer.

    `requests` says whether each has a line, `whole` whether mistakes are printed with their text as
    well: on a developer's machine.
    """

    def __init__(
        self,
        place: Place,
        clock: Callable[[], datetime],
        write: Write,
        *,
        requests: bool,
        whole: bool,
    ) -> None:
        self._place = place
        self._clock = clock
        self._write = write
        self._requests = requests
        self._whole = whole
        self._is_cold = True

    def __call__(self, request: Request, get_response: GetResponse) -> Response:
        """Answer the request, then write what became of it."""
        started = time.perf_counter()
        response = get_response(request)
        client_id = read_client_id(request.headers.get(REQUEST_ID))
        notes = notes_of(request)
        if not notes.is_kept:
            response.headers[REQUEST_ID] = client_id or request_id(request)
        bug = notes.bug
        if bug is not None:
            self.write_bug(bug, request_id(request))
        if self._requests:
            took = (time.perf_counter() - started) * 1000
            served = _served(request, response, self._clock(), took, self._is_cold)
            self._write(_json(describe_served(served, self._place)))
        self._is_cold = False
        return response

    def write_bug(self, bug: BaseException, request_id: str = "") -> None:
        """Write where an unexpected exception was raised."""
        if self._whole:
            traceback.print_exception(bug, file=sys.stderr)
        self._write(_json(describe_bug(bug, self._clock(), self._place, request_id)))


class BugHandler(logging.Handler):
    """What Chalice itself has to say, in lines like ours."""

    def __init__(self, log: RequestLog) -> None:
        super().__init__(logging.WARNING)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        """Write the exception; there is no message without one."""
        if record.exc_info and record.exc_info[1]:
            self._log.write_bug(record.exc_info[1])


# Made once: json.dumps would make one for every line.
_json = json.JSONEncoder(separators=(",", ":")).encode


def _served(
    request: Request, response: Response, at: datetime, took_ms: float, is_cold: bool
) -> Served:
    notes = notes_of(request)
    return Served(
        at=at,
        took_ms=took_ms,
        request_id=request_id(request),
        client_request_id=read_client_id(request.headers.get(REQUEST_ID)),
        route=request.path,
        method=request.method,
        status=response.status_code,
        bytes=_size(response.body),
        key_id=notes.key_id,
        workspace=notes.workspace,
        code=notes.code,
        reason=notes.reason,
        is_cold=is_cold,
    )


def _size(body: Any) -> int:
    if isinstance(body, str) and not body.isascii():
        return len(body.encode("utf-8", "surrogatepass"))
    return len(body)
