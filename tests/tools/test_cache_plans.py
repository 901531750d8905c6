"""What `cache apply` would change: nothing twice, nothing that is keyed, and never without keys."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.api.caching import Key
from infra.caches import Invalidation, MethodCache, StageCache
from tools.cache_plans import is_caching, plan_changes, plan_stop, unsafe_reasons


METHODS = [MethodCache("/r/{slug}", (Key("path", "slug"), Key("header", "Host")), 20)]
PARAMETERS = {"method.request.path.slug", "method.request.header.Host"}
ON = StageCache(enabled=True, size="1.6")
FIELDS = {
    "caching/enabled": "cachingEnabled",
    "caching/ttlInSeconds": "cacheTtlInSeconds",
    "caching/dataEncrypted": "cacheDataEncrypted",
    "caching/requireAuthorizationForCacheControl": "requireAuthorizationForCacheControl",
    "caching/unauthorizedCacheControlHeaderStrategy": "unauthorizedCacheControlHeaderStrategy",
}
setting = st.fixed_dictionaries(
    {"cachingEnabled": st.booleans()},
    optional={
        "cacheTtlInSeconds": st.sampled_from([0, 20, 300]),
        "cacheDataEncrypted": st.booleans(),
        "requireAuthorizationForCacheControl": st.booleans(),
        "unauthorizedCacheControlHeaderStrategy": st.sampled_from(["FAIL_WITH_403", "X"]),
    },
)
names = ["*/*", "~1r~1{slug}/GET", "~1v1~1links/GET", "~1v1~1links/POST", "~1a~0b/GET"]
stages = st.fixed_dictionaries(
    {
        "cacheClusterEnabled": st.booleans(),
        "methodSettings": st.dictionaries(st.sampled_from(names), setting),
    },
    optional={"cacheClusterSize": st.sampled_from(["0.5", "1.6"])},
)


def patched(stage: dict[str, Any], operations: list[dict[str, str]]) -> dict[str, Any]:
    """The stage as API Gateway makes it of the operations."""
    settings = {name: dict(it) for name, it in stage["methodSettings"].items()}
    after = {**stage, "methodSettings": settings}
    words = {"true": True, "false": False}
    for operation in operations:
        path, value = operation["path"], operation["value"]
        if path.startswith("/cacheCluster"):
            after[path[1:]] = words.get(value, value)
            continue
        method, verb, field = path[1:].split("/", 2)
        made = settings.setdefault(f"{method}/{verb}", {"cachingEnabled": False})
        made[FIELDS[field]] = int(value) if value.isdigit() else words.get(value, value)
    return after


def kept(stage: dict[str, Any]) -> set[str]:
    return {name for name, it in stage["methodSettings"].items() if it["cachingEnabled"]}


@given(stages, st.booleans())
def test_whatever_there_was_it_is_then_as_wanted(stage: dict[str, Any], enabled: bool) -> None:
    """After the changes there is nothing to change, and exactly what is declared is cached."""
    cache = StageCache(enabled=enabled, size="1.6")
    after = patched(stage, [it.operation for it in plan_changes(stage, cache, METHODS)])

    assert plan_changes(after, cache, METHODS) == []
    assert after["cacheClusterEnabled"] is enabled
    assert kept(after) == ({"~1r~1{slug}/GET"} if enabled else set())
    if enabled:
        assert after["cacheClusterSize"] == "1.6"
        assert after["methodSettings"]["*/*"]["cachingEnabled"] is False


@given(stages)
def test_a_stop_leaves_nothing_to_be_answered(stage: dict[str, Any]) -> None:
    """The cache itself stays, as it takes minutes to be made."""
    after = patched(stage, [it.operation for it in plan_stop(stage)])

    assert not is_caching(after)
    assert after["cacheClusterEnabled"] == stage["cacheClusterEnabled"]


@pytest.mark.parametrize("authorised_only", [True, False])
@pytest.mark.parametrize(
    ("otherwise", "said"),
    [
        ("FAIL_WITH_403", "and are refused with 403"),
        ("SUCCEED_WITH_RESPONSE_HEADER", "and are told so"),
        ("SUCCEED_WITHOUT_RESPONSE_HEADER", "nor are told so"),
    ],
)
def test_what_max_age_0_does_is_as_declared(
    authorised_only: bool, otherwise: Any, said: str
) -> None:
    """The stage gets what the method's settings say, in API Gateway's words and in ours."""
    method = replace(METHODS[0], invalidation=Invalidation(authorised_only, otherwise))
    changes = plan_changes({}, ON, [method])
    values = {change.path.rpartition("/")[2]: change.value for change in changes}

    assert values["requireAuthorizationForCacheControl"] == str(authorised_only).lower()
    assert values["unauthorizedCacheControlHeaderStrategy"] == otherwise
    can = "can't" if authorised_only else "can"
    assert {f"visitors {can} make it ask anew", said} <= {change.about for change in changes}


def test_names_with_a_slash_in_front_are_the_same() -> None:
    """However API Gateway writes the names of methods, settings are recognised."""
    stage = patched(
        {"cacheClusterEnabled": False, "methodSettings": {}},
        [it.operation for it in plan_changes({}, ON, METHODS)],
    )
    spelled = {f"/{name}": it for name, it in stage["methodSettings"].items()}

    assert plan_changes({**stage, "methodSettings": spelled}, ON, METHODS) == []
    assert plan_changes({}, StageCache(), METHODS) == []


@pytest.mark.parametrize(
    ("keys", "told", "said"),
    [
        ({"/r/{slug}": PARAMETERS}, "on", None),
        ({"/r/{slug}": set()}, "on", "no cache keys in place of the keys header.Host, path.slug"),
        ({}, "on", "no cache keys"),
        ({"/r/{slug}": PARAMETERS - {"method.request.header.Host"}}, "on", "the keys path.slug in"),
        ({"/r/{slug}": {*PARAMETERS, "method.request.header.A"}}, "on", "header.A"),
        ({"/r/{slug}": PARAMETERS}, "off", "the deployed app is not told of a cache"),
        ({"/r/{slug}": PARAMETERS}, None, "EVERHOP_API_CACHE is not on"),
    ],
)
def test_only_what_has_its_keys_may_be_cached(
    keys: dict[str, set[str]], told: str | None, said: str | None
) -> None:
    """Exactly its keys, in an app that is told; else a reason."""
    variables = {"EVERHOP_API_CACHE": told} if told else {}
    reasons = unsafe_reasons(METHODS, keys, variables)

    assert [said in reason for reason in reasons] == ([True] if said else [])
