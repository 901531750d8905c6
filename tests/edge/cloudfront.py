"""CloudFront's side of Lambda@Edge: events as it sends them, and what it takes for an answer.

The rules are those of the CloudFront developer guide: "Restrictions on edge functions", "Lambda@Edge
event structure" and "Quotas on Lambda@Edge". A result that breaks one becomes 502 for the visitor.
"""

import copy
import json
import re
from collections.abc import Callable, Mapping
from typing import Any


Json = dict[str, Any]
DISALLOWED = frozenset(
    "connection expect keep-alive proxy-authenticate proxy-authorization proxy-connection trailer "
    "upgrade x-accel-buffering x-accel-charset x-accel-limit-rate x-accel-redirect x-amzn-auth "
    "x-amzn-cf-billing x-amzn-cf-id x-amzn-cf-xff x-amzn-errortype x-amzn-fle-profile "
    "x-amzn-header-count x-amzn-header-order x-amzn-lambda-integration-tag x-amzn-requestid x-cache "
    "x-forwarded-proto x-real-ip".split()
)
DISALLOWED_PREFIXES = ("x-amz-cf-", "x-edge-")
READ_ONLY = {
    "viewer-request": frozenset("content-length host transfer-encoding via".split()),
    "origin-request": frozenset(
        "accept-encoding content-length if-modified-since if-none-match if-range "
        "if-unmodified-since transfer-encoding via".split()
    ),
    "origin-response": frozenset(["transfer-encoding", "via"]),
}
REQUEST_FIELDS = frozenset("clientIp headers method querystring uri origin body".split())
RESPONSE_FIELDS = frozenset("status statusDescription headers body bodyEncoding".split())
CUSTOM_FIELDS = frozenset(
    "customHeaders domainName keepaliveTimeout path port protocol readTimeout sslProtocols".split()
)
MOST_URI = 8192
MOST_GENERATED = {"viewer-request": 40 * 1024, "origin-request": 1024 * 1024}
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", re.ASCII)
_VALUE = re.compile(r"[\x20-\x7e]*", re.ASCII)


class Refused(AssertionError):
    """CloudFront would answer 502; the text says for what."""


def listed(headers: Mapping[str, str]) -> Json:
    """Headers as events have them."""
    return {name.lower(): [{"key": name, "value": value}] for name, value in headers.items()}


def viewer_request(
    uri: str, headers: Mapping[str, str] | None = None, *, method: str = "GET", query: str = ""
) -> Json:
    """The event of a viewer's request."""
    sent = {"Host": "sho.rt", "User-Agent": "curl/8", **(headers or {})}
    request = {
        "clientIp": "203.0.113.7",
        "headers": listed(sent),
        "method": method,
        "querystring": query,
        "uri": uri,
    }
    return _event("viewer-request", {"request": request})


def origin_request(
    uri: str,
    headers: Mapping[str, str] | None = None,
    *,
    method: str = "GET",
    query: str = "",
    which: str = "1",
) -> Json:
    """The event of a request to one of the API's origins: api-1 or api-2."""
    event = viewer_request(uri, headers, method=method, query=query)
    cf = event["Records"][0]["cf"]
    cf["config"]["eventType"] = "origin-request"
    cf["request"]["origin"] = {
        "custom": {
            "customHeaders": listed({"Everhop-Origin": which}) if which else {},
            "domainName": f"template-{which}.example",
            "keepaliveTimeout": 5,
            "path": "",
            "port": 443,
            "protocol": "https",
            "readTimeout": 3,
            "sslProtocols": ["TLSv1.2"],
        }
    }
    return event


def origin_response(status: int, headers: Mapping[str, str]) -> Json:
    """The event of an answer of a region."""
    event = origin_request("/api/r/promo")
    cf = event["Records"][0]["cf"]
    cf["config"]["eventType"] = "origin-response"
    cf["response"] = {"status": str(status), "statusDescription": "", "headers": listed(headers)}
    return event


def _event(kind: str, part: Json) -> Json:
    config = {
        "distributionDomainName": "d111111abcdef8.cloudfront.net",
        "distributionId": "EDFDVBD6EXAMPLE",
        "eventType": kind,
        "requestId": "4TyzHTaYWb1GX1qTfsHhEqV6HUDd_BzoBZnwfnvQc_1oF26ClkoUSEQ==",
    }
    return {"Records": [{"cf": {"config": config, **part}}]}


def run(function: Callable[[Json], Json], event: Json) -> Json:
    """What the function answers, through Lambda's JSON, when CloudFront would take it."""
    before = copy.deepcopy(event)["Records"][0]["cf"]
    answer: Json = json.loads(json.dumps(function(json.loads(json.dumps(event)))))
    check(before, answer)
    return answer


