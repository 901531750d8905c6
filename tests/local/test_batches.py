"""Batches and bulk edits against the whole stack: real sockets, a real table, a real crash."""

import threading
import time
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.conftest import RunningStack, start_stack


pytestmark = pytest.mark.stack
D = "https://example.com/x"


def listed(stack: RunningStack, tag: str) -> list[dict[str, Any]]:
    return list(stack.api("GET", f"/links?limit=100&tag={tag}").json["links"])


def test_a_crash_in_the_middle(tmp_path: Path) -> None:
    """The stack is killed while rows are stored; the same batch afterwards makes exactly the rest."""
    tag = uuid4().hex
    rows = {"links": [{"destination": f"{D}{number}", "tags": [tag]} for number in range(100)]}
    running = start_stack(tmp_path)

    def send() -> None:
        with suppress(OSError, HTTPException):
            running.api("POST", "/links/batch", rows, Idempotency_Key=tag)

    sending = threading.Thread(target=send)
    sending.start()
    deadline = time.monotonic() + 60
    while not (before := listed(running, tag)) and time.monotonic() < deadline:
        time.sleep(0.01)
    running.stop(9)
    sending.join()
    again = start_stack(tmp_path)
    try:
        answer = again.api("POST", "/links/batch", rows, Idempotency_Key=tag).json
        after = listed(again, tag)
    finally:
        again.stop()

    made = {one["link"]["slug"] for one in answer["results"]}
    assert 0 < len(before) < 100, "the crash came too early or too late to tell anything"
    assert answer["counts"]["created"] == 100
    assert {link["slug"] for link in before} <= made
    assert {link["slug"] for link in after} == made
    assert len(after) == 100


def test_batch_is_a_slug_too(stack: RunningStack) -> None:
    """At the real gateway a link that is called batch is read, edited and deleted by its name."""
    created = stack.api("POST", "/links/batch", {"links": [{"destination": D, "slug": "batch"}]})
    assert created.json["results"][0]["status"] == 201

    assert stack.api("GET", "/links/batch").json["slug"] == "batch"
    assert stack.api("GET", "/links/batch/qr").body.startswith(b"<svg")
    edited = stack.api("PATCH", "/links/batch", {"title": "T"}, If_Match='"v1"')
    assert (edited.status, edited.json["title"]) == (200, "T")
    assert stack.ask("GET", "/batch").status == 302
    assert stack.api("DELETE", "/links/batch").status == 204
    assert stack.api("POST", "/links/other", {}).status == 405


def test_a_bulk_edit_page_by_page(stack: RunningStack) -> None:
    """Through the table's own index and filters, each link of the tag once, also when they leave it."""
    tag, new = uuid4().hex, uuid4().hex
    rows = {"links": [{"destination": f"{D}{number}", "tags": [tag, "x"]} for number in range(60)]}
    assert stack.api("POST", "/links/batch", rows).json["counts"]["created"] == 60
    body = {"add_tags": [new], "remove_tags": [tag], "status": 307}
    trial = stack.api("PATCH", f"/links?tag={tag}&limit=100&dry_run=true", body).json
    counts, cursor = [], ""
    while cursor is not None:
        report = stack.api("PATCH", f"/links?tag={tag}&limit=25{cursor}", body).json
        counts.append(report["counts"]["edited"])
        cursor = report["next_cursor"] and f"&cursor={report['next_cursor']}"

    assert trial["counts"] == {"edited": 60, "unchanged": 0, "failed": 0}
    # A page may have fewer: the table looks through so many links at once, of which some are others.
    assert max(counts) <= 25
    assert sum(counts) == 60
    assert listed(stack, tag) == []
    found = listed(stack, new)
    assert len(found) == 60
    assert {(tuple(link["tags"]), link["status"]) for link in found} == {(("x", new), 307)}
