"""One region's S3: moto's server with the bucket of files, each of which is on disk as well.

Run by the stack as `python -m local.files DESCRIPTOR DATA_FOLDER REGION BUCKET`. moto forgets when
it ends; whole files are put back at the next start, and uploads in parts begin anew.
"""

import asyncio
import hashlib
import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from aiohttp import web
from flask import Flask
from moto.core import DEFAULT_ACCOUNT_ID
from moto.s3.models import s3_backends
from moto.server import create_backend_app

from local.children import inherited, stop_with_parent
from local.data import files_folder
from local.moto_apps import ask_moto
from local.servers import Handler, serve_until_stopped


# The largest sheet that may be uploaded, and more than any part of a file.
MAX_UPLOAD = 128 * 1024 * 1024
# As the lifecycle rule of infra/regional/files.yaml: whole days, and at least one.
KEPT_FOR = 2 * 86400

NO_UPLOAD = "<Error><Code>NoSuchUpload</Code><Message>There is no such upload.</Message></Error>"


class FileFolder:
    """The whole files of one bucket, on disk."""

    def __init__(self, folder: Path, bucket: str, region: str) -> None:
        self._folder = folder
        self._bucket = bucket
        self._backend = s3_backends[DEFAULT_ACCOUNT_ID]["aws"]
        self._backend.create_bucket(bucket, region)
        folder.mkdir(exist_ok=True)

    def has_upload(self, upload: str) -> bool:
        """Whether a file is being uploaded in parts under this id."""
        return upload in self._backend.get_bucket(self._bucket).multiparts

    def restore(self) -> None:
        """Put back what is on disk, but for what is too old."""
        for file in self._folder.glob("*.file"):
            if file.stat().st_mtime < time.time() - KEPT_FOR:
                file.unlink()
                continue
            head, _, data = file.read_bytes().partition(b"\n")
            described = json.loads(head)
            key = self._backend.put_object(self._bucket, described["key"], data)
            key.set_metadata(described["metadata"])

    def keep(self, key: str) -> None:
        """Keep a file on disk as moto has it now, if it has one."""
        found = self._backend.head_object(self._bucket, key)
        if found is None:
            return
        head = json.dumps({"key": key, "metadata": dict(found.metadata)})
        draft = self._folder / f"{hashlib.sha256(key.encode()).hexdigest()}.new"
        draft.write_bytes(head.encode() + b"\n" + found.value)
        draft.replace(draft.with_suffix(".file"))  # whole or not at all


def make_handler(app: Flask, folder: FileFolder, bucket: str) -> Handler:
    """The request handler: one request at a time, as moto is not safe under threads."""
    one_at_a_time = ThreadPoolExecutor(1, "s3")

    def answer(request: web.BaseRequest, body: bytes) -> web.Response:
        upload = request.query.get("uploadId")
        if upload and not folder.has_upload(upload):
            return web.Response(status=404, text=NO_UPLOAD)  # moto would fail with 500
        answered = ask_moto(app, request, body)
        written = request.method in ("PUT", "POST") and answered.status == 200
        if written and request.path.startswith(f"/{bucket}/"):
            folder.keep(request.path.removeprefix(f"/{bucket}/"))
        return answered.to_http()

    async def handle(request: web.BaseRequest) -> web.Response:
        body = await request.read()
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(one_at_a_time, answer, request, body)

    return handle


def main(descriptor: str, data: str, region: str, bucket: str) -> None:
    """Restore the files and serve until told to stop."""
    stop_with_parent()
    folder = FileFolder(Path(data) / files_folder(region), bucket, region)
    folder.restore()
    handler = make_handler(create_backend_app("s3"), folder, bucket)
    asyncio.run(serve_until_stopped(handler, inherited(int(descriptor)), MAX_UPLOAD))


if __name__ == "__main__":
    main(*sys.argv[1:])
