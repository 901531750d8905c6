"""The edge's template is, with all parameters that it takes, a distribution that may be deployed."""

import re
from collections.abc import Callable
from copy import deepcopy
from itertools import product
from typing import Any

import pytest

from chalicelib.config import load as load_config
from chalicelib.core.freshness import DEFAULT_BUDGET, SHARES, share_for
from chalicelib.core.slugs import RESERVED
from chalicelib.wiring import make_app
from infra.caches import read_caches
from tests.api.driver import BASE, memory_stores
from tests.conftest import ROOT
from tests.infra.distribution_checks import (
    CACHING_DISABLED,
    WRITES,
    behaviour_for,
    behaviours_of,
    caching_of,
    complaints,
    config_of,
)
from tests.infra.rendering import Json, load, render


TEMPLATE = load("global/edge")
LAMBDA = "arn:aws:lambda:us-east-1:123456789012:function:edge:7"
THREE = {f"{event}Arn": LAMBDA for event in ("ViewerRequest", "OriginRequest", "OriginResponse")}
FUNCTION = {"ViewerFunctionArn": "arn:aws:cloudfront::123456789012:function/edge"}
# What a CloudFront Function writes must pass the policy; what Lambda@Edge writes comes after it.
SCRIPT = (ROOT / "infra" / "edge" / "viewer_request.js").read_text(encoding="utf-8")
WRITTEN = set(re.findall(r"put\(request, '([a-z-]+)'", SCRIPT))
ALONE = {"FirstApi": "a1.execute-api.us-east-1.amazonaws.com", "HeadersId": "headers"}
ONE_REGION = ALONE | THREE
CHOICES: list[list[dict[str, str]]] = [
    [{}, {"SecondRegion": "eu-west-1", "SecondApi": "a2.execute-api.eu-west-1.amazonaws.com"}],
    [THREE, FUNCTION],
    [{}, {"GeoMode": "whitelist", "GeoCountries": "DE,AT"}, {"GeoMode": "blacklist"}],
    [{}, {"FirewallArn": "arn:aws:wafv2:us-east-1:123456789012:global/webacl/a/b"}],
    [
        {},
        {
            "DomainName": "sho.rt",
            "CertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/c",
        },
    ],
    [{}, {"HostedZoneId": "Z123"}],
    [{}, {"OriginShield": "static"}, {"OriginShield": "all"}],
]
ALL = [dict(ALONE, **{k: v for one in chosen for k, v in one.items()})
       for chosen in product(*CHOICES)]  # fmt: skip
FULL = {**ONE_REGION, **CHOICES[0][1]}


@pytest.fixture(scope="module")
def resources() -> Json:
    """Two regions with Lambda@Edge, as production has it."""
    return render(TEMPLATE, FULL)


@pytest.fixture(scope="module")
def config(resources: Json) -> Json:
    """Its distribution."""
    return config_of(resources)


def test_every_choice_of_parameters_is_a_distribution() -> None:
    """Regions, functions, countries, firewall, domain, zone and shield go together in any way."""
    assert len(ALL) == 2 * 2 * 3 * 2 * 2 * 2 * 3
    wrong = {str(given): complaints(render(TEMPLATE, given)) for given in ALL}

    assert {given: found for given, found in wrong.items() if found} == {}


def _allow_writes(resources: Json) -> None:
    config_of(resources)["DefaultCacheBehavior"]["AllowedMethods"] += ["POST"]


def _keep_no_store(resources: Json) -> None:
    resources["KeepLinks"]["Properties"]["CachePolicyConfig"]["MinTTL"] = 1


def _keep_the_silent(resources: Json) -> None:
    resources["KeepByVisitor"]["Properties"]["CachePolicyConfig"]["DefaultTTL"] = 86400


def _forget_an_error(resources: Json) -> None:
    del config_of(resources)["CustomErrorResponses"][2]


def _keep_an_error(resources: Json) -> None:
    config_of(resources)["CustomErrorResponses"][-1]["ErrorCachingMinTTL"] = 3


def _lose_a_policy(resources: Json) -> None:
    del resources["ForwardVisitor"]


def _lose_an_origin(resources: Json) -> None:
    del config_of(resources)["Origins"][3]


def _wait_long(resources: Json) -> None:
    config_of(resources)["Origins"][2]["CustomOriginConfig"]["OriginReadTimeout"] = 30


