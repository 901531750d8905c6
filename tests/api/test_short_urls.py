"""Short URLs on AWS: from the setting, else from the name that API Gateway was reached by."""

import json
from typing import Any

import pytest

from chalicelib.config import load
from chalicelib.wiring import make_app
from tests.api.driver import BASE, KEY, memory_stores


class Context:
    """What Lambda hands to a function besides the event."""

    aws_request_id = "request-1"

    def get_remaining_time_in_millis(self) -> int:
        return 10_000


def event(host: str) -> dict[str, Any]:
    """A create as API Gateway's proxy integration sends it, with a Host of the client's making."""
    return {
        "requestContext": {
            "httpMethod": "POST",
            "resourcePath": "/v1/links",
            "domainName": "abc123.execute-api.us-east-1.amazonaws.com",
            "stage": "api",
            "path": "/api/v1/links",
        },
        "headers": {
            "authorization": f"Bearer {KEY}",
            "content-type": "application/json",
            "host": host,
            "x-forwarded-host": host,
        },
        "multiValueQueryStringParameters": None,
        "pathParameters": None,
        "stageVariables": None,
        "body": json.dumps({"destination": "https://example.com/", "slug": "x"}),
        "isBase64Encoded": False,
    }


@pytest.mark.parametrize(
    ("setting", "short_url"),
    [
        ("", "https://abc123.execute-api.us-east-1.amazonaws.com/api/r/x"),
        ("https://sho.rt/", "https://sho.rt/x"),
        ("https://example.org/go", "https://example.org/go/x"),
    ],
)
def test_short_urls_are_never_the_clients_word(setting: str, short_url: str) -> None:
    """A spoofed Host or X-Forwarded-Host does not get into a short URL."""
    environ = {**BASE, "EVERHOP_STORE": "dynamodb", "EVERHOP_PUBLIC_URL": setting}
    # The key's digest is set as a deployment sets it: dynamodb has no development key.
    environ["EVERHOP_API_KEY_HASH"] = load(BASE).api_key_digest
    app = make_app(load(environ), memory_stores())

    answer = app(event("evil.example"), Context())

    assert answer["statusCode"] == 201, answer
    assert json.loads(answer["body"])["short_url"] == short_url


def test_a_deployment_without_a_key_opens_to_nobody() -> None:
    """Before a key is set, every keyed request is refused, the development key's too."""
    config = load({**BASE, "EVERHOP_STORE": "dynamodb", "EVERHOP_API_KEY": ""})
    app = make_app(config, memory_stores())
    asked = event("x")
    for key in (KEY, "eh_development_key", ""):
        asked["headers"]["authorization"] = f"Bearer {key}"
        assert app(asked, Context())["statusCode"] == 401
