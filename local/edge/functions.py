"""Running Lambda@Edge functions, and refusing what CloudFront would refuse of what they return."""

import base64
import binascii
import importlib
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from local.edge.distributions import EVENTS, Behaviour
from local.edge.messages import Headers, Response, copy_headers, reason_of, value_of


Json = dict[str, Any]
Handler = Callable[[Json, Any], Any]
# Nobody sees these, and nobody may add them.
DISALLOWED = frozenset(
    """connection expect keep-alive proxy-authenticate proxy-authorization proxy-connection trailer
    upgrade x-accel-buffering x-accel-charset x-accel-limit-rate x-accel-redirect x-cache
    x-forwarded-proto x-real-ip x-amzn-auth x-amzn-cf-billing x-amzn-cf-id x-amzn-cf-xff
    x-amzn-errortype x-amzn-fle-profile x-amzn-header-count x-amzn-header-order
    x-amzn-lambda-integration-tag x-amzn-requestid""".split()
)
DISALLOWED_PREFIXES = ("x-amz-cf-", "x-edge-")
READ_ONLY = {
    "viewer-request": ("host", "content-length", "transfer-encoding", "via"),
    "origin-request": (
        "accept-encoding content-length if-modified-since if-none-match if-range "
        "if-unmodified-since transfer-encoding via"
    ).split(),
    "origin-response": ("transfer-encoding", "via"),
    "viewer-response": (
        "content-encoding",
        "content-length",
        "transfer-encoding",
        "warning",
        "via",
    ),
}
MAX_GENERATED = {"viewer": 40 * 1024, "origin": 1024 * 1024}  # bytes of a body that is made
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9a-z-]+")
_BROKEN = re.compile(r"[\r\n\x00]")


class FunctionError(Exception):
    """A function raised, or returned what may not be; `kind` in CloudFront's words. A 502."""

    def __init__(self, kind: str, why: str) -> None:
        super().__init__(why)
        self.kind = kind


class _Context:
    """What a handler may ask of its second argument."""

    function_name = "everhop-edge"
    function_version = "1"
    memory_limit_in_mb = "128"
    aws_request_id = "00000000-0000-0000-0000-000000000000"

    def get_remaining_time_in_millis(self) -> int:
        return 5_000


CONTEXT = _Context()


def load_handlers(names: Iterable[str]) -> dict[str, Handler]:
    """Handlers by event, of names as `viewer-request=infra.edge.viewer_request.handler`."""
    found = {}
    for name in names:
        event, _, reference = name.partition("=")
        if event not in EVENTS:
            raise ValueError(f"{event} is no event of CloudFront.")
        module, _, function = reference.rpartition(".")
        found[event] = getattr(importlib.import_module(module), function)
    return found


def handlers_for(
    behaviour: Behaviour, by_event: Mapping[str, Handler], by_reference: Mapping[str, Handler]
) -> dict[str, Handler]:
    """The handlers that a behaviour's associations mean: by what they refer to, else by event."""
    found = {}
    for event, reference in behaviour.functions.items():
        handler = by_reference.get(reference) or by_event.get(event)
        if handler is None:
            raise ValueError(f"there is no handler for {event} ({reference}).")
        found[event] = handler
    return found


def run(handler: Handler, event: Json) -> Json:
    """What a handler returned, whatever it is; FunctionError when it raised."""
    try:
        returned = handler(event, CONTEXT)
    except Exception as error:
        raise FunctionError("LambdaExecutionError", f"{type(error).__name__}: {error}") from error
    if not isinstance(returned, dict):
        raise FunctionError("LambdaValidationError", "it returned no object.")
    return returned


def run_on_request(kind: str, handler: Handler, event: Json) -> Json | Response:
    """The request to go on with, or the answer that the function made in its place."""
    request = event["Records"][0]["cf"]["request"]
    before = _guarded(kind, request["headers"])
    method, known = request["method"], dict(request["headers"])
    returned = run(handler, event)
    if "status" in returned:
        return generated(kind, returned)
    headers = returned.get("headers")
    if not isinstance(headers, dict) or returned.get("method") != method:
        raise FunctionError("LambdaValidationError", "it changed the method, or has no headers.")
    if not str(returned.get("uri", "")).startswith("/") or _BROKEN.search(returned["uri"]):
        raise FunctionError("LambdaValidationError", "its uri does not begin with a slash.")
    check_headers(kind, headers, known)
    _check_guarded(kind, headers, before)
    return returned


