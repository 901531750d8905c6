"""The zip of the edge: the same bytes each time, small, and it runs by itself."""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from infra.edge_settings import EdgeSettingsError, make_settings
from tests.edge import cloudfront
from tests.edge.conftest import SECRET, baked
from tools.__main__ import main
from tools.edge_zips import MOST, digest_of, modules, write_edge_zip


ORIGINS = [
    "--origin",
    "us-east-1=https://us.api.example",
    "--origin",
    "eu-west-1=https://eu.api.example",
]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The zip, as the command writes it."""
    target = tmp_path_factory.mktemp("edge") / "edge.zip"
    previous = os.environ.get("EVERHOP_ORIGIN_SECRETS")
    os.environ["EVERHOP_ORIGIN_SECRETS"] = f"{SECRET} {'o' * 43}"
    try:
        assert main(["edge", "build", "prod", "--out", str(target), *ORIGINS]) == 0
    finally:
        os.environ.pop("EVERHOP_ORIGIN_SECRETS")
        if previous is not None:
            os.environ["EVERHOP_ORIGIN_SECRETS"] = previous
    return target


def test_the_same_bytes_twice(tmp_path: Path) -> None:
    """So that a deploy that changes nothing makes no new version; another setting does."""
    one, again, other = (tmp_path / f"{name}.zip" for name in ("one", "again", "other"))
    settings = baked()
    write_edge_zip(settings, one)
    write_edge_zip(baked(), again)
    write_edge_zip(settings._replace(fresh_for=10), other)

    assert one.read_bytes() == again.read_bytes()
    assert digest_of(one) != digest_of(other)
    assert one.stat().st_size < MOST


def test_no_more_travels_than_is_used(made: Path) -> None:
    """Core and the functions, no service, no store, no API; sources that Python 3.11 reads."""
    with ZipFile(made) as zipped:
        names = zipped.namelist()
        for name in names:
            if name.endswith(".py"):
                ast.parse(zipped.read(name), feature_version=(3, 11))

    assert [name for name in names if not name.startswith(("chalicelib/core/", "infra/edge/"))] == [
        "chalicelib/__init__.py",
        "infra/__init__.py",
    ]
    assert "infra/edge/settings.json" in names
    assert len(names) == len(modules()) + 1
    assert made.stat().st_size < 50_000


RUN = """
import json, sys
sys.path.insert(0, sys.argv[1])
from infra.edge import origin_request, origin_response, viewer_request
handlers = {"viewer-request": viewer_request, "origin-request": origin_request, "origin-response": origin_response}
print(json.dumps([handlers[e["Records"][0]["cf"]["config"]["eventType"]].handler(e, None) for e in json.load(sys.stdin)]))
print(json.dumps(sorted(name for name in sys.modules if name.startswith(("chalicelib", "botocore", "chalice")))))
"""


def test_the_zip_runs_by_itself(made: Path) -> None:
    """Unpacked nowhere, with no site packages and no environment but the place where it runs."""
    events = [
        cloudfront.viewer_request("/Promo", {"User-Agent": "x"}),
        cloudfront.viewer_request("/.env"),
        cloudfront.origin_request("/promo", query="a=1"),
        cloudfront.origin_response(500, {"Cache-Control": "max-age=60"}),
    ]
    folder = made.parent / "task"
    with ZipFile(made) as zipped:
        zipped.extractall(folder)
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", RUN, str(folder)],
        input=json.dumps(events),
        env={"AWS_REGION": "eu-central-1"},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answers, loaded = map(json.loads, done.stdout.splitlines())
    for event, answer in zip(events, answers, strict=True):
        cloudfront.check(event["Records"][0]["cf"], answer)

    assert answers[0]["uri"] == "/promo"
    assert answers[1]["status"] == "404"
    assert answers[2]["origin"]["custom"]["domainName"] == "eu.api.example"
    assert answers[3]["headers"]["cache-control"][0]["value"].startswith("max-age=0, s-maxage=2")
    assert all(name.startswith("chalicelib") for name in loaded)


def test_stages_that_differ_are_not_built() -> None:
    """A slug that is the same in one region and another in the next would be one cache entry."""
    stage = {"EVERHOP_TABLE": "t", "EVERHOP_ORIGIN_SECRETS": SECRET}
    urls = {"us-east-1": "https://a.example", "eu-west-1": "https://b.example"}

    def told(**second: str) -> str:
        with pytest.raises(EdgeSettingsError) as error:
            make_settings({"us-east-1": stage, "eu-west-1": {**stage, **second}}, urls, 60)
        return str(error.value)

    assert "EVERHOP_SLUG_CASE" in told(EVERHOP_SLUG_CASE="sensitive")
    assert "must be the same" in told(EVERHOP_ORIGIN_SECRETS="x" * 43)
    with pytest.raises(EdgeSettingsError, match="edge secret"):
        make_settings({"us-east-1": {}}, urls, 60)
    with pytest.raises(EdgeSettingsError, match="mars-north-1"):
        make_settings({"mars-north-1": stage}, urls, 60)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["build", "nowhere"], "No stage of .chalice/config.json is of nowhere"),
        (["build", "prod", *ORIGINS], "EVERHOP_ORIGIN_SECRETS"),
        (["build", "prod", "--origin", "eu-west-1"], "it must be like"),
    ],
)
def test_mistakes_are_told(words: list[str], said: str, capsys: Any) -> None:
    """One sentence, and exit status 2."""
    assert main(["edge", *words]) == 2
    assert said in capsys.readouterr().out


def test_a_drawn_secret_is_one_that_the_app_takes(capsys: Any) -> None:
    """Each time another, and long enough for the setting."""
    drawn = []
    for _ in range(2):
        assert main(["edge", "secret"]) == 0
        drawn.append(capsys.readouterr().out.strip())

    assert drawn[0] != drawn[1]
    assert baked(EVERHOP_ORIGIN_SECRETS=drawn[0]).secret == drawn[0]
