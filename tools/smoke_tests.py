"""Asks a region that was just deployed what its visitors will: over HTTP, at its own address."""

import json
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from http.client import HTTPException
from typing import Any, NamedTuple
from urllib.error import HTTPError, URLError
from urllib.request import HTTPRedirectHandler, Request, build_opener


_TIMEOUT = 15.0  # seconds: a cold start, and what it asks of the table
_PAUSE = 2.0


class Trial(NamedTuple):
    """Where stages are tried out, if not at their own addresses, and for how many seconds."""

    urls: Mapping[str, str]
    patience: float


class Answer(NamedTuple):
    """What came back; status 0 when nothing did, and then why."""

    status: int
    kind: str
    body: bytes
    why: str = ""


class _Stay(HTTPRedirectHandler):
    def redirect_request(self, *_args: Any, **_named: Any) -> None:
        """A redirect is an answer."""


def smoke_test(url: str, release: str, patience: float) -> list[str]:
    """What is wrong with the API at this address; [] when all is well.

    What was deployed a moment ago is not everywhere at once, so it is asked for `patience` seconds.
    """
    until = time.monotonic() + patience
    while wrong := list(_find_wrong(url.rstrip("/"), release)):
        if time.monotonic() + _PAUSE > until:
            return wrong
        time.sleep(_PAUSE)
    return []


def _find_wrong(url: str, release: str) -> Iterator[str]:
    slug = f"smoke-{secrets.token_hex(8)}"
    checks: tuple[tuple[str, Callable[[Answer], str]], ...] = (
        ("/v1/health", lambda answer: _wrong_health(answer, release)),
        ("/docs", lambda answer: _wrong_page(answer, 200, b"Everhop")),
        (f"/r/{slug}", lambda answer: _wrong_page(answer, 404, b"<h1")),
    )
    for path, check in checks:
        said = check(_ask(url + path))
        if said:
            yield f"GET {url}{path} {said}"


def _wrong_health(answer: Answer, release: str) -> str:
    try:
        said = json.loads(answer.body)
        failing = [it["name"] for it in said["checks"] if it["status"] != "ok"]
    except (ValueError, KeyError, TypeError):
        return _told(answer)
    if answer.status != 200:
        return f"is {answer.status}: {', '.join(failing)} fails"
    if said.get("release") != release:
        return f"is answered by the release {said.get('release')}, not by {release}"
    return ""


def _wrong_page(answer: Answer, status: int, words: bytes) -> str:
    is_ours = answer.kind.startswith("text/html") and words in answer.body
    return "" if answer.status == status and is_ours else _told(answer, f"our page with {status}")


def _told(answer: Answer, wanted: str = "") -> str:
    if not answer.status:
        return f"has no answer: {answer.why}"
    return f"is {answer.status} ({answer.kind or 'no type'})" + (wanted and f", not {wanted}")


def _ask(url: str) -> Answer:
    request = Request(url, headers={"User-Agent": "everhop-deploy", "Accept": "*/*"})  # noqa: S310 - the API's own
    try:
        with build_opener(_Stay).open(request, timeout=_TIMEOUT) as answer:
            return Answer(answer.status, answer.headers.get("Content-Type", ""), answer.read())
    except HTTPError as error:
        with error:
            return Answer(error.code, error.headers.get("Content-Type", ""), error.read())
    except (URLError, OSError, HTTPException, ValueError) as error:
        return Answer(0, "", b"", str(getattr(error, "reason", error)) or type(error).__name__)
