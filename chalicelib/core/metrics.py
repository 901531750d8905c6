"""Metrics of a request, as CloudWatch reads them out of its line in the log (EMF).

Each combination of a metric and its dimensions costs money (about 0.30 $ a month), so there are few
of both: four kinds of requests in one stage and region make 20. A metric that is 0 or 1 is its own
rate: the average of `Errors5xx` is the share of requests that failed.
"""

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any, Literal


Kind = Literal["redirect", "read", "write", "other", "changes"]
NAMESPACE = "Everhop"
DIMENSIONS = ("stage", "region", "kind")
_UNITS = {"Duration": "Milliseconds", "PurgeDelay": "Milliseconds"}
# Asked by monitors, browsers and the curious: not what people and programs come for.
_OTHER_ROUTES = frozenset({"/v1/health", "/v1/openapi.json", "/docs"})


def is_failure(status: int) -> bool:
    """Whether something went wrong on our side; 501 is a deployment as its owner has set it up."""
    return status >= 500 and status != 501


def kind_of(route: str, method: str) -> Kind:
    """What a request is for."""
    if method == "OPTIONS" or route in _OTHER_ROUTES:
        return "other"
    if route.startswith("/r/"):
        return "redirect"
    return "read" if method in ("GET", "HEAD") else "write"


def measure(at: datetime, line: Mapping[str, Any]) -> dict[str, Any]:
    """The metrics of a request's line, what they are by, and what tells CloudWatch of both."""
    kind = kind_of(line["route"], line["method"])
    values = _values(kind, line)
    milliseconds = int(at.timestamp() * 1000)
    about = {"Timestamp": milliseconds, "CloudWatchMetrics": [_directive(*values)]}
    return {"kind": kind, **values, "_aws": about}


def measure_changes(at: datetime, values: Mapping[str, float]) -> dict[str, Any]:
    """The metrics of one batch of a region's stream; a batch of nothing about links has none."""
    milliseconds = int(at.timestamp() * 1000)
    about = {"Timestamp": milliseconds, "CloudWatchMetrics": [_directive(*values)]}
    return {"kind": "changes", **values, "_aws": about}


@cache
def _directive(*names: str) -> Mapping[str, Any]:
    metrics = [{"Name": name, "Unit": _UNITS.get(name, "Count")} for name in names]
    return {"Namespace": NAMESPACE, "Dimensions": [[*DIMENSIONS]], "Metrics": metrics}


def _values(kind: Kind, line: Mapping[str, Any]) -> dict[str, float]:
    status = line["status"]
    values: dict[str, float] = {
        "Requests": 1,
        "Errors5xx": int(is_failure(status)),
        "Duration": line["took_ms"],
    }
    if kind == "redirect":
        values |= {"Redirects": int(300 <= status < 400), "Refusals": int(400 <= status < 500)}
    elif kind != "other":
        values["RateLimited"] = int(status == 429)
    if line["cold_start"]:
        values["ColdStarts"] = 1
    return values
