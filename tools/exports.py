"""`python -m tools export FILE`: has the server export links, and fetches the file.

Exit status: 0 the file is there, 1 refused or failed, 2 it could not ask, 130 stopped.
"""

import argparse
import json
import os
import sys
import time
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from tools.client import Answer, AnswerLost, CannotRun, Client, NotSent, find_key, unreachable
from tools.import_reports import tell


HELP = "export links to CSV or JSON"
_DONE, _REFUSED, _COULD_NOT_ASK, _STOPPED = 0, 1, 2, 130
_LOOKS = (0.2, 0.5, 1.0, 2.0)  # seconds between looks; the last for all that follow
_CHUNK = 256 * 1024
_BUSY = (429, 502, 503, 504)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    url = f"http://127.0.0.1:{os.environ.get('EVERHOP_PORT', '').strip() or '8080'}"
    add = parser.add_argument
    add("file", metavar="FILE", help="where to write it; - for standard output")
    add("--format", choices=["csv", "json"], help="json for FILE.json, else csv")
    add("--tag", help="only links with this tag")
    add("--q", metavar="TEXT", help="only links with this text in them")
    add("--state", choices=["active", "scheduled", "expired", "disabled"])
    add("--archived", choices=["all", "only", "none"], default="all", help="(%(default)s)")
    add("--url", default=url, help="where Everhop is (%(default)s)")
    add(
        "--patience",
        type=float,
        default=60.0,
        metavar="SECONDS",
        help="how long to go on trying while nothing answers (60)",
    )


class _Refused(Exception):
    """The server said no, or the export failed; the text is the reason."""


def run(options: argparse.Namespace) -> int:
    """Export; the exit status."""
    try:
        _check_file(options.file)
        api = _Api(Client(options.url, find_key(options.url)), options.patience)
        job = _wait_for(api, _begin(api, options))
        _fetch(api, job, options.file)
    except NotSent as error:
        tell(f"Nothing was exported. {unreachable(options.url, error)}")
        return _COULD_NOT_ASK
    except (CannotRun, AnswerLost) as error:
        tell(f"Nothing was exported. {error}")
        return _COULD_NOT_ASK
    except _Refused as error:
        tell(f"Nothing was exported. {error}")
        return _REFUSED
    except KeyboardInterrupt:
        tell("\nStopped; nothing was written.")
        return _STOPPED
    tell(f"Done: {job['count']:,} links, {job['bytes']:,} bytes, {_place(options.file)}.")
    return _DONE


def _place(name: str) -> str:
    return "to standard output" if name == "-" else f"in {name}"


def _check_file(name: str) -> None:
    file = Path(name)
    if name != "-" and (file.is_dir() or not os.access(file.absolute().parent, os.W_OK)):
        raise CannotRun(f"The file can't be written to {name}.")


class _Api:
    """Requests that are repeated while nothing answers: none of them does harm twice."""

    def __init__(self, client: Client, patience: float) -> None:
        self._client = client
        self._patience = patience

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """The answer's JSON; _Refused when the server says no."""
        sent = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}

        def once() -> Answer:
            answer = self._client.request(method, path, sent, headers)
            if answer.status in _BUSY:
                raise AnswerLost(answer.detail)
            return answer

        answer: Answer = self.patiently(once)
        if answer.status >= 400:
            raise _Refused(answer.detail)
        return answer.json()

    def patiently(self, act: Callable[[], Any]) -> Any:
        """What `act` comes back with, as soon as it does; what it raised when patience is over."""
        until = time.monotonic() + self._patience
        while True:
            try:
                return act()
            except (NotSent, AnswerLost):
                if time.monotonic() >= until:
                    raise
                time.sleep(1.0)


def _begin(api: _Api, options: argparse.Namespace) -> str:
    form = options.format or ("json" if options.file.endswith(".json") else "csv")
    archived = {"all": "all", "only": True, "none": False}[options.archived]
    asked = {"format": form, "archived": archived}
    asked |= {
        name: value
        for name in ("tag", "q", "state")
        if (value := getattr(options, name)) is not None
    }
    return str(api.ask("POST", "/exports", asked)["id"])


def _wait_for(api: _Api, job_id: str) -> dict[str, Any]:
    looks, told = 0, 0
    while True:
        job: dict[str, Any] = api.ask("GET", f"/exports/{job_id}")
        if job["state"] == "done":
            return job
        if job["state"] == "failed":
            raise _Refused(job["problem"])
        if job["count"] != told:
            told = job["count"]
            tell(f"{told:,} links so far.")
        time.sleep(_LOOKS[min(looks, len(_LOOKS) - 1)])
        looks += 1


def _fetch(api: _Api, job: dict[str, Any], name: str) -> None:
    if name == "-":
        _copy(job, sys.stdout.buffer)
        return
    file = Path(name)
    draft = file.with_name(file.name + ".part")

    def once() -> None:
        # Looked at anew: a URL works for ten minutes only.
        now = api.ask("GET", f"/exports/{job['id']}")
        with draft.open("wb") as out:
            _copy(now, out)

    try:
        api.patiently(once)
        draft.replace(file)
    except OSError as error:
        raise CannotRun(f"{name} can't be written: {error.strerror or error}.") from error
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)


def _copy(job: dict[str, Any], out: IO[bytes]) -> None:
    url, size, done, shown = str(job["url"]), int(job["bytes"]), 0, time.monotonic()
    if not url.startswith(("https://", "http://")):
        raise CannotRun("The server names no address that could be fetched.")
    try:
        answer = urllib.request.urlopen(url, timeout=60)  # noqa: S310 - looked at just above
    except OSError as error:
        raise AnswerLost(f"The file can't be fetched ({error}).") from error
    with answer:
        while chunk := _read(answer):
            done += out.write(chunk)
            if time.monotonic() - shown > 1:
                shown = time.monotonic()
                tell(f"{done:,} of {size:,} bytes ({100 * done // size} %).")
    if done != size:
        raise AnswerLost(f"The file ended after {done:,} of {size:,} bytes.")


def _read(answer: Any) -> bytes:
    try:
        return bytes(answer.read(_CHUNK))
    except OSError as error:
        raise AnswerLost(f"The file broke off ({error}).") from error
