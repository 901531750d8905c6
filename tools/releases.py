"""What was deployed to a stage, release by release, kept in its region's bucket.

A record says all that a rollback needs; its zip lies beside it. Both are found by whoever has the
account, from whichever machine the release came. The newest 20 are kept.
"""

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any, NamedTuple

from tools.client import CannotRun
from tools.stage_apis import calling, make_client


Json = dict[str, Any]
KEPT = 20


@dataclass(frozen=True, slots=True)
class Release:
    """A release as it stood in one stage, after its smoke test.

    `at` is like 20270101T120000Z; `functions` has the configuration of each by name; `cache` and
    `methods` are what the stage's cache was to be; `chalice` is Chalice's own note of what it made.
    """

    name: str
    at: str
    commit: str
    code: str
    deployment: str
    functions: Mapping[str, Json]
    policy: Json
    cache: Json
    methods: list[Json]
    chalice: Json
    files: Mapping[str, int] = field(default_factory=dict)


class Noted(NamedTuple):
    """A record by its name alone: when which release was deployed, and of which code."""

    key: str
    at: str
    release: str
    code: str


def now_text() -> str:
    """The moment as a record has it."""
    return datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")


def code_id(code: str) -> str:
    """The hash of the code as file names can have it."""
    return base64.b64decode(code).hex()[:24]


def previous_of(history: list[Noted], live: str) -> Noted | None:
    """What a rollback puts back: the release before the one that is live; None when there is none.

    `history` is oldest first. A live release without a record failed its smoke test, so the newest
    record is the one before it. What was rolled back from does not come back.
    """
    firsts = list({it.release: it for it in reversed(history)}.values())[::-1]
    if live not in [it.release for it in firsts]:
        return history[-1] if history else None
    before = [it for it in firsts if it.release != live and it.at < _at_of(firsts, live)]
    return before[-1] if before else None


def _at_of(firsts: list[Noted], release: str) -> str:
    return next(it.at for it in firsts if it.release == release)


class Releases:
    """The records of one stage; each call raises CannotRun with one sentence."""

    def __init__(self, stage: str, region: str, bucket: str) -> None:
        self._client = make_client("s3", region)
        self._bucket, self._folder = bucket, f"releases/{stage}/"

    def history(self) -> list[Noted]:
        """All records, oldest first."""
        return [_noted(key) for key in sorted(self._keys()) if key.endswith(".json")]

    def newest(self) -> Release | None:
        """The last release that passed its smoke test."""
        history = self.history()
        return self.read(history[-1]) if history else None

    def read(self, noted: Noted) -> Release:
        """A record."""
        return Release(**json.loads(self._get(noted.key)))

    def code_of(self, release: Release) -> bytes:
        """The zip of a release."""
        return self._get(self._zip(release.code))

    def keep(self, release: Release, zipped: bytes) -> None:
        """Note a release that works; its zip first, so that no record is without one."""
        self._put(self._zip(release.code), zipped, "application/zip")
        self.keep_again(release)

    def keep_again(self, release: Release) -> None:
        """Note a release whose zip is here already."""
        name = f"{release.at}-{release.name}-{code_id(release.code)}.json"
        self._put(self._folder + name, json.dumps(asdict(release)).encode(), "application/json")
        self._forget_oldest()

    def _zip(self, code: str) -> str:
        return f"{self._folder}{code_id(code)}.zip"

    def _forget_oldest(self) -> None:
        history = self.history()
        kept = {self._folder + f"{it.code}.zip" for it in history[-KEPT:]}
        kept |= {it.key for it in history[-KEPT:]}
        for key in self._keys() - kept:
            calling(partial(self._client.delete_object, Bucket=self._bucket, Key=key))

    def _keys(self) -> set[str]:
        pages = self._client.get_paginator("list_objects_v2")

        def listed() -> Iterator[str]:
            for page in pages.paginate(Bucket=self._bucket, Prefix=self._folder):
                yield from (it["Key"] for it in page.get("Contents", []))

        found: set[str] = calling(lambda: set(listed()))
        return found

    def _get(self, key: str) -> bytes:
        def get() -> bytes:
            body: bytes = self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read()
            return body

        try:
            content: bytes = calling(get)
        except CannotRun as error:
            raise CannotRun(f"s3://{self._bucket}/{key} can't be read: {error}") from None
        return content

    def _put(self, key: str, content: bytes, kind: str) -> None:
        calling(
            lambda: self._client.put_object(
                Bucket=self._bucket, Key=key, Body=content, ContentType=kind
            )
        )


def _noted(key: str) -> Noted:
    at, release, code = key.rpartition("/")[2].removesuffix(".json").split("-")
    return Noted(key, at, release, code)
