"""What a cold start loads: `import app` on Lambda is Chalice, PynamoDB and what a redirect needs."""

import json
import os
import subprocess
import sys

import pytest

from tests.conftest import ROOT


# Ours that each cold start loads. To add one, measure it: python -m bench --only cold
OURS = {
    "app",
    "chalicelib",
    "chalicelib.api",
    "chalicelib.api.caching",
    "chalicelib.api.late_routes",
    "chalicelib.api.locks",
    "chalicelib.api.logs",
    "chalicelib.api.notes",
    "chalicelib.api.pages",
    "chalicelib.api.pictures",
    "chalicelib.api.problems",
    "chalicelib.api.redirects",
    "chalicelib.api.routes",
    "chalicelib.config",
    "chalicelib.core",
    "chalicelib.core.destinations",
    "chalicelib.core.errors",
    "chalicelib.core.freshness",
    "chalicelib.core.hosts",
    "chalicelib.core.links",
    "chalicelib.core.logs",
    "chalicelib.core.metrics",
    "chalicelib.core.paths",
    "chalicelib.core.queries",
    "chalicelib.core.redirects",
    "chalicelib.core.rules",
    "chalicelib.core.slugs",
    "chalicelib.core.texts",
    "chalicelib.core.times",
    "chalicelib.core.utm",
    "chalicelib.core.visitors",
    "chalicelib.entrance",
    "chalicelib.service",
    "chalicelib.service.ports",
    "chalicelib.service.redirects",
    "chalicelib.store",
    "chalicelib.store.answers",
    "chalicelib.store.clients",
    "chalicelib.store.keys",
    "chalicelib.store.links",
    "chalicelib.store.models",
    "chalicelib.time_zones",
}
# Not ours, and not loaded by Chalice and PynamoDB themselves; each cheap.
OTHERS = {"gc", "unicodedata"}
EVENT = {
    "requestContext": {"resourcePath": "/r/{slug}", "path": "/api/r/x", "httpMethod": "GET"},
    "pathParameters": {"slug": "nowhere"},
    "headers": {},
    "multiValueQueryStringParameters": None,
    "stageVariables": None,
    "body": None,
    "isBase64Encoded": False,
}


def run(code: str, store: str = "dynamodb") -> str:
    """What a fresh interpreter prints, with the environment that Lambda has and no more."""
    environ = {
        "EVERHOP_STORE": store,
        "EVERHOP_LOG": "off",
        "AWS_REGION": "us-east-1",
        "PATH": os.environ["PATH"],
    }
    command = [sys.executable, "-c", f"import json, sys\n{code}"]
    return subprocess.run(
        command, cwd=ROOT, env=environ, capture_output=True, text=True, check=True
    ).stdout


def loaded_by(code: str, store: str = "dynamodb") -> set[str]:
    """The modules that are loaded after this code."""
    return set(json.loads(run(f"{code}\nprint(json.dumps(list(sys.modules)))", store)))


@pytest.fixture(scope="module")
def floor() -> set[str]:
    """What Chalice and PynamoDB load by themselves."""
    return loaded_by("import chalice.app, pynamodb.models")


def test_importing_the_app_loads_nothing_else(floor: set[str]) -> None:
    """Whatever is not needed by every redirect is imported where it is used, or mounted late."""
    more = loaded_by("import app") - floor

    assert more - OTHERS == OURS


@pytest.mark.parametrize("heavy", ["sqlite3", "segno", "chalicelib.wiring", "chalicelib.api.doors"])
def test_one_import_more_would_be_seen(floor: set[str], heavy: str) -> None:
    """The comparison notices what an import of any kind brings along."""
    more = loaded_by(f"import app, {heavy}") - floor

    assert heavy in more - OURS - OTHERS


def test_a_redirect_mounts_nothing() -> None:
    """Visitors are answered without the owners' routes; an owner's request mounts them."""
    follow = (
        f"import app\nevent = json.loads({json.dumps(EVENT)!r})\nfollowed = app.app(event, None)"
    )
    ask = (
        "event['requestContext'].update(resourcePath='/v1/links', path='/api/v1/links')\n"
        "asked = app.app(event, None)"
    )

    assert "chalicelib.wiring" not in loaded_by(follow, "memory")
    assert "chalicelib.wiring" in loaded_by(f"{follow}\n{ask}", "memory")
    statuses = run(f"{follow}\n{ask}\nprint(followed['statusCode'], asked['statusCode'])", "memory")
    assert statuses.split() == ["404", "401"]


def test_nothing_is_left_uncollected() -> None:
    """The collector is off only while modules load; what they made is not looked through again."""
    printed = run("import app, gc\nprint(gc.isenabled(), gc.get_freeze_count() > 10_000)")

    assert printed.split() == ["True", "True"]