def _forward_a_key(resources: Json) -> None:
    policy = resources["ForwardVisitor"]["Properties"]["OriginRequestPolicyConfig"]
    policy["HeadersConfig"]["Headers"].append("Authorization")


def _serve_in_the_clear(resources: Json) -> None:
    config_of(resources)["CacheBehaviors"][0]["ViewerProtocolPolicy"] = "allow-all"


def _miss_the_certificate(resources: Json) -> None:
    config_of(resources)["Aliases"] = ["sho.rt"]


def _run_two_functions(resources: Json) -> None:
    default = config_of(resources)["DefaultCacheBehavior"]
    default["FunctionAssociations"] = [{"EventType": "viewer-request", "FunctionARN": "x"}]


@pytest.mark.parametrize(
    "spoil",
    [
        _allow_writes, _keep_no_store, _keep_the_silent, _forget_an_error, _keep_an_error,
        _lose_a_policy, _lose_an_origin, _wait_long, _forward_a_key, _serve_in_the_clear,
        _miss_the_certificate, _run_two_functions,
    ],
)  # fmt: skip
def test_the_checks_find_what_is_spoilt(resources: Json, spoil: Callable[[Json], None]) -> None:
    """Each mistake that people make with CloudFront is one that the checks complain about."""
    spoilt = deepcopy(resources)
    spoil(spoilt)

    assert complaints(resources) == []
    assert complaints(spoilt) != []


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"DomainName": "sho.rt"}, "certificate"),
        ({"CertificateArn": CHOICES[4][1]["CertificateArn"]}, "for a domain"),
        ({"CertificateArn": "arn:aws:acm:eu-west-1:123456789012:certificate/c"}, "can't be"),
        ({"FirewallArn": "arn:aws:wafv2:us-east-1:123456789012:regional/webacl/a/b"}, "can't be"),
        ({"ViewerRequestArn": LAMBDA.removesuffix(":7")}, "can't be"),
        ({"OriginResponseArn": ""}, "work together"),
        (FUNCTION, "never of both"),
        ({"ViewerRequestArn": ""}, "Without functions"),
        ({"SecondRegion": "eu-west-1"}, "domain of its API"),
        ({**CHOICES[0][1], "SecondRegion": "us-east-1"}, "another one"),
        ({"AWS::Region": "eu-west-1"}, "us-east-1"),
        ({"FreshFor": 0}, "can't be"),
    ],
)
def test_what_can_not_work_is_refused_before_it_is_made(given: Json, told: str) -> None:
    """CloudFormation says at once what CloudFront would say after minutes, or never."""
    with pytest.raises(ValueError, match=told):
        render(TEMPLATE, {**ONE_REGION, **given})


def test_failover_is_quick_and_true(config: Json) -> None:
    """Both groups try the second region on 5xx; buckets on what they have not, APIs not."""
    groups = {it["Id"]: it for it in config["OriginGroups"]["Items"]}
    members = {name: [it["OriginId"] for it in group["Members"]["Items"]]
               for name, group in groups.items()}  # fmt: skip
    codes = {name: group["FailoverCriteria"]["StatusCodes"]["Items"]
             for name, group in groups.items()}  # fmt: skip

    assert members == {"static": ["static-1", "static-2"], "api": ["api-1", "api-2"]}
    assert codes == {"static": [403, 404, 500, 502, 503, 504], "api": [500, 502, 503, 504]}


def test_origins_are_the_regions_own(config: Json) -> None:
    """Each origin is its region's, and those of an API say which of them is asked."""
    origins = {it["Id"]: it for it in config["Origins"]}
    said = {name: it["OriginCustomHeaders"] for name, it in origins.items()
            if "OriginCustomHeaders" in it}  # fmt: skip
    bucket = "everhop-prod-site-123456789012-eu-west-1.s3.eu-west-1.amazonaws.com"

    assert origins["static-2"]["DomainName"] == bucket
    assert origins["api-2"]["DomainName"] == FULL["SecondApi"]
    assert origins["rest"]["DomainName"] == origins["api-1"]["DomainName"] == FULL["FirstApi"]
    assert {name: [(it["HeaderName"], it["HeaderValue"]) for it in headers]
            for name, headers in said.items()} == {
        "api-1": [("Everhop-Origin", "1")],
        "api-2": [("Everhop-Origin", "2")],
        "rest": [("Everhop-Origin", "1")],
    }  # fmt: skip


