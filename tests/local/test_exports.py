"""Exports on the local stack: a real worker, real files, and what a crash or a restart leaves."""

import csv
import io
import json
import os
import signal
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import RunningStack, start_stack
from tests.local.test_stack import child_of, wait_for


pytestmark = pytest.mark.stack


def begin(stack: RunningStack, **asked: Any) -> str:
    answer = stack.api("POST", "/exports", asked)
    assert answer.status == 202, answer.body
    return str(answer.headers["Location"]).removeprefix("/api/v1")


def wait_until_over(stack: RunningStack, where: str, within: float = 30.0) -> dict[str, Any]:
    deadline = time.monotonic() + within
    while (job := stack.api("GET", where).json)["state"] not in ("done", "failed"):
        assert time.monotonic() < deadline, job
        time.sleep(0.2)
    return dict(job)


def fetch(job: dict[str, Any]) -> bytes:
    with urllib.request.urlopen(job["url"], timeout=30) as answer:
        data: bytes = answer.read()
    return data


def test_an_export_of_what_an_import_brought(stack: RunningStack) -> None:
    """Links of a sheet come out of the export, and go back in as what is there already."""
    rows = [
        ("slug", "destination", "title"),
        *((f"x{n}", f"https://sheet.test/{n}", "=1") for n in range(150)),
    ]
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    sheet = text.getvalue().encode()
    assert stack.api("POST", "/imports", sheet, Content_Type="text/csv").status == 200
    job = wait_until_over(stack, begin(stack, q="sheet.test"))
    file = fetch(job)
    again = stack.api("POST", "/imports", file, Content_Type="text/csv").json

    assert (job["count"], job["bytes"]) == (150, len(file))
    assert again["counts"]["exists"] == 150
    assert again["counts"]["invalid"] == 0
    assert job["url"].startswith(stack.ask("GET", "/_local/status").json["s3_endpoint"])


def test_a_url_is_for_one_file(stack: RunningStack) -> None:
    """Nobody gets at a file by the API without a key, or by the front at all."""
    where = begin(stack, format="json")
    job = wait_until_over(stack, where)

    assert stack.ask("GET", f"/api/v1{where}").status == 401
    path = job["url"].partition("?")[0].partition("/everhop-local-files")[2]
    assert stack.ask("GET", f"/everhop-local-files{path}").status == 404
    invoke = stack.ask("POST", "/2015-03-31/functions/everhop-local-worker/invocations")
    assert invoke.status == 415  # a slug like any other, which takes a form alone


def test_files_and_jobs_survive_a_restart(tmp_path: Path) -> None:
    """After the stack was killed the export is still there, with its file under a new address."""
    first = start_stack(tmp_path)
    first.api("POST", "/links", {"destination": "https://example.com/", "slug": "kept"})
    where = begin(first, format="json")
    before = fetch(wait_until_over(first, where))
    first.stop(signal.SIGKILL)
    second = start_stack(tmp_path)
    try:
        assert fetch(second.api("GET", where).json) == before
        assert [link["slug"] for link in json.loads(before)] == ["kept"]
    finally:
        second.stop()


def test_a_bucket_that_comes_back(tmp_path: Path) -> None:
    """While S3's process is dead the worker fails and is called again; then the file is made."""
    running = start_stack(tmp_path)
    try:
        time.sleep(3)  # a process that ends sooner is not started again
        os.kill(child_of(running, "local.files"), signal.SIGKILL)
        where = begin(running)
        job = wait_until_over(running, where)
        assert (job["state"], fetch(job)[:3]) == ("done", b"\xef\xbb\xbf")
        assert any("S3 ended and starts again" in line for line in running.lines)
    finally:
        running.stop()


@pytest.mark.slow
def test_a_worker_that_is_killed(tmp_path: Path) -> None:
    """A worker that dies with its process has its job finished by another one, once it is asked for."""
    running = start_stack(tmp_path)
    region = child_of(running, "local.region")
    files = child_of(running, "local.files")
    try:
        time.sleep(3)
        os.kill(files, signal.SIGSTOP)  # so that the worker is in the middle of its work
        where = begin(running)
        wait_for(lambda: running.api("GET", where).json["state"] == "running")
        os.kill(region, signal.SIGKILL)
        os.kill(files, signal.SIGCONT)
        wait_for(lambda: running.ask("GET", "/api/v1/health").status == 200)
        assert wait_until_over(running, where, within=90)["state"] == "done"
    finally:
        running.stop()


def test_pages_of_others_read_no_files(stack: RunningStack) -> None:
    """A page that finds the port of the files or of the table learns nothing there."""
    status = stack.ask("GET", "/_local/status").json
    for url in (status["s3_endpoint"], status["regions"][0]["dynamodb_endpoint"]):
        for headers in ({"Origin": "https://evil.example"}, {"Host": "evil.example:80"}):
            asked = urllib.request.Request(f"{url}/everhop-local-files/", headers=headers)
            with pytest.raises(urllib.error.HTTPError) as refused:
                urllib.request.urlopen(asked, timeout=10)
            assert refused.value.code == 403
            assert "Access-Control-Allow-Origin" not in refused.value.headers
            refused.value.close()