def run_on_response(kind: str, handler: Handler, event: Json, body: bytes) -> Response:
    """The answer as the function leaves it; its body only when it says one itself."""
    given = event["Records"][0]["cf"]["response"]
    before, known = _guarded(kind, given["headers"]), dict(given["headers"])
    returned = run(handler, event)
    check_headers(kind, returned.get("headers"), known)
    _check_guarded(kind, returned["headers"], before)
    changed = _body_of(kind, returned) if "body" in returned else body
    if "body" in returned:
        returned["headers"].pop("content-length", None)
    status = _status(returned)
    return Response(status, returned["headers"], changed, reason_of(status))


def generated(kind: str, returned: Json) -> Response:
    """An answer made by a function of a request."""
    headers = returned.get("headers") or {}
    check_headers(kind, headers, {})
    for name in (*READ_ONLY["viewer-response"][2:], "content-length"):
        if name in headers:
            raise FunctionError("LambdaValidationError", f"it may not set {name}.")
    status = _status(returned)
    # What a function returns is its own: it may hand out the same page again.
    return Response(status, copy_headers(headers), _body_of(kind, returned), reason_of(status))


def _status(returned: Json) -> int:
    text = str(returned.get("status", ""))
    if not re.fullmatch(r"[2-5]\d\d", text, re.ASCII):
        raise FunctionError("LambdaValidationError", f"its status is {text!r}.")
    return int(text)


def _body_of(kind: str, returned: Json) -> bytes:
    text = returned.get("body") or ""
    try:
        encoded = returned.get("bodyEncoding", "text") == "base64"
        body = base64.b64decode(text, validate=True) if encoded else str(text).encode()
    except (binascii.Error, TypeError) as error:
        raise FunctionError("LambdaValidationError", "its body is not base64.") from error
    if len(body) > MAX_GENERATED[kind.partition("-")[0]]:
        raise FunctionError("LambdaValidationError", "its body is too large.")
    return body


def check_headers(kind: str, headers: Any, known: Headers) -> None:
    """FunctionError for headers that no function may have, but what was there before."""
    if not isinstance(headers, dict):
        raise FunctionError("LambdaValidationError", "it has no headers.")
    for name, lines in headers.items():
        if lines is not known.get(name):
            _check_lines(name, lines)
            _check_name(kind, name, known)


def _check_name(kind: str, name: str, known: Headers) -> None:
    disallowed = name in DISALLOWED or name.startswith(DISALLOWED_PREFIXES)
    # CloudFront writes its own after the viewer's function, and for nobody else.
    own = name.startswith("cloudfront-") and name not in known and kind.endswith("request")
    if disallowed or own:
        raise FunctionError("LambdaValidationError", f"it may not set {name}.")


def _check_lines(name: Any, lines: Any) -> None:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise FunctionError("LambdaValidationError", f"{name!r} is no header's name in lower case.")
    shaped = isinstance(lines, list) and all(map(_is_line, lines))
    if not shaped or any(line.get("key", name).lower() != name for line in lines):
        raise FunctionError("LambdaValidationError", f"{name} is not a list of key and value.")


def _is_line(line: Any) -> bool:
    return (
        isinstance(line, dict)
        and isinstance(line.get("value"), str)
        and isinstance(line.get("key", ""), str)
        and not _BROKEN.search(line["value"])
    )


def _guarded(kind: str, headers: Headers) -> list[str | None]:
    return [value_of(headers, name) if name in headers else None for name in READ_ONLY[kind]]


def _check_guarded(kind: str, headers: Headers, before: list[str | None]) -> None:
    try:
        after = _guarded(kind, headers)
    except (KeyError, TypeError, IndexError) as error:
        raise FunctionError("LambdaValidationError", "its headers are no lists.") from error
    if after != before:
        names = ", ".join(READ_ONLY[kind])
        raise FunctionError("LambdaValidationError", f"it changed one that is read-only: {names}.")