@pytest.mark.parametrize("shield", ["off", "static", "all"])
def test_a_shield_stands_in_the_region_of_its_origin(shield: str) -> None:
    """Each origin's shield is next to it, and an API has one only when that is asked for."""
    config = config_of(render(TEMPLATE, {**FULL, "OriginShield": shield}))
    shields = {it["Id"]: it["OriginShield"]["OriginShieldRegion"] for it in config["Origins"]
               if "OriginShield" in it}  # fmt: skip
    buckets = {"static-1": "us-east-1", "static-2": "eu-west-1"}
    apis = {"api-1": "us-east-1", "api-2": "eu-west-1"}

    assert {"off": {}, "static": buckets, "all": buckets | apis}[shield] == shields


def test_no_keyed_route_is_kept(config: Json) -> None:
    """Every route of the REST API is behind a behaviour that keeps nothing and takes its methods."""
    app = make_app(load_config(BASE), memory_stores())
    routes = {path.replace("{", "").replace("}", ""): [*methods]
              for path, methods in app.routes.items()}  # fmt: skip
    assert "/v1/links/slug" in routes
    for path, methods in routes.items():
        behaviour = behaviour_for(config, f"/api{path}")
        assert behaviour["CachePolicyId"] == CACHING_DISABLED, path
        assert {*methods} <= {*behaviour["AllowedMethods"]}, path
        assert behaviour["OriginRequestPolicyId"] == "ForwardAll", path


def test_only_the_rest_api_takes_writes(config: Json) -> None:
    """The form of a password is sent to /api/v/, as a behaviour with failover takes no POST."""
    writing = {
        it["PathPattern"] for it in behaviours_of(config) if WRITES & {*it["AllowedMethods"]}
    }

    assert writing == {"/api/*"}


@pytest.mark.parametrize(
    ("path", "policy", "target"),
    [
        ("/promo", "KeepLinks", "api"),
        ("/promo/", "KeepLinks", "api"),
        ("/promo+", "KeepLinks", "api"),
        ("/promo/path/file.pdf", "KeepLinks", "api"),
        ("/assets", "KeepLinks", "api"),
        ("/apidocs", "KeepLinks", "api"),
        ("/index.htm", "KeepLinks", "api"),
        ("/promo~", "KeepByVisitor", "api"),
        ("/promo~/path", "KeepByVisitor", "api"),
        ("/", "KeepFiles", "static"),
        ("/api/r/promo~", None, "rest"),
    ],
)
def test_addresses_go_where_they_belong(
    resources: Json, config: Json, path: str, policy: str | None, target: str
) -> None:
    """A slug is kept by itself, its `~` by visitor, and what looks like a file is no file."""
    behaviour = behaviour_for(config, path)

    assert (policy or CACHING_DISABLED) == behaviour["CachePolicyId"]
    assert (caching_of(resources, behaviour) is None) is (policy is None)
    assert target == behaviour["TargetOriginId"]


def test_every_file_of_the_dashboard_comes_from_the_buckets(config: Json) -> None:
    """A file that static_site has is behind the buckets, with the headers of the dashboard."""
    site = ROOT / "static_site"
    paths = {f"/{it.relative_to(site).as_posix()}" for it in site.rglob("*") if it.is_file()}
    assert {"/index.html", "/robots.txt", "/assets/favicon.svg"} <= paths
    for path in {"/", *paths}:
        behaviour = behaviour_for(config, path)
        assert behaviour["TargetOriginId"] == "static", path
        assert behaviour["ResponseHeadersPolicyId"] == "headers", path
        assert not behaviour.get("LambdaFunctionAssociations"), path


def test_no_slug_hides_behind_a_behaviour(config: Json) -> None:
    """What a behaviour takes from short links can't be the slug of one."""
    firsts = {it["PathPattern"].split("/")[1] for it in behaviours_of(config)[:-1]}

    assert {*firsts} - {"", "*~*"} <= RESERVED


def _keys_of(resources: Json) -> tuple[dict[str, list[str]], dict[str, str]]:
    """The headers, and how much of the query, in the key of each cache policy."""
    keys = {
        name: it["Properties"]["CachePolicyConfig"]["ParametersInCacheKeyAndForwardedToOrigin"]
        for name, it in resources.items()
        if it["Type"] == "AWS::CloudFront::CachePolicy"
    }
    return (
        {name: it["HeadersConfig"].get("Headers", []) for name, it in keys.items()},
        {name: it["QueryStringsConfig"]["QueryStringBehavior"] for name, it in keys.items()},
    )


