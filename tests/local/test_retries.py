"""Retries against the whole stack: real processes, a real table, requests that really meet."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import pytest

from tests.conftest import Answer, RunningStack, start_stack


pytestmark = pytest.mark.stack
D = "https://example.com/x"


def send(stack: RunningStack, key: str, title: str, **fields: str) -> Answer:
    body = {"destination": D, "title": title, **fields}
    return stack.api("POST", "/links", body, Idempotency_Key=key)


def found(stack: RunningStack, title: str) -> list[str]:
    return [link["slug"] for link in stack.api("GET", f"/links?q={title}").json["links"]]


@pytest.mark.parametrize("custom", [False, True])
def test_twenty_at_once(stack: RunningStack, *, custom: bool) -> None:
    """Twenty parallel requests of one key are one link, and twenty equal answers."""
    key = title = uuid4().hex
    fields = {"slug": f"t-{key[:12]}"} if custom else {}
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: send(stack, key, title, **fields), range(20)))

    assert {answer.status for answer in answers} == {201}
    assert len({answer.body for answer in answers}) == 1
    assert sum("Idempotent-Replayed" not in answer.headers for answer in answers) == 1
    assert found(stack, title) == [answers[0].json["slug"]]


def test_keys_outlive_a_restart(tmp_path: Path) -> None:
    """A create that is repeated after the stack was killed is told of its link."""
    key = title = uuid4().hex
    running = start_stack(tmp_path)
    try:
        first = send(running, key, title)
    finally:
        running.stop(9)
    again = start_stack(tmp_path)
    try:
        second = send(again, key, title)
        slugs = found(again, title)
    finally:
        again.stop()

    assert second.headers["Idempotent-Replayed"] == "true"
    assert second.json["slug"] == first.json["slug"]
    assert slugs == [first.json["slug"]]


def test_not_modified_over_the_wire(stack: RunningStack) -> None:
    """A 304 arrives as one: no body, with the tag, and the connection in order."""
    slug = stack.api("POST", "/links", {"destination": D}).json["slug"]
    answer = stack.api("GET", f"/links/{slug}", If_None_Match='"v1"')

    assert (answer.status, answer.body) == (304, b"")
    assert {name.lower() for name in answer.headers} >= {"etag", "cache-control"}
