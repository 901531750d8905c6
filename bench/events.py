"""What both sides are asked: the events of API Gateway and the requests over HTTP."""

import json
from collections.abc import Mapping
from typing import Any


Json = dict[str, Any]
REDIRECTS = 20
_HEADERS = {
    "accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8",
    "accept-encoding": "gzip, deflate, br",
    "accept-language": "en-GB,en;q=0.7",
    "user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
}


def slug_of(number: int) -> str:
    """The slug of one of the links that are followed."""
    return f"bench{number:02}"


def destination_of(number: int) -> str:
    """Where it leads."""
    return f"https://example.com/articles/2026/{number}?utm_source=newsletter&utm_campaign=bench"


def redirect_event(slug: str) -> Json:
    """The Lambda event of a visitor who follows a slug."""
    return {
        **_event("GET", "/r/{slug}", f"/r/{slug}", _HEADERS),
        "pathParameters": {"slug": slug},
        "body": None,
    }


def create_event(key: str, number: int) -> Json:
    """The Lambda event of a program that makes a link with a slug of our choice."""
    headers = {"content-type": "application/json", "authorization": f"Bearer {key}"}
    event = _event("POST", "/v1/links", "/v1/links", {**_HEADERS, **headers})
    return {**event, "pathParameters": None, "body": create_body(number)}


def create_body(number: int, **fields: str) -> str:
    """The body of a create."""
    return json.dumps({"destination": destination_of(number), **fields})


def _event(method: str, resource: str, path: str, headers: Mapping[str, str]) -> Json:
    return {
        "resource": resource,
        "path": path,
        "httpMethod": method,
        "headers": {"host": "api.example.com", "x-forwarded-proto": "https", **headers},
        "multiValueHeaders": {name: [text] for name, text in headers.items()},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "stageVariables": None,
        "requestContext": {
            "resourcePath": resource,
            "httpMethod": method,
            "path": f"/api{path}",
            "stage": "api",
            "domainName": "api.example.com",
            "requestId": "a1b2c3d4-0000-4000-8000-000000000000",
            "identity": {"sourceIp": "203.0.113.7", "userAgent": _HEADERS["user-agent"]},
        },
        "isBase64Encoded": False,
    }


def follow_request(path: str) -> str:
    """A visitor's request over HTTP, all but the host."""
    return _request("GET", path, _HEADERS)


def create_request(key: str, body: str) -> str:
    """A create over HTTP, all but the host."""
    headers = {
        **_HEADERS,
        "authorization": f"Bearer {key}",
        "content-type": "application/json",
        "content-length": str(len(body)),
    }
    return _request("POST", "/api/v1/links", headers) + body


def _request(method: str, path: str, headers: Mapping[str, str]) -> str:
    lines = (f"{name}: {text}\r\n" for name, text in headers.items())
    return f"{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n{''.join(lines)}\r\n"
