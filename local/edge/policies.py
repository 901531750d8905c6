"""The three kinds of policies: for the key and the time, for the origin, for the visitor."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Choice:
    """Which names of many are meant."""

    how: str = "none"  # none, whitelist, allExcept, all; of headers allViewer and such, too
    names: frozenset[str] = frozenset()

    def takes(self, name: str) -> bool:
        """Whether this name is one of them."""
        if self.how in ("none", "whitelist"):
            return name in self.names
        return self.how != "allExcept" or name not in self.names

    def takes_header(self, name: str) -> bool:
        """The same of a request's header: CloudFront's own are among none but the listed ones."""
        if name.startswith("cloudfront-"):
            return self.how != "allExcept" and name in self.names
        return self.takes(name)


@dataclass(frozen=True, slots=True)
class Caching:
    """A cache policy: the seconds that answers may stay, and what tells them apart."""

    min_ttl: float = 0.0
    default_ttl: float = 86_400.0
    max_ttl: float = 31_536_000.0
    query: Choice = Choice()
    headers: tuple[str, ...] = ()  # lower case, sorted
    cookies: Choice = Choice()
    gzip: bool = False
    brotli: bool = False

    @property
    def is_off(self) -> bool:
        """Whether nothing is kept, as with a maximum of no time."""
        return self.max_ttl <= 0


@dataclass(frozen=True, slots=True)
class Forwarding:
    """An origin request policy: what the origin is told beside what is in the key."""

    query: Choice = Choice()
    headers: Choice = Choice()  # lower case
    cookies: Choice = Choice()


@dataclass(frozen=True, slots=True)
class Decoration:
    """A response headers policy: `(name, value, whether it replaces the origin's)`; and CORS."""

    headers: tuple[tuple[str, str, bool], ...] = ()
    removed: frozenset[str] = frozenset()
    cors_origins: tuple[str, ...] = ()
    cors_override: bool = True


def read_caching(config: Json) -> Caching:
    """A CachePolicyConfig."""
    key = config["ParametersInCacheKeyAndForwardedToOrigin"]
    return Caching(
        min_ttl=float(config["MinTTL"]),
        default_ttl=float(config["DefaultTTL"]),
        max_ttl=float(config["MaxTTL"]),
        query=_choice(key["QueryStringsConfig"], "QueryString"),
        headers=tuple(sorted(map(str.lower, key["HeadersConfig"].get("Headers", [])))),
        cookies=_choice(key["CookiesConfig"], "Cookie"),
        gzip=_flag(key.get("EnableAcceptEncodingGzip")),
        brotli=_flag(key.get("EnableAcceptEncodingBrotli")),
    )


def read_forwarding(config: Json) -> Forwarding:
    """An OriginRequestPolicyConfig."""
    headers = config["HeadersConfig"]
    names = frozenset(map(str.lower, headers.get("Headers", [])))
    return Forwarding(
        query=_choice(config["QueryStringsConfig"], "QueryString"),
        headers=Choice(headers["HeaderBehavior"], names),
        cookies=_choice(config["CookiesConfig"], "Cookie"),
    )


def _choice(config: Json, subject: str) -> Choice:
    names = config.get(f"{subject}s", [])
    return Choice(config[f"{subject}Behavior"], frozenset(names))


def _flag(value: Any) -> bool:
    return str(value).lower() == "true"


def read_decoration(config: Json) -> Decoration:
    """A ResponseHeadersPolicyConfig."""
    security = config.get("SecurityHeadersConfig", {})
    custom = config.get("CustomHeadersConfig", {}).get("Items", [])
    removed = config.get("RemoveHeadersConfig", {}).get("Items", [])
    cors = config.get("CorsConfig", {})
    return Decoration(
        headers=(
            *(
                (name, value, _flag(security[key]["Override"]))
                for name, key, value in _security(security)
            ),
            *((one["Header"], str(one["Value"]).strip(), _flag(one["Override"])) for one in custom),
        ),
        removed=frozenset(one["Header"].lower() for one in removed),
        cors_origins=tuple(cors.get("AccessControlAllowOrigins", {}).get("Items", [])),
        cors_override=_flag(cors.get("OriginOverride", True)),
    )


def _security(config: Mapping[str, Json]) -> list[tuple[str, str, str]]:
    values = {
        ("Content-Security-Policy", "ContentSecurityPolicy"): "ContentSecurityPolicy",
        ("Referrer-Policy", "ReferrerPolicy"): "ReferrerPolicy",
        ("X-Frame-Options", "FrameOptions"): "FrameOption",
    }
    said = [
        (name, key, str(config[key][field]).strip())
        for (name, key), field in values.items()
        if key in config
    ]
    if "ContentTypeOptions" in config:
        said.append(("X-Content-Type-Options", "ContentTypeOptions", "nosniff"))
    if "StrictTransportSecurity" in config:
        said.append(("Strict-Transport-Security", "StrictTransportSecurity", _hsts(config)))
    return said


def _hsts(config: Mapping[str, Json]) -> str:
    policy = config["StrictTransportSecurity"]
    words = [f"max-age={policy['AccessControlMaxAgeSec']}"]
    words += ["includeSubDomains"] if _flag(policy.get("IncludeSubdomains")) else []
    words += ["preload"] if _flag(policy.get("Preload")) else []
    return "; ".join(words)
