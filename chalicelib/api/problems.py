"""Errors as RFC 9457 problem+json, ours and those that Chalice raises by itself."""

import json
from typing import Any

from chalice.app import HeadersType, Response

from chalicelib.core import errors
from chalicelib.core.errors import (
    EverhopError,
    IdempotencyInProgress,
    Invalid,
    RateLimited,
    Unavailable,
)


_FOREIGN: dict[int, type[EverhopError]] = {
    400: errors.BadRequest,
    404: errors.NotFound,
    405: errors.MethodNotAllowed,
    415: errors.UnsupportedMediaType,
}


def answer_error(error: EverhopError, request_id: str) -> Response:
    """The response for an error of ours."""
    headers: HeadersType = {"Content-Type": "application/problem+json", "Cache-Control": "no-store"}
    if isinstance(error, Unavailable | IdempotencyInProgress | RateLimited):
        headers["Retry-After"] = str(error.retry_for)
    if isinstance(error, errors.Unauthorized):
        headers["WWW-Authenticate"] = 'Bearer realm="everhop"'
    body = describe_error(error, request_id)
    return Response(json.dumps(body, ensure_ascii=False), headers, error.status)


def describe_error(error: EverhopError, request_id: str) -> dict[str, Any]:
    """The problem object: what a program needs in `code` and `errors`, the rest for people."""
    body: dict[str, Any] = {
        "type": f"urn:everhop:problem:{error.code}",
        "title": error.title,
        "status": error.status,
        "code": error.code,
        "detail": str(error),
        "instance": f"urn:everhop:request:{request_id}",
    }
    if isinstance(error, Invalid):
        body["errors"] = [
            {"pointer": one.pointer, "code": one.code, "detail": one.detail}
            for one in error.problems
        ]
    return body


def answer_foreign_error(response: Response, request_id: str) -> Response:
    """Chalice's own error in our form, with its headers (Allow, say) kept."""
    kind = _FOREIGN.get(response.status_code, EverhopError)
    message = str(response.body.get("Message", "")) if kind is not EverhopError else ""
    error = kind(message or "The request failed; it was logged under this instance.")
    answer = answer_error(error, request_id)
    kept = {
        name: value for name, value in response.headers.items() if name.lower() != "content-type"
    }
    return Response(answer.body, {**kept, **answer.headers}, answer.status_code)
