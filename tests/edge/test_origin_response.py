"""The origin-response function: how long the edge may keep an answer, and what stays inside."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.freshness import GENERATED_AT, stamp_of
from infra.edge import origin_response
from infra.edge.settings import Settings
from tests.edge import cloudfront
from tests.edge.conftest import baked


SETTINGS = baked()
KEPT = "max-age=0, s-maxage={}, stale-if-error=0"
NOW = 1_795_435_200


def clean(
    status: int, settings: Settings = SETTINGS, now: float = 0, **headers: str
) -> dict[str, str]:
    """The headers that are left, by name."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    event = cloudfront.origin_response(status, named)
    answer: Any = cloudfront.run(lambda it: origin_response.clean(it, settings, now), event)
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
    """The zip knows the stage's budget, the region only the usual one."""
    settings = SETTINGS._replace(unstamped_for=5, fresh_for=10)
    stamp = {GENERATED_AT: stamp_of(datetime.fromtimestamp(NOW - 2, UTC))}
    said = {"Cache_Control": KEPT.format(40)}

    assert clean(302, settings, **said)["cache-control"] == KEPT.format(5)
    assert clean(302, settings, now=NOW, **said, **stamp)["cache-control"] == KEPT.format(8)


@pytest.mark.parametrize(("age", "left"), [(0, 40), (15, 25), (39.2, 0), (41, 0), (-9, 40)])
def test_what_lay_below_stays_here_for_as_much_less(age: float, left: int) -> None:
    """Of the seconds that both caches may keep it, the edge has those since it was made."""
    stamp = stamp_of(datetime.fromtimestamp(NOW - age, UTC))
    headers = clean(302, now=NOW, Cache_Control=KEPT.format(40), **{GENERATED_AT: stamp})

    assert headers["cache-control"] == KEPT.format(left)
    assert GENERATED_AT not in headers


def test_a_stamp_lengthens_nothing() -> None:
    """What the region lets the edge keep for less stays so, and a stamp that is none is none."""
    stamp = stamp_of(datetime.fromtimestamp(NOW, UTC))
    short = clean(302, now=NOW, Cache_Control="s-maxage=7", **{GENERATED_AT: stamp})
    broken = clean(302, now=NOW, Cache_Control="s-maxage=40", **{GENERATED_AT: "soon"})

    assert short["cache-control"] == KEPT.format(7)
    assert broken["cache-control"] == KEPT.format(20)


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
