"""Lines of the log: what is in them, and what never is."""

import json
from typing import Any

import pytest

from chalicelib.core.logs import describe_bug, describe_served, read_client_id
from tests.core.test_metrics import NOW, PLACE, SERVED


def test_a_line() -> None:
    """A request's line says what, where, how it went and for how long; what is empty is left out."""
    line = describe_served(SERVED, PLACE)
    del line["_aws"]

    assert line == {
        "time": "2026-11-23T12:00:00.250Z",
        "level": "info",
        "event": "request",
        "stage": "prod",
        "region": "eu-west-1",
        "release": "1.4.0",
        "request_id": "4f7c1d2e",
        "method": "GET",
        "route": "/v1/links/{slug}",
        "status": 200,
        "took_ms": 12.35,
        "bytes": 470,
        "cold_start": False,
        "key_id": "k7f3m9q2vx",
        "workspace": "default",
        "kind": "read",
        "Requests": 1,
        "Errors5xx": 0,
        "Duration": 12.35,
        "RateLimited": 0,
    }


@pytest.mark.parametrize(
    ("status", "level"), [(302, "info"), (429, "info"), (500, "error"), (501, "info")]
)
def test_levels(status: int, level: str) -> None:
    """What a client did wrong is no error of ours, nor is what the owner left out (501)."""
    assert describe_served(SERVED._replace(status=status), PLACE)["level"] == level


@pytest.mark.parametrize(
    "text",
    ["4f7c1d2e", "Root=1-5759e988-bd862e3fe1be46a994272793", "a/b+c=:@_.-", "x" * 128],
)
def test_ids_of_clients_are_kept(text: str) -> None:
    """An id that is short and plain comes back as it was sent."""
    assert read_client_id(text) == text


@pytest.mark.parametrize(
    "text", [None, "", "x" * 129, "a b", 'a"b', "a\nb", "a\x00", "é", "<script>", "a{b", "a\\"]
)
def test_other_ids_are_none(text: str | None) -> None:
    """What could break a line, or is long, is not written down and not sent back."""
    assert read_client_id(text) == ""


def fail(secret: str) -> None:
    try:
        {}[secret]
    except KeyError as error:
        raise RuntimeError(f"No {secret}") from error


def test_a_bug_is_told_without_its_text() -> None:
    """Types and places of the whole chain are there; texts and values of variables are not."""
    with pytest.raises(RuntimeError) as caught:
        fail("eh_SECRET")
    line = describe_bug(caught.value, NOW, PLACE, "4f7c1d2e")
    written = json.dumps(line)

    assert [one["type"] for one in line["error"]] == ["RuntimeError", "KeyError"]
    assert any(
        "tests/core/test_logs.py:" in frame and frame.endswith(" fail")
        for frame in line["error"][0]["frames"]
    )
    assert line["request_id"] == "4f7c1d2e"
    assert "SECRET" not in written
    assert "\n" not in written


def test_a_bug_deep_down_has_a_line_of_bounded_size() -> None:
    """An endless recursion and a chain that leads back to itself are told in a few frames."""

    def sink(depth: int) -> Any:
        return sink(depth + 1)

    with pytest.raises(RecursionError) as caught:
        sink(0)
    error: BaseException = caught.value
    other = ValueError()
    error.__cause__, other.__cause__ = other, error

    line = describe_bug(error, NOW, PLACE, "")
    assert len(line["error"]) == 2
    assert len(line["error"][0]["frames"]) == 40
