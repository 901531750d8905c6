"""The drills' HTTP: visitors follow links once, clients retry writes as ours do."""

import asyncio
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import aiohttp

from chalicelib.core.short_paths import APART
from tools.drills.ledgers import Answer


Json = Mapping[str, Any]
_WITHIN = aiohttp.ClientTimeout(total=30)
_AGAIN = frozenset({0, 502, 503, 504})  # what a client repeats, in the next region
_BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
_OK, _HOP, _OVERTAKEN = 200, 303, 412
_PAUSE, _ATTEMPTS = 0.2, 3


class Written(NamedTuple):
    """What became of a write, in the end: the last answer's status and JSON, and the attempts."""

    status: int
    said: dict[str, Any]
    attempts: int
    sent_at: float
    answered_at: float


def open_session() -> aiohttp.ClientSession:
    """A client with as many connections as an open-loop load wants, and no cookies."""
    connector = aiohttp.TCPConnector(limit=0, force_close=False, keepalive_timeout=5)
    return aiohttp.ClientSession(
        connector=connector,
        timeout=_WITHIN,
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"User-Agent": _BROWSER},  # a robot's clicks are counted apart
    )


@dataclass(frozen=True, slots=True)
class Visits:
    """Requests to any place of the edge."""

    session: aiohttp.ClientSession
    key: str

    async def follow(self, place: str, slug: str) -> Answer:
        """Follow a link once, as a browser does: by its other address too, if led there.

        Never raises.
        """
        began = time.monotonic()
        answer = await self._get(f"{place}/{slug}")
        hops = answer.status == _HOP and answer.location.endswith(f"/{slug}{APART}")
        if hops:
            # Its public address is what is next to the visitor, in the world.
            answer = await self._get(f"{place}/{slug}{APART}")
        return answer._replace(took=time.monotonic() - began, hops=int(hops))

    async def _get(self, url: str) -> Answer:
        try:
            async with self.session.get(url, allow_redirects=False) as answer:
                await answer.read()
                return Answer(answer.status, answer.headers.get("Location", ""))
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            return Answer(0, error=f"{type(error).__name__}: {error}")

    async def create(self, place: str, body: Json, receipt: str) -> Written:
        """Make a link; the receipt is its Idempotency-Key."""
        more = {"Idempotency-Key": receipt}
        return await self._write("POST", f"{place}/api/v1/links", body, more)

    async def edit(self, place: str, slug: str, version: int, body: Json) -> Written:
        """Change a link that has this version; 412 may be the refusal of one's own first try."""
        url, more = f"{place}/api/v1/links/{slug}", {"If-Match": f'"v{version}"'}
        done = await self._write("PATCH", url, body, more)
        if done.status != _OVERTAKEN or done.attempts == 1:
            return done
        return await self._find_own(place, slug, body, done)

    async def _find_own(self, place: str, slug: str, body: Json, done: Written) -> Written:
        """What was refused as it was done before, by a try that was not answered."""
        found = await self.read(place, f"/links/{slug}")
        if found.status != _OK or not body.items() <= found.said.items():
            return done
        print(f"  /{slug}: {done.status}, as an unanswered first try had done it", flush=True)
        return found._replace(sent_at=done.sent_at)

    async def read(self, place: str, path: str) -> Written:
        """Ask the API for something."""
        return await self._write("GET", f"{place}/api/v1{path}", None, {})

    async def _write(
        self, method: str, url: str, body: Json | None, more: Mapping[str, str]
    ) -> Written:
        # As the dashboard does: the same request again, told apart by its attempt.
        sent_at, attempt = time.monotonic(), 0
        status, said = 0, dict[str, Any]()
        headers = {"Authorization": f"Bearer {self.key}", **more}
        for attempt in range(1, _ATTEMPTS + 1):
            headers["Everhop-Attempt"] = str(attempt)
            status, said = await self._ask(method, url, body, headers)
            if status not in _AGAIN:
                break
            await asyncio.sleep(_PAUSE)
        return Written(status, said, attempt, sent_at, time.monotonic())

    async def _ask(
        self, method: str, url: str, body: Json | None, headers: Mapping[str, str]
    ) -> tuple[int, dict[str, Any]]:
        try:
            async with self.session.request(method, url, json=body, headers=headers) as answer:
                return answer.status, _read_json(await answer.read())
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            return 0, {"detail": f"{type(error).__name__}: {error}"}


def _read_json(body: bytes) -> dict[str, Any]:
    try:
        said = json.loads(body)
    except ValueError:  # a page of the edge's own
        return {"detail": body.decode("utf-8", "replace")[:200]}
    return said if isinstance(said, dict) else {}
