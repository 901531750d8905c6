"""The stages' cache settings: what is in the file, what is refused, and what templates are told."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import boto3
import pytest
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

from infra.caches import (
    CACHES,
    SIZES,
    StageCache,
    declared_policies,
    method_caches,
    read_caches,
)
from infra.settings_files import SettingsFileError
from tests.conftest import ROOT
from tests.infra.deployments import PROD, Account
from tools.caches import with_size


STAGES = json.loads((ROOT / ".chalice" / "config.json").read_text())["stages"]


def read(tmp_path: Path, text: str) -> dict[str, StageCache]:
    file = tmp_path / "caches.toml"
    file.write_text(text)
    return read_caches(file)


def test_every_deployed_stage_has_its_settings() -> None:
    """Development is free; production has a cache; nothing is left to a default by oversight."""
    caches = read_caches()

    assert set(caches) == set(STAGES) - {"local"}
    assert {stage for stage, cache in caches.items() if cache.enabled} == set(PROD)
    assert caches["dev"].monthly_cost == 0


@pytest.mark.parametrize("stage", PROD)
def test_no_app_is_told_of_a_cache_before_it_can_answer_for_one(stage: str) -> None:
    """The switch of the app is off until what depends on the visitor has a way around the cache."""
    assert "EVERHOP_API_CACHE" not in STAGES[stage]["environment_variables"]


def test_sizes_are_those_of_api_gateway() -> None:
    """Each with its price; the ones that botocore knows."""
    model = boto3.client("apigateway", region_name="us-east-1").meta.service_model
    sizes = model.shape_for("CacheClusterSize").enum

    assert list(SIZES) == sizes
    assert list(SIZES.values()) == sorted(SIZES.values())
    monthly = {size: StageCache(enabled=True, size=size).monthly_cost for size in SIZES}
    assert (monthly["0.5"], monthly["237"]) == (14.6, 2774.0)


@pytest.mark.parametrize("size", ['"0.5"', "0.5", "118", '"118"', "58.2"])
def test_a_size_may_be_a_number(tmp_path: Path, size: str) -> None:
    """With quotes or without: as people write it."""
    assert read(tmp_path, f"[a]\nsize = {size}")["a"].size == size.strip('"')


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "[a]\nsize = 7",
            "[a] size is 7, but API Gateway has 0.5, 1.6, 6.1, 13.5, 28.4, 58.2, 118,",
        ),
        ('[a]\nsize = "0.50"', "[a] size is '0.50', but"),
        ("[a]\nsize = true", "[a] size is True, but"),
        ("[a]\nenabled = 1", "[a] enabled is 1, but it must be true or false."),
        ('[a]\nenabled = "no"', "[a] enabled is 'no', but"),
        ("[a]\nfresh_for = 21", "[a] fresh_for is 21, but it must be a whole number from 1 to 20."),
        ("[a]\nfresh_for = 0", "to cache nothing, say enabled = false"),
        ("[a]\nfresh_for = 7200\nbudget = 86400", "from 1 to 3600"),
        ("[a]\nfresh_for = 5.5", "[a] fresh_for is 5.5"),
        ("[a]\nbudget = 0", "[a] budget is 0, but it must be a whole number from 3 to 86400."),
        ("[a]\nbudget = 30\nfresh_for = 11", "share of the freshness budget (30 s)"),
        ("[a]\nttl = 5", "[a] ttl is unknown; there are enabled, size, budget, fresh_for."),
        ("a = 1", "[a] must be a table"),
        ("[a", "can't be read"),
    ],
)
def test_what_cannot_be_used_is_named(tmp_path: Path, text: str, said: str) -> None:
    """By file, stage and field, with what would do."""
    with pytest.raises(SettingsFileError) as refused:
        read(tmp_path, text)

    assert "infra/regional/caches.toml" in str(refused.value)
    assert said in str(refused.value)


def test_a_stage_shortens_what_edits_change_alone() -> None:
    """A route's declaration is the most; a stage with a small budget keeps redirects for less."""
    methods = method_caches(declared_policies(), StageCache(enabled=True, budget=15, fresh_for=5))

    assert {it.path: it.fresh_for for it in methods} == {
        "/r/{slug}": 5,
        "/docs": 300,
    }


def test_resizing_changes_one_line() -> None:
    """Comments and the other stages stay as they are; a stage without the line gets one."""
    text = CACHES.read_text()
    resized = with_size(text, "prod-us-east-1", "6.1")
    changed = [(a, b) for a, b in zip(text.split("\n"), resized.split("\n"), strict=True) if a != b]

    assert len(changed) == 1
    assert changed[0][1].startswith('size = "6.1"     # GB')
    assert with_size(resized, "prod-us-east-1", "0.5") == text
    last = with_size(text, "prod-eu-west-1", "237")
    assert last.split("[prod-eu-west-1]")[0] == text.split("[prod-eu-west-1]")[0]
    assert with_size("[a]\nenabled = true\n", "a", "6.1") == '[a]\nsize = "6.1"\nenabled = true\n'


