"""A small HTTP client for the REST API: one kept connection, errors that say what is certain."""

import http.client
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit


_API = "/api/v1"
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_TIMEOUT = 60.0  # longer than API Gateway lets any request take


class CannotRun(Exception):
    """The command can't go on; the text is one sentence that says why and what to do."""


class NotSent(Exception):
    """No connection: the server has not seen the request."""


def unreachable(url: str, error: NotSent) -> CannotRun:
    """The error of a command that finds nobody at this address."""
    return CannotRun(f"Nothing answers at {url} ({error}); is Everhop running there?")


class AnswerLost(Exception):
    """The request was sent, but what became of it is not known."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON; None when it is not."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    @property
    def code(self) -> str:
        """The code of a problem answer; empty when it is none of Everhop's."""
        problem = self.json()
        return str(problem.get("code", "")) if isinstance(problem, dict) else ""

    @property
    def detail(self) -> str:
        """The sentence of a problem answer, else the status."""
        problem = self.json()
        detail = problem.get("detail") if isinstance(problem, dict) else None
        return detail if isinstance(detail, str) and detail else f"status {self.status}"


class Client:
    """Requests to one Everhop, one after the other, over a connection that is kept open."""

    def __init__(self, url: str, key: str = "") -> None:
        self._base = parse_url(url)
        self._key = key
        self._connection: http.client.HTTPConnection | None = None

    def request(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Ask once; NotSent when that is safe to repeat, AnswerLost when it may not be."""
        connection = self.connect()
        auth = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        target = self._base.path + _API + path
        try:
            connection.request(method, target, body, {**auth, **(headers or {})})
            response = connection.getresponse()
            content = response.read()
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise AnswerLost(str(error) or type(error).__name__) from error
        fields = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, fields, content)

    def connect(self) -> http.client.HTTPConnection:
        """The open connection, made when there is none; NotSent when it can't be."""
        if self._connection is None or self._connection.sock is None:
            secure = self._base.scheme == "https"
            kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
            self._connection = kind(self._base.hostname or "", self._base.port, timeout=_TIMEOUT)
            try:
                self._connection.connect()
            except OSError as error:
                self.close()
                raise NotSent(str(error)) from error
        return self._connection

    def close(self) -> None:
        """Close the connection; the next request opens a new one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def parse_url(url: str) -> SplitResult:
    """The parts of the address of an Everhop, without the path of the API."""
    try:
        parts = urlsplit(url.strip())
        _ = parts.port
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise CannotRun(f"{url!r} is no address; one looks like http://127.0.0.1:8080.")
    path = parts.path.rstrip("/").removesuffix(_API)
    return parts._replace(path=path)


def find_key(url: str, environ: Mapping[str, str] = os.environ) -> str:
    """EVERHOP_API_KEY, else the local stack's own key, which is only ever sent to this machine."""
    key = environ.get("EVERHOP_API_KEY", "").strip()
    file = Path(environ.get("EVERHOP_DATA", "").strip() or ".everhop").expanduser() / "api_key"
    if not key and parse_url(url).hostname in _LOOPBACK:
        try:
            key = file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeError):
            key = ""
    if not key:
        raise CannotRun(
            f"There is no API key: set EVERHOP_API_KEY (there is none in {file} to use)."
        )
    if not (key.isascii() and key.isprintable()):
        raise CannotRun("The API key has characters in it that no key has; copy it again.")
    return key
