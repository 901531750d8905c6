"""What CloudFront would refuse of a rendered distribution, and what we would regret."""

import re
from collections.abc import Iterator
from fnmatch import translate
from typing import Any


Json = dict[str, Any]
CACHING_DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
WRITES = {"PUT", "POST", "PATCH", "DELETE"}
NEVER_FORWARDED_BY_NAME = {"authorization", "accept-encoding", "host"}
MOST_HEADERS = 10  # in a policy, unless AWS raises it
KEPT_ERRORS = [400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504]


def config_of(resources: Json) -> Json:
    """The configuration of the one distribution."""
    config: Json = resources["Distribution"]["Properties"]["DistributionConfig"]
    return config


def behaviours_of(config: Json) -> list[Json]:
    """The behaviours in CloudFront's order; the last is the default one."""
    return [*config["CacheBehaviors"], {"PathPattern": "*", **config["DefaultCacheBehavior"]}]


def behaviour_for(config: Json, path: str) -> Json:
    """The behaviour of a request for this path."""
    return next(it for it in behaviours_of(config) if _fits(it["PathPattern"], path))


def _fits(pattern: str, path: str) -> bool:
    # CloudFront has * and ? alone, and its * takes slashes too.
    return bool(re.match(translate(pattern.replace("[", "[[]")), path))


def caching_of(resources: Json, behaviour: Json) -> Json | None:
    """What a behaviour keeps by; None when nothing."""
    reference = behaviour["CachePolicyId"]
    if reference == CACHING_DISABLED:
        return None
    policy: Json = resources[reference]["Properties"]["CachePolicyConfig"]
    return policy


def complaints(resources: Json) -> list[str]:
    """Everything that is wrong with it; nothing for one that may be deployed."""
    config = config_of(resources)
    return [
        *_wrong_origins(config),
        *_wrong_errors(config),
        *_wrong_domain(config),
        *(
            f"{behaviour['PathPattern']}: {one}"
            for behaviour in behaviours_of(config)
            for one in _wrong_behaviour(resources, config, behaviour)
        ),
        *(f"{name}: {one}" for name, it in resources.items() for one in _wrong_policy(it)),
    ]


def _wrong_origins(config: Json) -> Iterator[str]:
    origins = {it["Id"]: it for it in config["Origins"]}
    if len(origins) < len(config["Origins"]):
        yield "two origins have one Id"
    for origin in origins.values():
        if (origin["ConnectionAttempts"], origin["ConnectionTimeout"]) != (1, 2):
            yield f"{origin['Id']} is waited for too long"
        shape = origin.get("S3OriginConfig") or origin["CustomOriginConfig"]
        if shape["OriginReadTimeout"] > 3 and origin["Id"] != "rest":
            yield f"{origin['Id']} is read for too long"
        if "S3OriginConfig" in origin and not origin.get("OriginAccessControlId"):
            yield f"{origin['Id']} is asked without a signature"
        if shape.get("OriginProtocolPolicy", "https-only") != "https-only":
            yield f"{origin['Id']} is asked in the clear"
    for group in config.get("OriginGroups", {"Items": []})["Items"]:
        members = [it["OriginId"] for it in group["Members"]["Items"]]
        if len(set(members)) != 2 or not {*members} <= {*origins}:
            yield f"{group['Id']} has not two origins"
        codes = group["FailoverCriteria"]["StatusCodes"]
        if codes["Quantity"] != len(codes["Items"]):
            yield f"{group['Id']} counts its codes wrongly"


def _wrong_errors(config: Json) -> Iterator[str]:
    rules = {it["ErrorCode"]: it["ErrorCachingMinTTL"] for it in config["CustomErrorResponses"]}
    for code in KEPT_ERRORS:
        # On the REST API nothing of an error may be kept, and errors have no behaviour.
        if rules.get(code, 10) > 0:
            yield f"{code} is kept for {rules.get(code, 10)} s"


def _wrong_domain(config: Json) -> Iterator[str]:
    certificate = config["ViewerCertificate"].get("AcmCertificateArn")
    if bool(config.get("Aliases")) != bool(certificate):
        yield "aliases and certificate do not go together"
    if certificate and not certificate.startswith("arn:aws:acm:us-east-1:"):
        yield "the certificate is not in us-east-1"
    places = config["Restrictions"]["GeoRestriction"]
    if ("Locations" in places) != (places["RestrictionType"] != "none"):
        yield "countries and mode do not go together"


def _wrong_behaviour(resources: Json, config: Json, behaviour: Json) -> Iterator[str]:
    groups = {it["Id"] for it in config.get("OriginGroups", {"Items": []})["Items"]}
    target = behaviour["TargetOriginId"]
    if target not in groups | {it["Id"] for it in config["Origins"]}:
        yield f"there is no {target}"
    if target in groups and WRITES & {*behaviour["AllowedMethods"]}:
        yield "CloudFront refuses methods that write where there is an origin group"
    if behaviour["ViewerProtocolPolicy"] == "allow-all":
        yield "is answered in the clear"
    events = [it["EventType"] for it in behaviour.get("LambdaFunctionAssociations", [])]
    events += [it["EventType"] for it in behaviour.get("FunctionAssociations", [])]
    if len(set(events)) < len(events):
        yield "has two functions for one event"
    kinds = {"CachePolicyId": "CachePolicy", "OriginRequestPolicyId": "OriginRequestPolicy"}
    for field, kind in kinds.items():
        reference = behaviour.get(field)
        if reference not in (None, CACHING_DISABLED):
            there = resources.get(reference, {"Type": None})["Type"]
            if there != f"AWS::CloudFront::{kind}":
                yield f"{field} {reference} is a {there}"


def _wrong_policy(resource: Json) -> Iterator[str]:
    properties = resource["Properties"]
    if resource["Type"] == "AWS::CloudFront::CachePolicy":
        config = properties["CachePolicyConfig"]
        if config["MinTTL"] != 0:
            yield "what says no-store would be kept"
        if config["DefaultTTL"] != 0:
            yield "what says nothing of its age would be kept"
        parameters = config["ParametersInCacheKeyAndForwardedToOrigin"]
        yield from _wrong_headers(parameters["HeadersConfig"])
        if parameters["CookiesConfig"]["CookieBehavior"] != "none":
            yield "cookies would split the cache"
        if int(config["MaxTTL"]) == 0:
            yield "CloudFront refuses a key where nothing is kept"
    if resource["Type"] == "AWS::CloudFront::OriginRequestPolicy":
        yield from _wrong_headers(properties["OriginRequestPolicyConfig"]["HeadersConfig"])


def _wrong_headers(config: Json) -> Iterator[str]:
    names = [it.lower() for it in config.get("Headers", [])]
    if len(names) > MOST_HEADERS:
        yield f"has {len(names)} headers"
    if config["HeaderBehavior"] == "whitelist" and NEVER_FORWARDED_BY_NAME & {*names}:
        yield "CloudFront does not forward this header by its name"
