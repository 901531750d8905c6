"""The OpenAPI document as it is served: to anyone, below any stage, and at no cost before that."""

import json
import subprocess
import sys

import pytest

from tests.api.driver import BASE, KEY, Api
from tests.conftest import ROOT


def test_anyone_may_read_it(api: Api) -> None:
    """No key is needed, a cache may keep it for a minute, and HEAD is enough to ask."""
    for path in ("/v1/openapi.json", "/docs"):
        answer = api.ask("GET", path)
        assert answer.headers["Cache-Control"] == "public, max-age=60"
        assert KEY not in answer.body.decode()
        assert api.ask("HEAD", path).status_code == 200


def test_nothing_of_it_is_loaded_at_a_cold_start() -> None:
    """Importing the app, and following a link, loads no part of it."""
    code = (
        "import sys, app; from chalice.test import Client\n"
        "with Client(app.app) as client: client.http.get('/r/x')\n"
        "print([name for name in sys.modules if name.startswith('chalicelib.api.openapi')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=BASE, capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("path", "base"), [("/v1/openapi.json", "/"), ("/api/v1/openapi.json", "/api")]
)
def test_it_knows_where_it_is(api: Api, path: str, base: str) -> None:
    """Below a stage the document names the stage's path, by the gateway's word alone."""
    app = api.client._app
    event = {
        "requestContext": {"resourcePath": "/v1/openapi.json", "path": path, "httpMethod": "GET"},
        "headers": {"Host": "evil.example", "X-Forwarded-Prefix": "/evil"},
        "multiValueQueryStringParameters": None,
        "pathParameters": None,
        "stageVariables": None,
        "body": None,
        "isBase64Encoded": False,
    }

    assert json.loads(app(event, None)["body"])["servers"] == [{"url": base}]
