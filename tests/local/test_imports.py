"""Background imports on the local stack: a real worker, real files, and a kill in the middle."""

import csv
import io
import os
import signal
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.conftest import RunningStack, start_stack
from tests.local.test_exports import fetch, wait_until_over
from tests.local.test_stack import child_of, wait_for


pytestmark = pytest.mark.stack
LATER = {"Content_Type": "text/csv", "Prefer": "respond-async"}


def sheet_of(count: int, tag: str) -> bytes:
    """Rows of which every second one has a slug."""
    rows = (
        f"https://e.test/{tag}/{at},{f'{tag}-{at}' if at % 2 else ''},{tag}" for at in range(count)
    )
    return "\n".join(("destination,slug,tags", *rows)).encode()


def begin(stack: RunningStack, sheet: bytes, query: str = "") -> str:
    answer = stack.api("POST", f"/imports{query}", sheet, **LATER)
    assert answer.status == 202, answer.body
    assert answer.headers["Preference-Applied"] == "respond-async"
    return str(answer.headers["Location"]).removeprefix("/api/v1")


def report_of(job: dict[str, Any]) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(fetch(job).decode("utf-8-sig"), "")))


def destinations_in(stack: RunningStack) -> list[str]:
    """Where each link leads, through all pages; one that the busy table refuses is asked again."""
    found, cursor, tries = list[str](), "", 0
    while cursor is not None:
        answer = stack.api("GET", f"/links?limit=100{cursor}")
        if answer.status == 503 and tries < 20:
            tries += 1
            time.sleep(1)
            continue
        page = answer.json
        found += [link["destination"] for link in page["links"]]
        cursor = page["next_cursor"] and f"&cursor={page['next_cursor']}"
    return found


def test_more_rows_than_a_request_stores(stack: RunningStack) -> None:
    """Rows that would be too many for a request are stored, and the report has a line for each."""
    tag = uuid4().hex[:12]
    sheet = sheet_of(1010, tag)
    assert stack.api("POST", "/imports", sheet, Content_Type="text/csv").status == 422
    job = wait_until_over(stack, begin(stack, sheet), within=60)
    report = report_of(job)

    assert (job["state"], job["done"], job["total"]) == ("done", 1010, 1010)
    assert job["counts"]["created"] == len(report) == 1010
    assert len({row["slug"] for row in report}) == 1010
    for at in (0, 1, 600, 1009):
        where = stack.ask("GET", f"/{report[at]['slug']}").headers["Location"]
        assert where == f"https://e.test/{tag}/{at}"


def test_nobody_gets_at_it_without_a_key(stack: RunningStack) -> None:
    """The job needs a key; its sheet and report are not at the front."""
    where = begin(stack, sheet_of(3, uuid4().hex[:12]), "?dry_run=true")
    job = wait_until_over(stack, where)

    assert stack.ask("GET", f"/api/v1{where}").status == 401
    assert job["counts"]["ready"] == 3
    path = job["url"].partition("?")[0].partition("/everhop-local-files")[2]
    assert stack.ask("GET", f"/everhop-local-files{path}").status == 404


@pytest.mark.slow
def test_a_worker_that_is_killed(tmp_path: Path) -> None:
    """Killed in the middle, the import is ended by another worker, with each row made once."""
    running = start_stack(tmp_path)
    tag, count = uuid4().hex[:12], 1500
    try:
        time.sleep(3)  # a process that ends sooner is not started again
        where = begin(running, sheet_of(count, tag))
        wait_for(lambda: running.api("GET", where).json["done"] > 0, within=30)
        os.kill(child_of(running, "local.region"), signal.SIGKILL)
        wait_for(lambda: running.ask("GET", "/api/v1/health").status == 200)
        before = running.api("GET", where).json
        job = wait_until_over(running, where, within=150)
        after = destinations_in(running)
    finally:
        running.stop()

    assert 0 < before["done"] < count, "the kill came too late to tell anything"
    assert job["counts"]["created"] == count
    assert sorted(after) == sorted(f"https://e.test/{tag}/{at}" for at in range(count))


@pytest.mark.slow
def test_a_stack_that_is_killed(tmp_path: Path) -> None:
    """After all of its processes were killed the sheet is still there, and the import ends."""
    tag, count = uuid4().hex[:12], 1500
    first = start_stack(tmp_path)
    where = begin(first, sheet_of(count, tag))
    wait_for(lambda: first.api("GET", where).json["done"] > 0, within=30)
    first.stop(signal.SIGKILL)
    second = start_stack(tmp_path)
    try:
        before = second.api("GET", where).json["done"]
        job = wait_until_over(second, where, within=150)
        assert 0 < before < count
        assert job["counts"]["created"] == count
        made = destinations_in(second)
        assert len(made) == len(set(made)) == count
        assert len(report_of(job)) == count
    finally:
        second.stop()
