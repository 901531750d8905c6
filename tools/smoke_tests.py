"""Asks a region that was just deployed what its visitors will: over HTTP, at its own address."""

import json
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from http.client import HTTPException
from typing import Any, NamedTuple
from urllib.error import HTTPError, URLError
from urllib.request import HTTPRedirectHandler, Request, build_opener

from chalicelib.core.origin_proofs import prove


_TIMEOUT = 15.0  # seconds: a cold start, and what it asks of the table
_PAUSE = 2.0
PROOF = "Everhop-Edge"
_SENT = {"User-Agent": "everhop-deploy", "Accept": "*/*"}


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
    headers: Mapping[str, str] = {}  # names in lower case


class _Stay(HTTPRedirectHandler):
    def redirect_request(self, *_args: Any, **_named: Any) -> None:
        """A redirect is an answer."""


def smoke_test(url: str, release: str, patience: float, origin_secrets: str = "") -> list[str]:
    """What is wrong with the API at this address; [] when all is well.

    A region that answers the edge alone is asked with the edge's proof.
    """
    return patiently(lambda: _find_wrong(url.rstrip("/"), release, origin_secrets), patience)


def patiently(find: Callable[[], Iterator[str]], patience: float) -> list[str]:
    """What is found wrong at last: what was deployed a moment ago is not everywhere at once."""
    until = time.monotonic() + patience
    while wrong := list(find()):
        if time.monotonic() + _PAUSE > until:
            return wrong
        time.sleep(_PAUSE)
    return []


def _find_wrong(url: str, release: str, origin_secrets: str) -> Iterator[str]:
    secret = origin_secrets.partition(",")[0].strip()
    proof = {PROOF: prove(secret, time.time())} if secret else {}
    slug = f"smoke-{secrets.token_hex(8)}"
    checks: tuple[tuple[str, Callable[[Answer], str]], ...] = (
        ("/v1/health", lambda answer: wrong_health(answer, release)),
        ("/docs", lambda answer: wrong_page(answer, 200, b"Everhop")),
        (f"/r/{slug}", lambda answer: wrong_page(answer, 404, b"<h1")),
    )
    for path, check in checks:
        said = check(ask(url + path, proof))
        if said:
            yield f"GET {url}{path} {said}"


def wrong_health(answer: Answer, release: str) -> str:
    """What is wrong with an answer of the health check; "" nothing."""
    try:
        said = json.loads(answer.body)
        failing = [it["name"] for it in said["checks"] if it["status"] != "ok"]
    except (ValueError, KeyError, TypeError):
        return told_of(answer)
    if answer.status != 200:
        return f"is {answer.status}: {', '.join(failing)} fails"
    if said.get("release") != release:
        return f"is answered by the release {said.get('release')}, not by {release}"
    return ""


def wrong_page(answer: Answer, status: int, words: bytes) -> str:
    """What is wrong with a page of ours; "" nothing."""
    is_ours = answer.kind.startswith("text/html") and words in answer.body
    return "" if answer.status == status and is_ours else told_of(answer, f"our page with {status}")


def told_of(answer: Answer, wanted: str = "") -> str:
    """An answer in words, and what was wanted in its place."""
    if not answer.status:
        return f"has no answer: {answer.why}"
    return f"is {answer.status} ({answer.kind or 'no type'})" + (wanted and f", not {wanted}")


def ask(url: str, headers: Mapping[str, str] | None = None) -> Answer:
    """What is answered to a GET; redirects are not followed."""
    request = Request(url, headers={**_SENT, **(headers or {})})  # noqa: S310 - the API's own
    try:
        with build_opener(_Stay).open(request, timeout=_TIMEOUT) as answer:
            return _read(answer.status, answer)
    except HTTPError as error:
        with error:
            return _read(error.code, error)
    except (URLError, OSError, HTTPException, ValueError) as error:
        return Answer(0, "", b"", str(getattr(error, "reason", error)) or type(error).__name__)


def _read(status: int, answer: Any) -> Answer:
    headers = {name.lower(): it for name, it in answer.headers.items()}
    return Answer(status, headers.get("content-type", ""), answer.read(), headers=headers)