def test_documentation_lists_the_declarations() -> None:
    """docs/caching.md has each cached route, its seconds and its keys, each size and its price."""
    text = (ROOT / "docs" / "caching.md").read_text()
    routes = re.findall(r"^\| `GET (\S+)` \| (\d+) s \| (.+?) \|", text, re.MULTILINE)
    prices = dict(re.findall(r"^\| ([\d.]+) GB \| [\d.]+ \| ([\d,.]+) \|$", text, re.MULTILINE))

    assert {path: (int(age), re.findall(r"`(\S+)`", keys)) for path, age, keys in routes} == {
        path: (policy.fresh_for, list(policy.keys)) for path, policy in declared_policies().items()
    }
    assert prices == {
        size: f"{StageCache(enabled=True, size=size).monthly_cost:,.2f}" for size in SIZES
    }


@pytest.fixture
def offline(work_tree: Path) -> Account:
    """A work tree whose production is told of its cache, and no AWS at all."""
    return Account("http://127.0.0.1:9", work_tree)


def package(account: Account, stage: str) -> dict[str, Any]:
    """The template that the command of the README writes."""
    chalice = str(Path(sys.executable).with_name("chalice"))
    merge = "infra/regional/api.merge.json"
    ran = account.run(chalice, "package", "--stage", stage, "--merge-template", merge, "out")
    assert ran.status == 0, ran.errors
    template: dict[str, Any] = json.loads((account.folder / "out" / "sam.json").read_text())
    return template


def translate(template: dict[str, Any]) -> dict[str, Any]:
    """What CloudFormation makes of it, without asking AWS."""
    for resource in template["Resources"].values():
        if "CodeUri" in resource["Properties"]:
            resource["Properties"]["CodeUri"] = "s3://bucket/key"
    session = boto3.Session(region_name="us-east-1")
    translator = Translator({}, Parser(), boto_session=session)
    translated: dict[str, Any] = translator.translate(template, {})
    return translated


def stage_in(translated: dict[str, Any]) -> dict[str, Any]:
    (stage,) = [
        it["Properties"]
        for it in translated["Resources"].values()
        if it["Type"] == "AWS::ApiGateway::Stage"
    ]
    return dict(stage)


def test_package_makes_the_stage(offline: Account, tmp_path: Path) -> None:
    """Translated, the stage has its cache, its settings and keys; cfn-lint finds nothing."""
    template = package(offline, "prod-us-east-1")
    cfn_lint = [Path(sys.executable).with_name("cfn-lint"), "--", offline.folder / "out/sam.json"]
    lint = subprocess.run(cfn_lint, capture_output=True, text=True)
    assert lint.stdout + lint.stderr == ""

    translated = translate(template)
    stage = stage_in(translated)
    settings = {it["ResourcePath"]: it for it in stage["MethodSettings"]}
    body = next(
        it["Properties"]["Body"]
        for it in translated["Resources"].values()
        if it["Type"] == "AWS::ApiGateway::RestApi"
    )
    follow = body["paths"]["/r/{slug}"]

    assert (stage["CacheClusterEnabled"], stage["CacheClusterSize"]) == (True, "0.5")
    assert settings["/*"] == {"ResourcePath": "/*", "HttpMethod": "*", "CachingEnabled": False}
    assert settings["/~1r~1{slug}"] == {
        "ResourcePath": "/~1r~1{slug}",
        "HttpMethod": "GET",
        "CachingEnabled": True,
        "CacheTtlInSeconds": 20,
        "CacheDataEncrypted": True,
    }
    assert len(settings) == 3
    integration = "x-amazon-apigateway-integration"
    assert follow["get"][integration]["cacheKeyParameters"] == [
        "method.request.path.slug",
        "method.request.header.everhop-query",
        "method.request.header.Host",
        "method.request.header.everhop-edge",
    ]
    names = [(it["name"], it["in"], it["required"]) for it in follow["get"]["parameters"]]
    assert names == [
        ("slug", "path", True),
        ("everhop-query", "header", False),
        ("Host", "header", False),
        ("everhop-edge", "header", False),
    ]
    cached = [
        (path, verb)
        for path, methods in body["paths"].items()
        for verb, it in methods.items()
        if "cacheKeyParameters" in it.get(integration, {})
    ]
    assert cached == [("/r/{slug}", "get"), ("/docs", "get")]


def test_package_turns_off_in_full(offline: Account) -> None:
    """What a template no longer mentions CloudFormation leaves running: off is written out."""
    stage = stage_in(translate(package(offline, "dev")))

    assert stage["CacheClusterEnabled"] is False
    assert [it["CachingEnabled"] for it in stage["MethodSettings"]] == [False]


def test_package_caches_no_app_that_is_not_told(offline: Account) -> None:
    """As long as the app does not answer by its keys, its template has no cache, and that is said."""
    file = offline.folder / ".chalice" / "config.json"
    before = file.read_text()
    file.write_text(before.replace('"EVERHOP_API_CACHE": "on"', '"EVERHOP_API_CACHE": "off"'))
    chalice = str(Path(sys.executable).with_name("chalice"))
    ran = offline.run(chalice, "package", "--stage", "prod-us-east-1", "out")
    file.write_text(before)
    template = json.loads((offline.folder / "out" / "sam.json").read_text())

    assert "The API cache of prod-us-east-1 stays off: EVERHOP_API_CACHE is not on" in ran.errors
    assert template["Resources"]["RestAPI"]["Properties"]["CacheClusterEnabled"] is False
