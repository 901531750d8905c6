"""The edge's one function without Lambda@Edge says what those of Lambda@Edge would say."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from chalicelib.core.origin_proofs import is_proof
from chalicelib.core.short_paths import split_path
from tests.infra.rendering import load, render


NODE = shutil.which("node")
SECRET = "s" * 40
PATHS = [
    "/promo", "/promo/", "/promo+", "/promo~", "/promo~/", "/~", "/promo/a/b", "/promo//a/", "//promo",
    "/promo~/a", "/promo/a~", "/%7E", "/api", "/apis/x", "/", "//", "/promo%2Fa", "/a/ /", "/assets",
]  # fmt: skip
RUN = """
import { handler } from './function.mjs';
const events = JSON.parse(process.argv[2]);
console.log(JSON.stringify(events.map((event) => {
  if (event.raw !== undefined) event.request.rawQueryString = () => event.raw;
  return handler(event);
})));
"""


def event(uri: str, **more: Any) -> dict[str, Any]:
    """What CloudFront hands to a function for viewers."""
    request = {"method": "GET", "uri": uri, "querystring": {}, "headers": {}, "cookies": {}}
    known = {name: it for name, it in more.items() if name in request}
    rest = {name: it for name, it in more.items() if name not in request}
    return {"version": "1.0", "viewer": {"ip": "203.0.113.9"}, "request": request | known, **rest}


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The function as it is deployed, in a folder with what calls it."""
    if NODE is None:
        pytest.skip("there is no node to run JavaScript with")
    function = render(load("global/edge_function"), {"OriginSecret": SECRET})["Function"]
    folder = tmp_path_factory.mktemp("function")
    text = function["Properties"]["FunctionCode"]
    assert len(text.encode()) < 10_240, "CloudFront takes no more"
    (folder / "function.mjs").write_text(f"{text}\nexport {{ handler }};\n", encoding="utf-8")
    (folder / "run.mjs").write_text(RUN, encoding="utf-8")
    return folder


def ask(code: Path, *events: dict[str, Any]) -> list[dict[str, Any]]:
    """What the function makes of each event."""
    assert NODE is not None
    command = [NODE, "run.mjs", json.dumps(events)]
    done = subprocess.run(command, cwd=code, capture_output=True, text=True, check=True, timeout=60)
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def said(request: dict[str, Any], name: str) -> str | None:
    """A header of the request that goes on."""
    found: str | None = request["headers"].get(name, {}).get("value")
    return found


def test_paths_are_read_as_by_lambda(code: Path) -> None:
    """Slug, `~` and what stands after them are told apart as core does it."""
    for path, request in zip(PATHS, ask(code, *map(event, PATHS)), strict=True):
        parts = split_path(path)
        route = "r" if parts.is_shared else "v"

        assert request["uri"] == f"/api/{route}/{parts.segment}", path
        assert (said(request, "everhop-path") or "") == parts.extra, path


def test_the_proof_is_one_that_the_region_takes(code: Path) -> None:
    """The region's own check takes it now, under this secret, at every address."""
    import time

    for request in ask(code, event("/promo"), event("/api/v1/links")):
        proof = said(request, "everhop-edge") or ""

        assert is_proof(proof, [SECRET], time.time())
        assert not is_proof(proof, ["t" * 40], time.time())


def test_nobody_speaks_for_the_edge(code: Path) -> None:
    """What a client says in our names is replaced or taken away; its attempt is its own."""
    forged = {name: {"value": "forged"} for name in (
        "everhop-query", "everhop-path", "everhop-edge", "everhop-address", "everhop-device",
        "everhop-language", "x-forwarded-for", "x-forwarded-host", "forwarded",
    )}  # fmt: skip
    kept = {"everhop-attempt": {"value": "2"}, "user-agent": {"value": "curl"}}
    for request in ask(code, event("/promo", headers=forged | kept),
                       event("/api/v1/links", headers=forged | kept)):  # fmt: skip
        assert "forged" not in json.dumps(request)
        assert {*request["headers"]} == {*kept, "everhop-query", "everhop-edge", "everhop-address"}
        assert said(request, "everhop-address") == "203.0.113.9"


def test_the_rest_api_keeps_its_addresses(code: Path) -> None:
    """What is asked of the API is asked for as it was."""
    (request,) = ask(code, event("/api/v1/links/promo", method="PATCH"))

    assert (request["uri"], request["method"]) == ("/api/v1/links/promo", "PATCH")


@pytest.mark.parametrize(
    ("given", "raw", "told"),
    [
        ({}, None, ""),
        ({"a": {"value": "1"}, "b": {"value": ""}}, None, "a=1&b"),
        (
            {"a": {"value": "1", "multiValue": [{"value": "1"}, {"value": "%2F"}]}},
            None,
            "a=1&a=%2F",
        ),
        ({"b": {"value": "2"}}, "b=2&a=&b", "b=2&a=&b"),
    ],
)
def test_the_query_is_handed_on(code: Path, given: Any, raw: str | None, told: str) -> None:
    """As it was typed where the runtime can say, else made of its parts."""
    more = {} if raw is None else {"raw": raw}
    (request,) = ask(code, event("/promo", querystring=given, **more))

    assert told == said(request, "everhop-query")
