"""What a cold start loads: `import app` on Lambda is Chalice, PynamoDB and what a redirect needs."""

import json
import os
import subprocess
import sys

import pytest

from infra.redirect_path import MODULES, PACKAGES, is_on_redirect_path
from tests.conftest import ROOT


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


def run(code: str, store: str = "dynamodb", **more: str) -> str:
    """What a fresh interpreter prints, with the environment that Lambda has and no more."""
    environ = {
        **more,
        "EVERHOP_STORE": store,
        "EVERHOP_LOG": "off",
        "AWS_REGION": "us-east-1",
        "PATH": os.environ["PATH"],
    }
    command = [sys.executable, "-c", f"import json, sys\n{code}"]
    return subprocess.run(
        command, cwd=ROOT, env=environ, capture_output=True, text=True, check=True
    ).stdout


def loaded_by(code: str, store: str = "dynamodb", **more: str) -> set[str]:
    """The modules that are loaded after this code."""
    return set(json.loads(run(f"{code}\nprint(json.dumps(list(sys.modules)))", store, **more)))


@pytest.fixture(scope="module")
def floor() -> set[str]:
    """What Chalice and PynamoDB load by themselves."""
    return loaded_by("import chalice.app, pynamodb.models")


def test_importing_the_app_loads_nothing_else(floor: set[str]) -> None:
    """Whatever is not needed by every redirect is imported where it is used, or mounted late."""
    more = loaded_by("import app") - floor

    assert more - OTHERS == MODULES


@pytest.mark.parametrize("heavy", ["sqlite3", "segno", "chalicelib.wiring", "chalicelib.api.doors"])
def test_one_import_more_would_be_seen(floor: set[str], heavy: str) -> None:
    """The comparison notices what an import of any kind brings along."""
    more = loaded_by(f"import app, {heavy}") - floor

    assert heavy in more - MODULES - OTHERS


def test_dax_costs_those_who_have_it(floor: set[str]) -> None:
    """A stage with DAX loads a few modules of ours; its client waits for the first request."""
    more = loaded_by("import app", EVERHOP_DAX="daxs://cluster.example") - floor - OTHERS

    assert more - MODULES == {
        "chalicelib.api.tiers",
        "chalicelib.store.breakers",
        "chalicelib.store.dax",
        "chalicelib.store.dax_clusters",
        "chalicelib.store.dax_errors",
        "chalicelib.store.dax_links",
    }


def test_regions_cost_those_who_have_several(floor: set[str]) -> None:
    """One that is named alone loads nothing; of several, the clients wait for the first call."""
    alone = loaded_by("import app", EVERHOP_REGIONS="us-east-1") - floor - OTHERS
    more = loaded_by("import app", EVERHOP_REGIONS="us-east-1,eu-west-1") - floor - OTHERS

    assert alone == MODULES
    assert more - MODULES == {
        "chalicelib.api.tiers",
        "chalicelib.core.homes",
        "chalicelib.region_wiring",
        "chalicelib.service.absences",
        "chalicelib.service.regional_links",
        "chalicelib.service.regions",
        "chalicelib.service.threads",
        "chalicelib.store.absences",
        "chalicelib.store.breakers",
        "chalicelib.store.far_links",
    }


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


def test_the_redirect_path_is_what_a_redirect_loads() -> None:
    """The packages that a deploy's plan names are those that are loaded, of all that the zip has."""
    shipped = {"tzdata", "segno", "ada_url", "cffi"} | PACKAGES
    tops = {name.partition(".")[0] for name in loaded_by("import app")}

    assert tops & shipped == PACKAGES


@pytest.mark.parametrize(
    ("file", "is_on"),
    [
        ("app.py", True),
        ("chalicelib/__init__.py", True),
        ("chalicelib/core/redirects.py", True),
        ("chalicelib/store/__init__.py", True),
        ("chalicelib/api/links.py", False),
        ("six.py", True),
        ("botocore/data/dynamodb/2012-08-10/service-2.json", True),
        ("segno/encoder.py", False),
    ],
)
def test_files_on_the_redirect_path(file: str, is_on: bool) -> None:
    """A file of the zip is on it when its module is."""
    assert is_on_redirect_path(file) is is_on