def test_what_tells_visitors_apart_is_in_one_key_alone(resources: Json) -> None:
    """Links without rules are kept by path and query; those with, by what rules can ask."""
    headers, queries = _keys_of(resources)

    assert headers == {
        "KeepFiles": [],
        "KeepLinks": [],
        "KeepByVisitor": ["Everhop-Device", "Everhop-Language", "CloudFront-Viewer-Country"],
    }
    assert queries == {"KeepFiles": "none", "KeepLinks": "all", "KeepByVisitor": "all"}


def test_the_query_is_said_once_where_a_function_of_cloudfront_writes_it() -> None:
    """It is in both keys as the header that the function makes of it, and goes on as that alone."""
    found = render(TEMPLATE, {**ALONE, **FUNCTION})
    headers, queries = _keys_of(found)
    sent = found["ForwardVisitor"]["Properties"]["OriginRequestPolicyConfig"]

    assert "everhop-query" in WRITTEN
    assert {name for name, listed in headers.items() if "Everhop-Query" in listed} == {
        "KeepLinks",
        "KeepByVisitor",
    }
    assert set(queries.values()) == {"none"}
    assert sent["QueryStringsConfig"]["QueryStringBehavior"] == "none"


@pytest.mark.parametrize(("choice", "forwarded"), [(THREE, set()), (FUNCTION, WRITTEN)])
def test_no_client_speaks_for_the_edge(choice: Json, forwarded: set[str]) -> None:
    """A header of ours that is in no key comes from viewers only where a function wrote it."""
    policy = render(TEMPLATE, {**ALONE, **choice})["ForwardVisitor"]["Properties"]
    headers = policy["OriginRequestPolicyConfig"]["HeadersConfig"]["Headers"]

    assert forwarded == {name.lower() for name in headers if name.startswith("Everhop-")}
    assert "everhop-edge" in WRITTEN


def test_functions_run_where_links_and_the_api_are(config: Json) -> None:
    """Lambda@Edge runs for everything but the dashboard's files, at all three events."""
    events = {
        it["PathPattern"]: [one["EventType"] for one in it["LambdaFunctionAssociations"]]
        for it in behaviours_of(config)
        if it.get("LambdaFunctionAssociations")
    }
    three = ["viewer-request", "origin-request", "origin-response"]

    assert events == {"/api/*": three, "/*~*": three, "*": three}


def test_the_edges_share_is_part_of_the_one_budget(resources: Json) -> None:
    """What the edge keeps of a link at most is its share of each production stage's budget."""
    default = TEMPLATE["Parameters"]["FreshFor"]["Default"]
    budgets = [it.budget for name, it in read_caches().items() if name.startswith("prod-")]
    most = {name: resources[name]["Properties"]["CachePolicyConfig"]["MaxTTL"]
            for name in ("KeepLinks", "KeepByVisitor")}  # fmt: skip

    assert sum(share_for(tier) for tier in SHARES) <= DEFAULT_BUDGET
    assert {share_for("edge", budget) for budget in budgets} == {default}
    assert most == {"KeepLinks": default, "KeepByVisitor": default}


def test_an_edit_of_the_share_reaches_both_policies() -> None:
    """FreshFor is what the policies say, so one parameter makes the edge fresher."""
    found = render(TEMPLATE, {**ONE_REGION, "FreshFor": 5})

    assert [found[name]["Properties"]["CachePolicyConfig"]["MaxTTL"]
            for name in ("KeepLinks", "KeepByVisitor")] == [5, 5]  # fmt: skip


def test_records_need_a_domain_and_its_zone() -> None:
    """Route 53 is touched only where both are told, for IPv4 and IPv6."""
    zone, domain = CHOICES[5][1], CHOICES[4][1]
    records: list[list[Any]] = [
        [it["Properties"]["Type"] for it in render(TEMPLATE, {**ONE_REGION, **given}).values()
         if it["Type"] == "AWS::Route53::RecordSet"]
        for given in ({}, zone, domain, {**zone, **domain})
    ]  # fmt: skip

    assert records == [[], [], [], ["A", "AAAA"]]
