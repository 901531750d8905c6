"""The settings of one deployment: the only reader of the environment in what ships."""

import hmac
import os
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

from chalicelib.config_forms import bucket, cluster, distribution, function, stream
from chalicelib.core.destinations import NEVER_SCHEMES, WEB_SCHEMES, DestinationPolicy
from chalicelib.core.hosts import bare_host
from chalicelib.core.logs import Place
from chalicelib.core.slugs import SlugPolicy
from chalicelib.policies import destination_policy, slug_policy


# `chalice local` without a table has this key; links are then in memory and the server on loopback.
DEVELOPMENT_KEY = "eh_development_key"
_LOG = "EVERHOP_LOG"
_PRIVATE = "EVERHOP_PRIVATE_DESTINATIONS"
_DEVELOPMENT_URL = "http://127.0.0.1:8000/r"


_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*", re.ASCII)
_ORIGIN = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]*)://([a-z0-9._-]+|\[[0-9a-f:.]+\])(:\d{1,5})?", re.ASCII
)
_SECRET = re.compile(r"[A-Za-z0-9_-]{32,128}", re.ASCII)
_NAME_OF_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-[0-9]")
_BASE_URL = re.compile(r"https?://[A-Za-z0-9.-]+(:\d{1,5})?(/[^?#\s]*)?", re.ASCII)


class ConfigError(ValueError):
    """A setting has a value that can't be used; the text names it and says what would do."""


class _Hidden(ValueError):
    """A value that can't be used, and must not be shown."""


class Setting(NamedTuple):
    """One environment variable: how it is read, its default as text, and what it is for."""

    parse: Callable[[str], Any]
    default: str
    help: str


