"""The origin-response function: how long the edge may keep an answer, and what stays inside."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.edge import origin_response
from infra.edge.settings import Settings
from tests.edge import cloudfront
from tests.edge.conftest import baked


SETTINGS = baked()
KEPT = "max-age=0, s-maxage={}, stale-if-error=0"


def clean(status: int, settings: Settings = SETTINGS, **headers: str) -> dict[str, str]:
    """The headers that are left, by name."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    event = cloudfront.origin_response(status, named)
    answer: Any = cloudfront.run(lambda it: origin_response.clean(it, settings), event)
    assert answer["status"] == str(status)
    return {name: one[0]["value"] for name, one in answer["headers"].items()}


@pytest.mark.parametrize(
    ("status", "said", "kept"),
    [
        (302, KEPT.format(20), KEPT.format(20)),
        (302, "s-maxage=3600", KEPT.format(20)),
        (302, 'S-MaxAge="3600"', KEPT.format(20)),
        (302, "private, max-age=0", "private, max-age=0"),
        (302, "no-store", "no-store"),
        (200, "private, no-cache", "private, no-cache"),
        (404, KEPT.format(2), KEPT.format(2)),
        (404, KEPT.format(20), KEPT.format(2)),
        (410, "max-age=60", KEPT.format(2)),
        (404, "private, max-age=0", "private, max-age=0"),
        (503, "no-store", "no-store"),
        (500, "public, max-age=31536000, immutable", KEPT.format(2)),
        (500, "max-age=0", "no-store"),
        (502, None, "no-store"),
        (504, "gibberish", "no-store"),
    ],
)
def test_how_long_an_answer_is_kept(status: int, said: str | None, kept: str) -> None:
    """Redirects for the edge's share at the most, errors for two seconds, and what is private not."""
    headers = {"Cache-Control": said} if said else {}

    assert clean(status, **headers)["cache-control"] == kept


@given(
    status=st.integers(400, 599),
    said=st.lists(
        st.sampled_from(
            [
                "max-age=9",
                "s-maxage=99",
                "public",
                "immutable",
                "Max-Age=99999",
                "s-maxage = 7",
                "x=1",
            ]
        )
    ).map(", ".join),
)
def test_no_error_outlives_its_cause(status: int, said: str) -> None:
    """Whatever a region, or API Gateway in its place, says of an error."""
    headers = clean(status, Cache_Control=said, Expires="Tue, 01 Jan 2999 00:00:00 GMT")
    ages = [int(age) for age in re.findall(r"age=(\d+)", headers["cache-control"])]

    assert "no-store" in headers["cache-control"] or max(ages) <= 2
    assert "expires" not in headers


def test_a_stage_with_a_small_budget_keeps_for_less() -> None:
    """The zip knows the edge's share of the stage's budget, the region only the usual one."""
    settings = SETTINGS._replace(fresh_for=5)

    assert clean(302, settings, Cache_Control=KEPT.format(20))["cache-control"] == KEPT.format(5)


def test_what_is_for_us_stays_with_us() -> None:
    """A visitor sees no trace of the platform; what tells which tier answered, and why, stays."""
    internal = {"x-amz-apigw-id": "a", "X-Amzn-Trace-Id": "Root=1", "Everhop-Region": "x"}
    ours = {
        "Cache-Status": '"API cache"; hit; ttl=9',
        "Server-Timing": "app;dur=1.2",
        "Location": "/",
    }
    headers = clean(302, Cache_Control="no-store", **internal, **ours)

    assert set(headers) == {"cache-control", *map(str.lower, ours)}
