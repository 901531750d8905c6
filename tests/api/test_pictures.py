"""Events of API Gateway in, answers of Lambda out: what is binary, what is not."""

import base64
import json
from typing import Any

import pytest
from chalice.app import Chalice

from chalicelib.config import load
from chalicelib.wiring import make_app
from tests.api.driver import BASE, KEY, memory_stores


ACCEPTED = {
    "none": None,
    "curl": "*/*",
    "a picture": "image/png",
    "a browser's img": "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8",
    "a browser's page": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "the dashboard": "application/json",
}
accepted = pytest.mark.parametrize("accept", ACCEPTED.values(), ids=ACCEPTED)


@pytest.fixture
def app() -> Chalice:
    """A deployment with one link."""
    made = make_app(load(BASE), memory_stores())
    body = {"destination": "https://example.com/x", "slug": "promo"}
    assert ask(made, "POST", "/v1/links", body=json.dumps(body))["statusCode"] == 201
    return made


def ask(
    app: Chalice,
    method: str,
    resource: str,
    accept: str | None = None,
    body: str | bytes | None = None,
    **query: str,
) -> dict[str, Any]:
    """An event as API Gateway makes it; it hands on bytes in base64, and text as it is."""
    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
    encoded = isinstance(body, bytes)
    answer: dict[str, Any] = app(
        {
            "requestContext": {"resourcePath": resource, "httpMethod": method, "path": "/"},
            "headers": {**headers, **({"Accept": accept} if accept is not None else {})},
            "pathParameters": {"slug": "promo"},
            "multiValueQueryStringParameters": {name: [text] for name, text in query.items()}
            or None,
            "stageVariables": None,
            "body": base64.b64encode(body).decode() if isinstance(body, bytes) else body,
            "isBase64Encoded": encoded,
        },
        None,
    )
    json.dumps(answer)  # Lambda does
    return answer


@accepted
def test_png_arrives(app: Chalice, accept: str | None) -> None:
    """A PNG is handed over in base64 and marked so, whatever the client says it accepts."""
    answer = ask(app, "GET", "/v1/links/{slug}/qr", accept, format="png")

    assert (answer["statusCode"], answer["isBase64Encoded"]) == (200, True)
    assert answer["headers"]["Content-Type"] == "image/png"
    assert answer["headers"]["Cache-Control"] == "no-store"
    assert "Server-Timing" in answer["headers"]
    assert base64.b64decode(answer["body"], validate=True).startswith(b"\x89PNG\r\n\x1a\n")


@accepted
@pytest.mark.parametrize(
    ("resource", "status", "kind"),
    [
        ("/v1/links/{slug}/qr", 200, "image/svg+xml"),
        ("/v1/links", 200, "application/json"),
        ("/r/{slug}", 302, "text/plain; charset=utf-8"),
    ],
)
def test_text_stays_text(
    app: Chalice, accept: str | None, resource: str, status: int, kind: str
) -> None:
    """Text is never marked as binary, and needs no Accept: crawlers send none."""
    answer = ask(app, "GET", resource, accept)
    problem = ask(app, "GET", "/v1/links/{slug}/qr", accept, format="gif")

    assert (answer["statusCode"], answer["headers"]["Content-Type"]) == (status, kind)
    assert problem["headers"]["Content-Type"] == "application/problem+json"
    assert not answer.get("isBase64Encoded")
    assert not problem.get("isBase64Encoded")


def test_bodies_in_base64(app: Chalice) -> None:
    """A body that API Gateway hands on as bytes is read, and one that is not UTF-8 is told."""
    made = ask(app, "POST", "/v1/links", body='{"destination":"https://example.com/é"}'.encode())
    assert json.loads(made["body"])["destination"] == "https://example.com/%C3%A9"
    broken = ask(app, "POST", "/v1/links", body=b'{"destination":"https://example.com/\xe9"}')

    assert json.loads(broken["body"])["code"] == "bad_request"