def _one_of(*allowed: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in allowed:
            raise ValueError(f"one of {', '.join(repr(one) for one in allowed)}")
        return text

    return parse


def _switch(text: str) -> bool:
    return _one_of("on", "off")(text) == "on"


def _words(text: str) -> frozenset[str]:
    return frozenset(text.casefold().replace(",", " ").split())


def _hosts(text: str) -> frozenset[str]:
    hosts = _words(text)
    if any("/" in host or "@" in host for host in hosts):
        raise ValueError("host names alone, like sho.rt or sho.rt:8080")
    return frozenset(map(bare_host, hosts))


def _schemes(text: str) -> frozenset[str]:
    schemes = _words(text)
    if schemes & (NEVER_SCHEMES | WEB_SCHEMES) or not all(map(_SCHEME.fullmatch, schemes)):
        raise ValueError("schemes other than http, https and those that run code or read files")
    return schemes


def _base_url(text: str) -> str:
    if text and not _BASE_URL.fullmatch(text):
        raise ValueError("an address like https://sho.rt, with no user, query or fragment")
    return text.rstrip("/")


def _origins(text: str) -> frozenset[str]:
    return frozenset(map(_origin, _words(text)))


def _origin(text: str) -> str:
    match = _ORIGIN.fullmatch(text)
    if match is None:
        raise ValueError(
            "origins named one by one, like https://app.example.com or http://localhost:3000 "
            "(`*` and `null` would let in pages of anyone)"
        )
    # As browsers write it: in lower case, and without the port that the scheme has anyway.
    usual = {"https": ":443", "http": ":80"}.get(match["scheme"], ":")
    return text.removesuffix(usual)


def parse_regions(text: str) -> tuple[str, ...]:
    """Regions named one by one, each once; ValueError says how they look."""
    regions = tuple(dict.fromkeys(_in_order(text)))
    if not all(map(_NAME_OF_REGION.fullmatch, regions)):
        raise ValueError("regions like us-east-1,eu-west-1")
    return regions


def _table_endpoints(text: str) -> Mapping[str, str]:
    endpoints = dict(one.partition("=")[::2] for one in _in_order(text))
    good = all(
        _NAME_OF_REGION.fullmatch(at) and _BASE_URL.fullmatch(endpoints[at]) for at in endpoints
    )
    if not good:
        raise ValueError("addresses by region, like eu-west-1=http://127.0.0.1:8002")
    return endpoints


def _limit(text: str) -> int:
    if text == "off":
        return 0
    if not re.fullmatch(r"[0-9]{1,7}", text, re.ASCII):
        raise ValueError("a whole number of requests a minute, or 'off'")
    return int(text)


def _name(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9._+-]{0,64}", text, re.ASCII):
        raise ValueError("up to 64 of letters, digits and . _ + -")
    return text


def _stage(text: str) -> str:
    if not text:
        raise ValueError("a name like prod")
    return _name(text)


def _digest(text: str) -> str:
    if text and (len(text) != 64 or not set(text) <= set("0123456789abcdef")):
        raise ValueError("64 hexadecimal digits, as `python -m tools key` prints")
    return text


def _origin_secrets(text: str) -> tuple[str, ...]:
    secrets = tuple(text.replace(",", " ").split())
    if any(not _SECRET.fullmatch(one) for one in secrets):
        # Nothing of it is told: this text is printed.
        raise _Hidden("secrets as `python -m tools edge secret` draws, the newest first")
    return secrets


def _milliseconds(text: str) -> float:
    if not re.fullmatch(r"[1-9][0-9]{0,3}", text, re.ASCII):
        raise ValueError("a whole number of milliseconds, from 1 to 9999")
    return int(text) / 1000


def _few(text: str) -> int:
    if not re.fullmatch(r"[1-9][0-9]{0,2}", text, re.ASCII):
        raise ValueError("a whole number from 1 to 999")
    return int(text)


def _some(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,3}", text, re.ASCII):
        raise ValueError("a whole number from 0, which is off, to 999")
    return int(text)


def _in_order(text: str) -> tuple[str, ...]:
    return tuple(text.replace(",", " ").split())


SETTINGS: Mapping[str, Setting] = {
    "EVERHOP_STORE": Setting(
        _one_of("", "dynamodb", "memory"), "", "Where links are kept; memory forgets at exit."
    ),
    "EVERHOP_TABLE": Setting(str, "everhop-dev", "The DynamoDB table."),
    "EVERHOP_REGION": Setting(str, "", "This API's region; AWS_REGION when unset."),
    "EVERHOP_REGIONS": Setting(
        parse_regions, "", "All regions of the deployment, this one among them; it alone if unset."
    ),
    "EVERHOP_TABLE_ENDPOINTS": Setting(
        _table_endpoints, "", "Where other regions' DynamoDB is, if not at AWS: region=url ..."
    ),
    "EVERHOP_HOME_READ_MS": Setting(
        _milliseconds, "150", "How long a visitor of an unknown link waits for its home region."
    ),
    "EVERHOP_PUBLIC_URL": Setting(
        _base_url, "", "What short links begin with; the API's own /r when unset."
    ),
    "EVERHOP_HOSTS": Setting(_hosts, "", "Our other hosts: destinations there would loop."),
    "EVERHOP_API_KEY_HASH": Setting(_digest, "", "SHA-256 of the bootstrap key, hexadecimal."),
    "EVERHOP_SLUG_CASE": Setting(
        _one_of("insensitive", "sensitive"), "insensitive", "Choose once, before the first link."
    ),
    "EVERHOP_UNICODE_SLUGS": Setting(_switch, "off", "Allow letters of any script and emoji."),
    "EVERHOP_DENIED_SLUGS": Setting(_words, "", "Words that no slug may contain."),
    "EVERHOP_EXTRA_SCHEMES": Setting(_schemes, "", "Schemes to allow besides http and https."),
    "EVERHOP_PRIVATE_DESTINATIONS": Setting(
        _one_of("allow", "deny"), "deny", "Whether links may lead to private addresses."
    ),
    "EVERHOP_DENIED_HOSTS": Setting(_hosts, "", "Hosts that no link may lead to."),
    "EVERHOP_DENY_SHORTENERS": Setting(_switch, "off", "Refuse links to other shorteners."),
    "EVERHOP_REQUIRE_IF_MATCH": Setting(_switch, "off", "Refuse changes that name no version."),
    "EVERHOP_RATE_LIMIT": Setting(_limit, "600", "Requests a minute, key and region; or off."),
    "EVERHOP_CORS_ORIGINS": Setting(_origins, "", "Origins whose pages may use the API."),
    _LOG: Setting(
        _one_of("on", "off", "debug"), "on", "A line a request; debug: mistakes with their text."
    ),
    "EVERHOP_STAGE": Setting(_stage, "dev", "What logs and metrics call this deployment."),
    "EVERHOP_RELEASE": Setting(_name, "", "What is deployed: a version, or a commit."),
    "EVERHOP_BUCKET": Setting(bucket, "", "The S3 bucket for files; without it no exports."),
    "EVERHOP_WORKER": Setting(
        function, "", "The Lambda function of jobs; this one's name and -worker when unset."
    ),
    "EVERHOP_API_CACHE": Setting(_switch, "off", "Answer as the stage's cache needs it."),
    "EVERHOP_DAX": Setting(cluster, "", "The DAX cluster's endpoint; none when unset."),
    "EVERHOP_DAX_CONNECT_MS": Setting(_milliseconds, "150", "How long a connection may take."),
    "EVERHOP_DAX_READ_MS": Setting(_milliseconds, "250", "How long DAX may take to answer."),
    "EVERHOP_DAX_FALLBACKS": Setting(
        _few, "16", "Reads a container asks the table for at once while DAX is away."
    ),
    "EVERHOP_ORIGIN_SECRETS": Setting(
        _origin_secrets, "", "What the edge proves itself with; nobody else is answered then."
    ),
    "EVERHOP_KEEP_WARM": Setting(_some, "0", "Links that the edge is asked for by schedule."),
    "EVERHOP_WARM_SLUGS": Setting(_in_order, "", "Those links, the most followed first."),
    "EVERHOP_STREAM": Setting(stream, "", "The table's stream here; without it no purges."),
    "EVERHOP_API_URL": Setting(_base_url, "", "This API's own address, whose cache is purged."),
    "EVERHOP_DISTRIBUTION": Setting(distribution, "", "The CloudFront distribution to purge."),
    "EVERHOP_PURGE": Setting(
        _one_of("all", "takedowns", "off"), "all", "What CloudFront is told, which costs by path."
    ),
}


class Config(NamedTuple):
    """The settings as the wiring wants them."""

    store: str
    table: str
    region: str
    public_url: str
    api_key_digest: str
    slugs: SlugPolicy
    destinations: DestinationPolicy
    require_if_match: bool = False
    rate_limit: int = 0
    cors_origins: frozenset[str] = frozenset()
    log: str = "off"
    stage: str = "dev"
    release: str = ""
    bucket: str = ""
    worker: str = ""
    api_cache: bool = False
    dax: str = ""
    dax_connect_for: float = 0.15
    dax_read_for: float = 0.25
    dax_fallbacks: int = 16
    origin_secrets: tuple[str, ...] = ()
    keep_warm: int = 0
    warm_slugs: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    table_endpoints: Mapping[str, str] = MappingProxyType({})
    home_read_for: float = 0.15
    stream: str = ""
    api_url: str = ""
    distribution: str = ""
    purge: Literal["all", "takedowns", "off"] = "all"

    @property
    def has_others(self) -> bool:
        """Whether the deployment has other regions than this one."""
        return len(self.regions) > 1

    @property
    def regions_from_here(self) -> tuple[str, ...]:
        """All regions, this one first; none where it is the only one."""
        if not self.has_others:
            return ()
        return tuple(sorted(self.regions, key=lambda region: region != self.region))

    @property
    def place(self) -> Place:
        """What logs, metrics and the health call where this is."""
        return Place(self.stage, self.region, self.release)

    @property
    def cursor_secret(self) -> bytes:
        """What cursors are signed with: the same in all regions, and nothing more to keep."""
        return hmac.digest(self.api_key_digest.encode(), b"everhop cursors 1", "sha256")

    @property
    def visitor_secret(self) -> bytes:
        """What visitors' addresses are hidden with where they are part of a name in the table."""
        return hmac.digest(self.api_key_digest.encode(), b"everhop visitors 1", "sha256")


def load(environ: Mapping[str, str] = os.environ) -> Config:
    """The configuration; ConfigError names the variable that can't be used."""
    values = {name: _read(name, setting, environ) for name, setting in SETTINGS.items()}
    store = values["EVERHOP_STORE"] or _default_store(environ)
    if store != values["EVERHOP_STORE"] and store == "memory":
        values[_PRIVATE] = environ.get(_PRIVATE, "allow")  # one's own machine, as `make run`
    if store == "memory":
        from chalicelib.core.access import digest_key  # noqa: PLC0415 - only here, not on Lambda

        values[_LOG] = environ.get(_LOG) or "debug"
        key = environ.get("EVERHOP_API_KEY") or DEVELOPMENT_KEY
        values["EVERHOP_API_KEY_HASH"] = values["EVERHOP_API_KEY_HASH"] or digest_key(key)
        values["EVERHOP_PUBLIC_URL"] = values["EVERHOP_PUBLIC_URL"] or _DEVELOPMENT_URL
    region = _region(values["EVERHOP_REGION"], environ)
    return Config(
        store=store,
        table=values["EVERHOP_TABLE"],
        region=region,
        regions=_regions(values["EVERHOP_REGIONS"], region),
        table_endpoints=values["EVERHOP_TABLE_ENDPOINTS"],
        home_read_for=values["EVERHOP_HOME_READ_MS"],
        public_url=values["EVERHOP_PUBLIC_URL"],
        api_key_digest=values["EVERHOP_API_KEY_HASH"],
        slugs=slug_policy(values),
        destinations=destination_policy(values),
        require_if_match=values["EVERHOP_REQUIRE_IF_MATCH"],
        rate_limit=values["EVERHOP_RATE_LIMIT"],
        cors_origins=values["EVERHOP_CORS_ORIGINS"],
        log=values[_LOG],
        stage=values["EVERHOP_STAGE"],
        release=values["EVERHOP_RELEASE"],
        bucket=values["EVERHOP_BUCKET"],
        worker=values["EVERHOP_WORKER"] or _worker(environ.get("AWS_LAMBDA_FUNCTION_NAME", "")),
        api_cache=values["EVERHOP_API_CACHE"],
        dax=values["EVERHOP_DAX"],
        dax_connect_for=values["EVERHOP_DAX_CONNECT_MS"],
        dax_read_for=values["EVERHOP_DAX_READ_MS"],
        dax_fallbacks=values["EVERHOP_DAX_FALLBACKS"],
        origin_secrets=values["EVERHOP_ORIGIN_SECRETS"],
        keep_warm=values["EVERHOP_KEEP_WARM"],
        warm_slugs=values["EVERHOP_WARM_SLUGS"],
        stream=values["EVERHOP_STREAM"],
        api_url=values["EVERHOP_API_URL"],
        distribution=values["EVERHOP_DISTRIBUTION"],
        purge=values["EVERHOP_PURGE"],
    )


def _read(name: str, setting: Setting, environ: Mapping[str, str]) -> Any:
    text = environ.get(name, setting.default).strip()
    try:
        return setting.parse(text)
    except _Hidden as error:
        raise ConfigError(f"{name} must be {error}.") from None
    except ValueError as error:
        raise ConfigError(f"{name} is {text!r}, but it must be {error}.") from None


def _default_store(environ: Mapping[str, str]) -> str:
    # Under the Chalice command line there is no role to use: `chalice local` works by itself.
    return "memory" if _under_chalice(environ) else "dynamodb"


def _under_chalice(environ: Mapping[str, str]) -> bool:
    return bool(environ.get("AWS_CHALICE_CLI_MODE"))


def _worker(own_name: str) -> str:
    # As `chalice deploy` names the functions of one app; the worker itself calls its successor.
    return own_name and own_name.removesuffix("-worker") + "-worker"


def _region(named: str, environ: Mapping[str, str]) -> str:
    return named or environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or "us-east-1"


def _regions(every: tuple[str, ...], here: str) -> tuple[str, ...]:
    if every and here not in every:
        # Two ideas of who is there would be two homes of one link.
        raise ConfigError(
            f"EVERHOP_REGIONS is {','.join(every)!r}, but it must name {here} too: this runs there."
        )
    return every or (here,)
