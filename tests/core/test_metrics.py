"""The metrics in a line of the log are in the form that CloudWatch reads (EMF)."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.logs import Place, Served, describe_served
from chalicelib.core.metrics import kind_of


NOW = datetime(2026, 11, 23, 12, 0, 0, 250_000, tzinfo=UTC)
PLACE = Place("prod", "eu-west-1", "1.4.0")
SERVED = Served(
    at=NOW,
    took_ms=12.345,
    request_id="4f7c1d2e",
    client_request_id="",
    route="/v1/links/{slug}",
    method="GET",
    status=200,
    bytes=470,
    key_id="k7f3m9q2vx",
    workspace="default",
    code="",
    reason="",
    is_cold=False,
)
UNITS = {"Count", "Milliseconds"}
ROUTES = ["/r/{slug}", "/v1/links", "/v1/links/{slug}", "/v1/health", "/docs", "/v1/imports"]


def check_emf(line: dict[str, Any]) -> None:
    """Fail unless the line is a document of the embedded metric format, by its specification."""
    about = line["_aws"]
    assert set(about) == {"Timestamp", "CloudWatchMetrics"}
    assert type(about["Timestamp"]) is int
    assert abs(about["Timestamp"] / 1000 - NOW.timestamp()) < timedelta(hours=2).total_seconds()
    assert about["CloudWatchMetrics"]
    for directive in about["CloudWatchMetrics"]:
        assert set(directive) == {"Namespace", "Dimensions", "Metrics"}
        assert 1 <= len(directive["Namespace"]) <= 255
        assert 1 <= len(directive["Metrics"]) <= 100
        names = [metric["Name"] for metric in directive["Metrics"]]
        assert len(names) == len(set(names))
        for metric in directive["Metrics"]:
            assert {"Name", "Unit"} == set(metric)
            assert metric["Unit"] in UNITS
            assert type(line[metric["Name"]]) in (int, float)
        assert directive["Dimensions"]
        for dimensions in directive["Dimensions"]:
            assert 1 <= len(dimensions) <= 30
            for name in dimensions:
                assert 1 <= len(name) <= 250
                assert isinstance(line[name], str)
                assert 1 <= len(line[name]) <= 1024
                assert line[name].isascii()
                assert not line[name].isspace()
                assert not name.startswith(":")


served = st.builds(
    Served,
    at=st.just(NOW),
    took_ms=st.floats(0, 30_000),
    request_id=st.text(max_size=40),
    client_request_id=st.text(max_size=40),
    route=st.sampled_from(ROUTES),
    method=st.sampled_from(["GET", "HEAD", "POST", "PATCH", "DELETE", "OPTIONS"]),
    status=st.integers(200, 599),
    bytes=st.integers(0, 6_000_000),
    key_id=st.text(max_size=10),
    workspace=st.text(max_size=32),
    code=st.sampled_from(["", "unavailable", "rate_limited"]),
    reason=st.text(max_size=90),
    is_cold=st.booleans(),
)


@given(served)
def test_every_line_is_emf(one: Served) -> None:
    """Whatever was served, CloudWatch can read its metrics."""
    check_emf(describe_served(one, PLACE))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda line: line.pop("stage"),
        lambda line: line.update(region=""),
        lambda line: line.update(Duration="12"),
        lambda line: line["_aws"].update(Timestamp=NOW.timestamp()),
        lambda line: line["_aws"].update(More=1),
        lambda line: line["_aws"]["CloudWatchMetrics"][0]["Dimensions"].append([]),
        lambda line: line["_aws"]["CloudWatchMetrics"][0]["Metrics"].append(
            {"Name": "Missing", "Unit": "Count"}
        ),
    ],
)
def test_the_checker_catches(spoil: Any) -> None:
    """A line that CloudWatch would drop fails the check."""
    line = json.loads(json.dumps(describe_served(SERVED, PLACE)))
    check_emf(line)
    spoil(line)

    with pytest.raises((AssertionError, KeyError)):
        check_emf(line)


@given(st.lists(served, min_size=1, max_size=60))
def test_there_are_few_series(many: list[Served]) -> None:
    """Each combination costs money by the month: one stage and region has at most 20."""
    series = set()
    for one in many:
        line = describe_served(one, PLACE)
        (directive,) = line["_aws"]["CloudWatchMetrics"]
        values = tuple(line[name] for name in directive["Dimensions"][0])
        series |= {(metric["Name"], *values) for metric in directive["Metrics"]}

    assert len(series) <= 20


@pytest.mark.parametrize(
    ("route", "method", "kind"),
    [
        ("/r/{slug}", "GET", "redirect"),
        ("/r/{slug}", "HEAD", "redirect"),
        ("/r/{slug}", "OPTIONS", "other"),
        ("/v1/links", "GET", "read"),
        ("/v1/links", "POST", "write"),
        ("/v1/links/{slug}", "DELETE", "write"),
        ("/v1/links", "OPTIONS", "other"),
        ("/v1/health", "GET", "other"),
        ("/v1/openapi.json", "GET", "other"),
        ("/docs", "HEAD", "other"),
    ],
)
def test_kinds(route: str, method: str, kind: str) -> None:
    """Monitors and preflights are not counted as what people come for."""
    assert kind_of(route, method) == kind


def values_of(**changes: Any) -> dict[str, float]:
    line = describe_served(SERVED._replace(**changes), PLACE)
    metrics = line["_aws"]["CloudWatchMetrics"][0]["Metrics"]
    return {metric["Name"]: line[metric["Name"]] for metric in metrics}


def test_what_is_counted() -> None:
    """Redirects and refusals of visitors, limits of keys, and failures of ours."""
    always = {"Requests": 1, "Duration": 12.35}
    follow = {"route": "/r/{slug}"}

    assert values_of() == {**always, "Errors5xx": 0, "RateLimited": 0}
    assert values_of(status=429) == {**always, "Errors5xx": 0, "RateLimited": 1}
    assert values_of(status=501) == values_of()
    assert values_of(status=503, is_cold=True) == {
        **always,
        "Errors5xx": 1,
        "RateLimited": 0,
        "ColdStarts": 1,
    }
    redirect = {**always, "Errors5xx": 0, "Redirects": 0, "Refusals": 0}
    assert values_of(**follow, status=302) == {**redirect, "Redirects": 1}
    assert values_of(**follow, status=410) == {**redirect, "Refusals": 1}
    assert values_of(**follow, status=200) == redirect
    assert values_of(**follow, status=503) == {**redirect, "Errors5xx": 1}
