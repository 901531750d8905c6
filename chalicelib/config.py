"""The settings of one deployment: the only reader of the environment in what ships."""

import hmac
import os
from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple

from chalicelib import setting_kinds as kinds
from chalicelib.core.destinations import DestinationPolicy
from chalicelib.core.logs import Place
from chalicelib.core.slugs import SlugPolicy
from chalicelib.policies import destination_policy, slug_policy


# `chalice local` without a table has this key; links are then in memory and the server on loopback.
DEVELOPMENT_KEY = "eh_development_key"
_LOG = "EVERHOP_LOG"
_PRIVATE = "EVERHOP_PRIVATE_DESTINATIONS"
_DEVELOPMENT_URL = "http://127.0.0.1:8000/r"


class ConfigError(ValueError):
    """A setting has a value that can't be used; the text names it and says what would do."""


class Setting(NamedTuple):
    """One environment variable: how it is read, its default as text, and what it is for."""

    parse: Callable[[str], Any]
    default: str
    help: str


SETTINGS: Mapping[str, Setting] = {
    "EVERHOP_STORE": Setting(
        kinds.one_of("", "dynamodb", "memory"), "", "Where links are kept; memory forgets at exit."
    ),
    "EVERHOP_TABLE": Setting(str, "everhop-dev", "The DynamoDB table."),
    "EVERHOP_REGION": Setting(str, "", "This API's region; AWS_REGION when unset."),
    "EVERHOP_REGIONS": Setting(
        kinds.regions, "", "All regions of the deployment, this one among them; it alone if unset."
    ),
    "EVERHOP_TABLE_ENDPOINTS": Setting(
        kinds.table_endpoints, "", "Where other regions' DynamoDB is, if not at AWS: region=url ..."
    ),
    "EVERHOP_HOME_READ_MS": Setting(
        kinds.milliseconds,
        "150",
        "How long a visitor of an unknown link waits for its home region.",
    ),
    "EVERHOP_PUBLIC_URL": Setting(
        kinds.base_url, "", "What short links begin with; the API's own /r when unset."
    ),
    "EVERHOP_HOSTS": Setting(kinds.hosts, "", "Our other hosts: destinations there would loop."),
    "EVERHOP_API_KEY_HASH": Setting(kinds.digest, "", "SHA-256 of the bootstrap key, hexadecimal."),
    "EVERHOP_SLUG_CASE": Setting(
        kinds.one_of("insensitive", "sensitive"),
        "insensitive",
        "Choose once, before the first link.",
    ),
    "EVERHOP_UNICODE_SLUGS": Setting(kinds.switch, "off", "Allow letters of any script and emoji."),
    "EVERHOP_DENIED_SLUGS": Setting(kinds.words, "", "Words that no slug may contain."),
    "EVERHOP_EXTRA_SCHEMES": Setting(kinds.schemes, "", "Schemes to allow besides http and https."),
    "EVERHOP_PRIVATE_DESTINATIONS": Setting(
        kinds.one_of("allow", "deny"), "deny", "Whether links may lead to private addresses."
    ),
    "EVERHOP_DENIED_HOSTS": Setting(kinds.hosts, "", "Hosts that no link may lead to."),
    "EVERHOP_DENY_SHORTENERS": Setting(kinds.switch, "off", "Refuse links to other shorteners."),
    "EVERHOP_REQUIRE_IF_MATCH": Setting(
        kinds.switch, "off", "Refuse changes that name no version."
    ),
    "EVERHOP_RATE_LIMIT": Setting(kinds.limit, "600", "Requests a minute, key and region; or off."),
    "EVERHOP_CORS_ORIGINS": Setting(kinds.origins, "", "Origins whose pages may use the API."),
    _LOG: Setting(
        kinds.one_of("on", "off", "debug"),
        "on",
        "A line a request; debug: mistakes with their text.",
    ),
    "EVERHOP_STAGE": Setting(kinds.stage, "dev", "What logs and metrics call this deployment."),
    "EVERHOP_RELEASE": Setting(kinds.name, "", "What is deployed: a version, or a commit."),
    "EVERHOP_BUCKET": Setting(kinds.bucket, "", "The S3 bucket for files; without it no exports."),
    "EVERHOP_WORKER": Setting(
        kinds.function, "", "The Lambda function of jobs; this one's name and -worker when unset."
    ),
    "EVERHOP_API_CACHE": Setting(kinds.switch, "off", "Answer as the stage's cache needs it."),
    "EVERHOP_DAX": Setting(kinds.cluster, "", "The DAX cluster's endpoint; none when unset."),
    "EVERHOP_DAX_CONNECT_MS": Setting(kinds.milliseconds, "150", "How long a connection may take."),
    "EVERHOP_DAX_READ_MS": Setting(kinds.milliseconds, "250", "How long DAX may take to answer."),
    "EVERHOP_DAX_FALLBACKS": Setting(
        kinds.few, "16", "Reads a container asks the table for at once while DAX is away."
    ),
    "EVERHOP_ORIGIN_SECRETS": Setting(
        kinds.origin_secrets, "", "What the edge proves itself with; nobody else is answered then."
    ),
    "EVERHOP_KEEP_WARM": Setting(kinds.some, "0", "Links that the edge is asked for by schedule."),
    "EVERHOP_WARM_SLUGS": Setting(kinds.in_order, "", "Those links, the most followed first."),
    "EVERHOP_WARM_WORKSPACES": Setting(
        kinds.workspaces, "default", "Whose links are looked at for the most followed."
    ),
    "EVERHOP_STREAM": Setting(kinds.stream, "", "The table's stream here; without it no purges."),
    "EVERHOP_LOGS": Setting(
        kinds.bucket, "", "The S3 bucket of access logs; without it no clicks."
    ),
    "EVERHOP_LOG_REGIONS": Setting(
        kinds.regions, "", "The regions that are told of each log file; this one alone if unset."
    ),
    "EVERHOP_DEAD_LOGS": Setting(
        kinds.queue, "", "The SQS queue for log files that can't be counted."
    ),
    "EVERHOP_HONOUR_GPC": Setting(
        kinds.switch, "on", "Count the click alone of who asks not to be tracked, where logs tell."
    ),
    "EVERHOP_API_URL": Setting(
        kinds.base_url, "", "This API's own address, whose cache is purged."
    ),
    "EVERHOP_DISTRIBUTION": Setting(
        kinds.distribution, "", "The CloudFront distribution to purge."
    ),
    "EVERHOP_PURGE": Setting(
        kinds.one_of("all", "takedowns", "off"),
        "all",
        "What CloudFront is told, which costs by path.",
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
    warm_workspaces: tuple[str, ...] = ("default",)
    regions: tuple[str, ...] = ()
    table_endpoints: tuple[tuple[str, str], ...] = ()  # region, url
    home_read_for: float = 0.15
    stream: str = ""
    logs: str = ""
    log_regions: tuple[str, ...] = ()
    dead_logs: str = ""
    honour_gpc: bool = True
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
        warm_workspaces=values["EVERHOP_WARM_WORKSPACES"],
        stream=values["EVERHOP_STREAM"],
        logs=values["EVERHOP_LOGS"],
        log_regions=_regions(values["EVERHOP_LOG_REGIONS"], region, "EVERHOP_LOG_REGIONS"),
        dead_logs=values["EVERHOP_DEAD_LOGS"],
        honour_gpc=values["EVERHOP_HONOUR_GPC"],
        api_url=values["EVERHOP_API_URL"],
        distribution=values["EVERHOP_DISTRIBUTION"],
        purge=values["EVERHOP_PURGE"],
    )


def _read(name: str, setting: Setting, environ: Mapping[str, str]) -> Any:
    text = environ.get(name, setting.default).strip()
    try:
        return setting.parse(text)
    except kinds.Hidden as error:
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


def _regions(every: tuple[str, ...], here: str, name: str = "EVERHOP_REGIONS") -> tuple[str, ...]:
    if every and here not in every:
        # Two ideas of who is there would be two homes of one link.
        raise ConfigError(
            f"{name} is {','.join(every)!r}, but it must name {here} too: this runs there."
        )
    return every or (here,)
