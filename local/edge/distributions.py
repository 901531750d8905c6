"""A distribution's settings as frozen data, read from the resources of its template."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from local.edge.intrinsics import Json, TemplateError
from local.edge.managed import MANAGED_CACHING, MANAGED_FORWARDING
from local.edge.policies import (
    Caching,
    Decoration,
    Forwarding,
    read_caching,
    read_decoration,
    read_forwarding,
)


EVENTS = ("viewer-request", "origin-request", "origin-response", "viewer-response")


@dataclass(frozen=True, slots=True)
class Origin:
    """One origin: `domain` names it, seconds say how long it is waited for."""

    id: str
    domain: str
    path: str = ""
    attempts: int = 3
    connect_within: float = 10.0
    read_within: float = 30.0
    headers: tuple[tuple[str, str], ...] = ()
    is_s3: bool = False
    shielded: bool = False
    protocol: str = "https-only"


@dataclass(frozen=True, slots=True)
class OriginGroup:
    """Origins in the order that they are tried; the next one when an answer has such a status."""

    id: str
    origins: tuple[Origin, ...]
    failover: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What becomes of the requests whose path fits `pattern`; `*` is the default one."""

    pattern: str
    target: OriginGroup
    methods: frozenset[str]
    cached_methods: frozenset[str]
    caching: Caching
    forwarding: Forwarding
    decoration: Decoration | None = None
    compress: bool = False
    functions: Mapping[str, str] = field(default_factory=dict)  # event type -> reference
    include_body: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ErrorRule:
    """What an error is replaced by, and the seconds that it is kept for at least."""

    min_ttl: float = 10.0
    page: str = ""
    status: int = 0


@dataclass(frozen=True, slots=True)
class Distribution:
    """Everything that an edge does, but where its origins are and what its functions say."""

    id: str
    domain: str
    behaviours: tuple[Behaviour, ...]
    errors: Mapping[int, ErrorRule]
    root_object: str = ""
    aliases: tuple[str, ...] = ()
    log_prefix: str = ""
    log_cookies: bool = False


def read_distribution(resources: Json, others: Json | None = None) -> Distribution:
    """The one distribution among evaluated resources.

    `others` are resources of other stacks, by the reference that the template has for them.
    TemplateError when there is none, or it uses what this edge does not have.
    """
    every = {**(others or {}), **resources}
    found = [(name, one) for name, one in resources.items() if _is(one, "Distribution")]
    if len(found) != 1:
        raise TemplateError(f"the template has {len(found)} distributions.")
    name, resource = found[0]
    config = resource["Properties"]["DistributionConfig"]
    groups = _groups(config)
    behaviours = [*config.get("CacheBehaviors", []), {**config["DefaultCacheBehavior"]}]
    logging = config.get("Logging", {})
    return Distribution(
        id=name,
        domain=f"{name.lower()}.cloudfront.net",
        behaviours=tuple(_behaviour(one, groups, every) for one in behaviours),
        errors={
            int(one["ErrorCode"]): _error(one) for one in config.get("CustomErrorResponses", [])
        },
        root_object=config.get("DefaultRootObject", ""),
        aliases=tuple(config.get("Aliases", [])),
        log_prefix=logging.get("Prefix", ""),
        log_cookies=_flag(logging.get("IncludeCookies", False)),
    )


def _is(resource: Json, kind: str) -> bool:
    return bool(resource["Type"] == f"AWS::CloudFront::{kind}")


def _flag(value: Any) -> bool:
    return str(value).lower() == "true"


def _groups(config: Json) -> dict[str, OriginGroup]:
    origins = {one["Id"]: _origin(one) for one in config["Origins"]}
    groups = {name: OriginGroup(name, (one,)) for name, one in origins.items()}
    for group in config.get("OriginGroups", {}).get("Items", []):
        members = tuple(origins[one["OriginId"]] for one in group["Members"]["Items"])
        statuses = frozenset(map(int, group["FailoverCriteria"]["StatusCodes"]["Items"]))
        groups[group["Id"]] = OriginGroup(group["Id"], members, statuses)
    return groups


def _origin(config: Json) -> Origin:
    s3 = config.get("S3OriginConfig")
    custom = config.get("CustomOriginConfig", {}) if s3 is None else s3
    headers = config.get("OriginCustomHeaders", [])
    return Origin(
        id=config["Id"],
        domain=config["DomainName"],
        path=config.get("OriginPath", ""),
        attempts=int(config.get("ConnectionAttempts", 3)),
        connect_within=float(config.get("ConnectionTimeout", 10)),
        read_within=float(custom.get("OriginReadTimeout", 30)),
        headers=tuple((one["HeaderName"], str(one["HeaderValue"])) for one in headers),
        is_s3=s3 is not None,
        shielded=_flag(config.get("OriginShield", {}).get("Enabled", False)),
        protocol=custom.get("OriginProtocolPolicy", "https-only"),
    )


def _error(config: Json) -> ErrorRule:
    return ErrorRule(
        min_ttl=float(config.get("ErrorCachingMinTTL", 10)),
        page=config.get("ResponsePagePath", ""),
        status=int(config.get("ResponseCode", 0)),
    )


def _behaviour(config: Json, groups: Mapping[str, OriginGroup], resources: Json) -> Behaviour:
    if config.get("FunctionAssociations"):
        raise TemplateError("CloudFront Functions are JavaScript, which this edge does not run.")
    associations = config.get("LambdaFunctionAssociations", [])
    decoration = config.get("ResponseHeadersPolicyId")
    return Behaviour(
        pattern=config.get("PathPattern", "*"),
        target=groups[config["TargetOriginId"]],
        methods=frozenset(config.get("AllowedMethods", ["GET", "HEAD"])),
        cached_methods=frozenset(config.get("CachedMethods", ["GET", "HEAD"])),
        caching=_caching(config.get("CachePolicyId"), resources),
        forwarding=_forwarding(config.get("OriginRequestPolicyId"), resources),
        decoration=decoration
        and read_decoration(_policy(decoration, resources, "ResponseHeaders")),
        compress=_flag(config.get("Compress", False)),
        functions={one["EventType"]: one["LambdaFunctionARN"] for one in associations},
        include_body=frozenset(
            one["EventType"] for one in associations if _flag(one.get("IncludeBody", False))
        ),
    )


def _caching(reference: str | None, resources: Json) -> Caching:
    if reference is None:
        raise TemplateError("a behaviour has no cache policy: the older settings are not read.")
    if reference in MANAGED_CACHING:
        return MANAGED_CACHING[reference]
    return read_caching(_policy(reference, resources, "Cache"))


def _forwarding(reference: str | None, resources: Json) -> Forwarding:
    if reference is None:
        return Forwarding()
    if reference in MANAGED_FORWARDING:
        return MANAGED_FORWARDING[reference]
    return read_forwarding(_policy(reference, resources, "OriginRequest"))


def _policy(reference: str, resources: Json, kind: str) -> Json:
    try:
        policy: Json = resources[reference]["Properties"][f"{kind}PolicyConfig"]
    except KeyError:
        raise TemplateError(f"there is no {kind} policy {reference!r}.") from None
    return policy
