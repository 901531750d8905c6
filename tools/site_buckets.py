"""The bucket of the dashboard in one region, and the distribution before all of them."""

import base64
import hashlib
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from tools.client import CannotRun
from tools.publication_records import (
    RECORDS,
    Noted,
    Publication,
    Published,
    read_history,
    read_record,
    write_record,
)
from tools.stage_apis import calling, make_client


_AT_ONCE = 8
_PRIVATE = "private, no-store"


class SiteBucket:
    """One region's files; each call raises CannotRun with one sentence."""

    def __init__(self, region: str, name: str) -> None:
        self.region, self.name = region, name
        self._client = make_client("s3", region)

    def lacking(self, files: Iterable[Published]) -> list[Published]:
        """Those that are not there, or not so: other bytes, type or Cache-Control."""
        wanted = list(files)
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            there = pool.map(lambda it: self.look(it.key), wanted)
            return [it for it, found in zip(wanted, there, strict=True) if found != it]

    def look(self, key: str) -> Published | None:
        """A file as it is; None when there is none."""
        named = {"Bucket": self.name, "Key": key, "ChecksumMode": "ENABLED"}
        try:
            said = calling(lambda: self._client.head_object(**named))
        except CannotRun as error:
            if "failed with 404" in str(error):
                return None
            raise CannotRun(f"s3://{self.name}/{key}: {error}") from None
        digest = base64.b64decode(said.get("ChecksumSHA256", "")).hex()
        return Published(key, digest, said.get("ContentType", ""), said.get("CacheControl", ""))

    def put(self, files: Sequence[Published], body_of: Callable[[Published], bytes]) -> None:
        """Write them, some at once; S3 refuses what arrives otherwise than it was sent."""
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            for _ in pool.map(lambda it: self._put(it, body_of(it)), files):
                pass

    def get(self, key: str) -> bytes | None:
        """What is in a file; None when there is none."""

        def get() -> bytes:
            body: bytes = self._client.get_object(Bucket=self.name, Key=key)["Body"].read()
            return body

        try:
            content: bytes = calling(get)
        except CannotRun as error:
            if "NoSuchKey" in str(error):
                return None
            raise
        return content

    def history(self) -> list[Noted]:
        """All records, oldest first."""
        pages = self._client.get_paginator("list_objects_v2")
        found = partial(pages.paginate, Bucket=self.name, Prefix=RECORDS)
        listed = calling(lambda: [it["Key"] for page in found() for it in page.get("Contents", ())])
        return read_history(listed)

    def note(self, publication: Publication) -> None:
        """Write the record of a publication."""
        body = write_record(publication)
        digest = hashlib.sha256(body).hexdigest()
        self._put(Published(publication.record, digest, "application/json", _PRIVATE), body)

    def read(self, noted: Noted) -> Publication:
        """A publication by its record."""
        return read_record(noted.key, self.get(noted.key) or b"")

    def _put(self, file: Published, body: bytes) -> None:
        checksum = base64.b64encode(bytes.fromhex(file.sha256)).decode()
        said: dict[str, Any] = calling(
            lambda: self._client.put_object(
                Bucket=self.name,
                Key=file.key,
                Body=body,
                ContentType=file.kind,
                CacheControl=file.kept,
                ChecksumAlgorithm="SHA256",
            )
        )
        if said.get("ChecksumSHA256") != checksum:
            raise CannotRun(f"s3://{self.name}/{file.key} is not what was sent: publish again.")


def forget_paths(distribution: str, paths: Sequence[str], reference: str) -> str:
    """Have the edge forget these paths; the invalidation's id. The same reference does so once."""
    client = make_client("cloudfront", "us-east-1")
    batch = {
        "Paths": {"Quantity": len(paths), "Items": list(paths)},
        "CallerReference": reference,
    }
    said = calling(
        lambda: client.create_invalidation(DistributionId=distribution, InvalidationBatch=batch)
    )
    return str(said["Invalidation"]["Id"])
