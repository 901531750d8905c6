"""Real deploys keep the cache's keys and settings, whatever is done in whichever order."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chalicelib.config import load
from chalicelib.store.memory import LinkMemory
from chalicelib.wiring import make_app, make_link_service
from tests.api.driver import memory_stores
from tests.infra.deployments import (
    PROD,
    Account,
    CachedApp,
    StageOnAws,
    random_slugs,
    run_aws,
)


US, EU = PROD
KEYS = {
    "/r/{slug} GET": [
        "method.request.path.slug",
        "method.request.header.everhop-query",
        "method.request.header.Host",
        "method.request.header.everhop-edge",
    ],
    "/docs GET": ["method.request.header.Host", "method.request.header.everhop-edge"],
}
FRESH_FOR = {"~1r~1{slug}/GET": 20, "~1docs/GET": 300}


@pytest.fixture(scope="module")
def account(work_tree: Path) -> Iterator[Account]:
    """An account, empty at first."""
    with run_aws() as url:
        yield Account(url, work_tree)


def caching(on_aws: StageOnAws) -> dict[str, int]:
    """For how many seconds which methods are kept; only those that are."""
    stage = on_aws.stage()
    assert stage["methodSettings"].get("*/*", {}).get("cachingEnabled", False) is False
    return {
        name: it["cacheTtlInSeconds"]
        for name, it in stage["methodSettings"].items()
        if it["cachingEnabled"] and stage["cacheClusterEnabled"]
    }


def check(account: Account, expected: dict[str, str | None]) -> None:
    """Each deployed stage has its keys and, if its cache is to be on, its settings."""
    for stage, size in expected.items():
        on_aws = account.stage_api(stage)
        assert on_aws.keys() == KEYS, stage
        assert caching(on_aws) == (FRESH_FOR if size else {}), stage
        if size:
            assert on_aws.stage()["cacheClusterSize"] == size, stage
            for name in FRESH_FOR:
                it = on_aws.stage()["methodSettings"][name]
                assert it["cacheDataEncrypted"] is True
                assert it["requireAuthorizationForCacheControl"] is True
                strategy = it["unauthorizedCacheControlHeaderStrategy"]
                assert strategy == "SUCCEED_WITHOUT_RESPONSE_HEADER"


def wrong_destinations(on_aws: StageOnAws, count: int = 200) -> int:
    """How many of so many links lead elsewhere behind the cache that is deployed."""
    config = load({"EVERHOP_STORE": "memory", "EVERHOP_API_CACHE": "on"})
    store = LinkMemory()
    service = make_link_service(config, store)
    app = CachedApp(make_app(config, memory_stores(config, links=store)), on_aws)
    slugs = random_slugs(count, seed=count)
    for slug in slugs:
        fields = {"slug": slug, "forward_query": True}
        service.create("w", {"destination": f"https://example.com/{slug}", **fields})
    wrong = 0
    for query in ("", "a=1", "a=2", ""):
        for slug in slugs:
            headers = {"Host": "api.test", **({"everhop-query": query} if query else {})}
            answer = app.get("/r/{slug}", {"slug": slug}, headers)
            right = f"https://example.com/{slug}" + (f"?{query}" if query else "")
            wrong += answer["headers"].get("Location") != right
    return wrong


def test_keys_and_settings_hold_after_every_step(account: Account) -> None:
    """Deploys, redeploys, two regions, two stages, apply, flush, resize, delete."""
    expected: dict[str, str | None] = {}

    def step(act: str, stage: str, *words: str, size: str | None) -> str:
        said = ""
        if act in ("deploy", "delete"):
            account.chalice(act, stage)
        else:
            ran = account.cache(act, stage, *words, "--yes")
            assert ran.status == 0, ran.output + ran.errors
            said = ran.output
        expected[stage] = size
        if act == "delete":
            del expected[stage]
        check(account, expected)
        return said

    step("deploy", US, size=None)
    said = step("apply", US, size="0.5")
    assert "14.60 USD a month" in said
    assert "CREATE_IN_PROGRESS" in said
    step("deploy", EU, size=None)
    step("apply", EU, size="0.5")
    step("deploy", "dev", size=None)
    assert "Nothing to do" in step("apply", "dev", size=None)
    step("deploy", US, size="0.5")
    assert "Nothing to do" in step("apply", US, size="0.5")
    assert "FLUSH_IN_PROGRESS" in step("flush", US, size="0.5")
    assert "empties it" in step("resize", US, "1.6", size="1.6")
    step("deploy", EU, size="0.5")
    assert "Nothing to do" in step("apply", US, size="1.6")
    assert account.cache("status", US).status == 0

    on_aws = account.stage_api(US)
    assert on_aws.parameters("/r/{slug}") == {
        "method.request.path.slug": True,
        "method.request.header.everhop-query": False,
        "method.request.header.Host": False,
        "method.request.header.everhop-edge": False,
    }
    assert wrong_destinations(on_aws, 700) == 0
    mend_what_others_changed(account, on_aws)
    step("delete", EU, size=None)
    step("delete", US, size=None)
    step("delete", "dev", size=None)
    for region in ("us-east-1", "eu-west-1"):
        assert account.client("apigateway", region).get_rest_apis()["items"] == []


def mend_what_others_changed(account: Account, on_aws: StageOnAws) -> None:
    """Settings that a deploy or a person has changed are told by status and mended by apply."""
    on_aws.patch("/~1v1~1links/GET/caching/enabled", "true")
    on_aws.patch("/~1r~1{slug}/GET/caching/ttlInSeconds", "3600")
    on_aws.patch("/~1r~1{slug}/GET/caching/requireAuthorizationForCacheControl", "false")
    status = account.cache("status", US)
    assert status.status == 1
    assert "GET /v1/links: not cached" in status.output
    assert "GET /r/{slug}: 20 s, visitors can't make it ask anew" in status.output

    unasked = account.cache("apply", US)
    assert unasked.status == 2
    assert "--yes" in unasked.errors
    assert caching(on_aws)["~1v1~1links/GET"]

    assert account.cache("apply", US, "--yes").status == 0
    assert caching(on_aws) == FRESH_FOR


def test_lost_keys_are_noticed(account: Account, tmp_path: Path) -> None:
    """The planted bug: a deploy that drops the keys makes wrong redirects, and apply stops them."""
    folder = tmp_path / "forgetful"
    shutil.copytree(account.folder, folder)
    app = folder / "app.py"
    forgetful = Account(account.url, folder)
    forgetful.chalice("deploy", US)
    assert forgetful.cache("apply", US, "--yes").status == 0
    on_aws = forgetful.stage_api(US)
    assert wrong_destinations(on_aws) == 0

    taught = app.read_text()
    app.write_text(taught.replace("    teach_chalice()", "    pass"))
    assert app.read_text() != taught
    forgetful.chalice("deploy", US)
    assert on_aws.keys() == {}
    assert caching(on_aws) == FRESH_FOR
    assert wrong_destinations(on_aws) > 0

    assert forgetful.cache("status", US).status == 1
    refused = forgetful.cache("apply", US, "--yes")
    assert refused.status == 1
    assert "GET /r/{slug} is deployed with no cache keys" in refused.errors
    assert "no request is answered from it any more" in refused.errors
    assert caching(on_aws) == {}
    assert wrong_destinations(on_aws) == 0

    app.write_text(taught)
    forgetful.chalice("deploy", US)
    assert forgetful.cache("apply", US, "--yes").status == 0
    assert caching(on_aws) == FRESH_FOR
    assert wrong_destinations(on_aws) == 0


def test_what_is_missing_is_said_in_one_line(account: Account) -> None:
    """No credentials, no stage, no deployment, no size: a sentence each, and nothing is changed."""
    no_keys = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}
    cases: list[tuple[Any, ...]] = [
        (("apply", "nope"), {}, "There is no stage nope; .chalice/config.json has local, dev,"),
        (("apply", "dev"), no_keys, "There are no AWS credentials: set AWS_ACCESS_KEY_ID"),
        (("apply", "dev"), {"AWS_SECRET_ACCESS_KEY": ""}, "The AWS credentials are not whole"),
        (("apply", "dev"), {"AWS_PROFILE": "nobody"}, "AWS_PROFILE must name one"),
        (("apply", "dev"), {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, "AWS can't be reached"),
        (("apply", "dev"), {}, "The stage dev is not deployed: there is neither"),
        (("resize", US, "7"), {}, "There is no size 7; API Gateway has 0.5, 1.6, 6.1, 13.5,"),
        (("resize", "dev", "6.1"), {}, "[dev] is not enabled"),
        (("flush", "local"), {}, "infra/regional/caches.toml has no [local]"),
    ]
    for words, environ, said in cases:
        ran = account.cache(*words, **environ)
        assert (ran.status, ran.output, ran.errors.count("\n")) == (2, "", 1), ran
        assert said in ran.errors


def test_a_stage_of_cloudformation_is_found(account: Account) -> None:
    """Without a `chalice deploy`, the stack everhop-<stage> tells where the API is."""
    outputs = {
        "RestAPIId": {"Value": "abc123"},
        "APIHandlerName": {"Value": "everhop-prod-eu-west-1-APIHandler"},
    }
    template = {"Resources": {"Any": {"Type": "AWS::SQS::Queue"}}, "Outputs": outputs}
    client = account.client("cloudformation", "eu-west-1")
    client.create_stack(StackName=f"everhop-{EU}", TemplateBody=json.dumps(template))

    ran = account.cache("status", EU)

    assert ran.status == 2
    assert "GetStage failed" in ran.errors  # of the API that the stack names: moto made none
