"""What API Gateway says by itself is said in the words of the REST contract."""

import json
from pathlib import Path
from typing import Any

import pytest

from chalicelib.core.errors import EverhopError


MERGE = Path(__file__).parents[2] / "infra" / "regional" / "api.merge.json"
TEMPLATE: dict[str, Any] = json.loads(MERGE.read_text(encoding="utf-8"))
RESPONSES: dict[str, dict[str, Any]] = TEMPLATE["Resources"]["RestAPI"]["Properties"][
    "DefinitionBody"
]["x-amazon-apigateway-gateway-responses"]
KNOWN = {error.code: error for error in EverhopError.__subclasses__()}
# Only API Gateway throttles; the app has no such error of its own.
GATEWAY_ONLY = {"too_many_requests"}
every_response = pytest.mark.parametrize("kind", RESPONSES)


def problem(kind: str) -> dict[str, Any]:
    """The body of a gateway response."""
    (body,) = RESPONSES[kind]["responseTemplates"].values()
    parsed: dict[str, Any] = json.loads(body)
    return parsed


def header(kind: str, name: str) -> str | None:
    """A header of a gateway response, without the quotes that make it a literal."""
    value = RESPONSES[kind]["responseParameters"].get(f"gatewayresponse.header.{name}")
    if value is None:
        return None
    assert value == f"'{value[1:-1]}'"
    return str(value[1:-1])


@every_response
def test_body_is_a_problem(kind: str) -> None:
    """Each is RFC 9457 with our code, and no cache keeps it."""
    body = problem(kind)

    assert header(kind, "Content-Type") == "application/problem+json"
    assert header(kind, "Cache-Control") == "no-store"
    assert f"urn:everhop:problem:{body['code']}" == body["type"]
    assert body["title"]
    assert body["detail"]


@every_response
def test_problem_is_the_apps_own(kind: str) -> None:
    """The same code has the same status and title whether the gateway or the app says it."""
    body = problem(kind)
    error = KNOWN.get(body["code"])

    assert (error is None) == (body["code"] in GATEWAY_ONLY)
    assert error is None or error.title == body["title"]
    assert error is None or body.get("status", error.status) == error.status


@every_response
def test_status_of_the_body_is_the_answers(kind: str) -> None:
    """A body names the status it is sent with; the fallback for 4xx has many, so it names none."""
    status = RESPONSES[kind].get("statusCode")

    assert problem(kind).get("status") == (status and int(status))
    assert (status is None) == (kind == "DEFAULT_4XX")


@every_response
def test_text_is_fixed(kind: str) -> None:
    """Nothing of the request is repeated: an error message can hold the caller's key."""
    assert "$" not in json.dumps(RESPONSES[kind])


@every_response
def test_worth_a_retry_says_when(kind: str) -> None:
    """429 and 503 carry Retry-After, and nothing else does."""
    retried = RESPONSES[kind].get("statusCode") in {"429", "503"}

    assert retried == (header(kind, "Retry-After") is not None)
    assert not retried or int(header(kind, "Retry-After") or 0) > 0


@pytest.mark.parametrize("kind", ["MISSING_AUTHENTICATION_TOKEN", "INVALID_SIGNATURE"])
def test_unknown_path_is_not_found(kind: str) -> None:
    """With and without a bearer key, an address that is no route is a 404."""
    assert problem(kind) == {
        "type": "urn:everhop:problem:not_found",
        "title": "Not found",
        "status": 404,
        "detail": "There is nothing at this address.",
        "code": "not_found",
    }


def lists_in(value: Any) -> bool:
    """Whether there is a list anywhere inside."""
    if isinstance(value, dict):
        return any(map(lists_in, value.values()))
    return isinstance(value, list)


def test_merge_has_no_lists() -> None:
    """The merge replaces lists whole, so one here would drop what Chalice put in it."""
    assert not lists_in(TEMPLATE)