def check(cf: Json, answer: Json) -> None:
    """Refused when CloudFront would answer 502 to what a function made of this event."""
    kind = cf["config"]["eventType"]
    if kind.endswith("-request") and "uri" in answer:
        _check_request(kind, cf["request"], answer)
    else:
        _check_response(kind, cf, answer)


def _check_request(kind: str, before: Json, after: Json) -> None:
    _fields(after, REQUEST_FIELDS)
    for name in ("method", "clientIp"):
        _demand(after.get(name) == before[name], f"{name} is read-only")
    _check_headers(kind, before["headers"], after.get("headers"))
    added = set(after["headers"]) - set(before["headers"])
    wrong = kind == "viewer-request" and "cloudfront-viewer-country" in added
    _demand(not wrong, "a viewer-request function can't add CloudFront-Viewer-Country")
    _check_uri(after["uri"], after.get("querystring", ""))
    _demand("origin" not in after or kind == "origin-request", "there is no origin to change yet")
    if "origin" in after:
        _check_origin(after["origin"])


def _check_uri(uri: Any, query: Any) -> None:
    _demand(isinstance(uri, str) and uri.startswith("/"), "the uri begins with a slash")
    _demand(isinstance(query, str), "the query is text")
    _demand("?" not in uri and "#" not in uri, "the uri has no query")
    _demand(not re.search(r"[\x00-\x20\x7f#]", query), "no spaces or controls in a query")
    _demand(not re.search(r"[\x00-\x20\x7f]", uri), "no spaces or controls in a uri")
    _demand(len(uri) + len(query) < MOST_URI, "the uri is too long")


def _check_origin(origin: Json) -> None:
    _demand(len(origin) == 1, "one origin, of S3 or custom")
    custom = origin.get("custom")
    if custom is None:
        return
    _fields(custom, CUSTOM_FIELDS)
    _demand(set(custom) >= CUSTOM_FIELDS, "each field of a custom origin is needed")
    _demand(re.fullmatch(r"[a-z0-9.-]{1,253}", custom["domainName"]), "the domain is a host name")
    _demand(custom["protocol"] in ("http", "https"), "the protocol is http or https")
    _demand(custom["port"] in (80, 443) or 1024 <= custom["port"] <= 65535, "not with this port")
    path = custom["path"]
    _demand(not path or (path.startswith("/") and not path.endswith("/")), "the path of an origin")
    _check_listed(custom["customHeaders"])


def _check_response(kind: str, cf: Json, answer: Json) -> None:
    _fields(answer, RESPONSE_FIELDS)
    status = answer.get("status")
    _demand(isinstance(status, str) and re.fullmatch(r"[1-5]\d\d", status), "the status is text")
    before = cf["response"]["headers"] if kind == "origin-response" else {}
    _check_headers(kind, before, answer.get("headers"))
    most = MOST_GENERATED.get(kind)
    _demand(most is None or len(json.dumps(answer).encode()) <= most, "the answer is too large")
    _demand(answer.get("bodyEncoding", "text") in ("text", "base64"), "the body's encoding")
    _demand(isinstance(answer.get("body", ""), str), "the body is text")


def _check_headers(kind: str, before: Json, after: Any) -> None:
    _check_listed(after)
    for name in set(after) - set(before):
        bad = name in DISALLOWED or name.startswith(DISALLOWED_PREFIXES)
        _demand(not bad, f"{name} is disallowed")
    for name in READ_ONLY[kind]:
        _demand(after.get(name) == before.get(name), f"{name} is read-only")


def _check_listed(headers: Any) -> None:
    _demand(isinstance(headers, dict), "headers are an object")
    for name, values in headers.items():
        _demand(name == name.lower() and _TOKEN.fullmatch(name), f"{name!r} is no lower-case name")
        _demand(isinstance(values, list) and values, f"{name} has a list of values")
        for one in values:
            _fields(one, frozenset(["key", "value"]))
            _demand(one.get("key", name).lower() == name, f"{name} has the key of another")
            _demand(isinstance(one["value"], str), f"{name} is text")
            _demand(_VALUE.fullmatch(one["value"]), f"{name} has what no header may have")


def _fields(given: Any, known: frozenset[str]) -> None:
    _demand(isinstance(given, dict), "an object")
    _demand(set(given) <= known, f"unknown fields: {sorted(set(given) - known)}")


def _demand(holds: Any, why: str) -> None:
    if not holds:
        raise Refused(why)
