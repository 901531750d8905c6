"""The settings of one deployment: the only reader of the environment in what ships."""

import hmac
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from chalicelib.core.access import digest_key
from chalicelib.core.destinations import NEVER_SCHEMES, WEB_SCHEMES, DestinationPolicy
from chalicelib.core.hosts import bare_host
from chalicelib.core.slugs import SlugPolicy


# `chalice local` without a table has this key; links are then in memory and the server on loopback.
DEVELOPMENT_KEY = "eh_development_key"
_PRIVATE = "EVERHOP_PRIVATE_DESTINATIONS"
_DEVELOPMENT_URL = "http://127.0.0.1:8000/r"


_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*", re.ASCII)
_BASE_URL = re.compile(r"https?://[A-Za-z0-9.-]+(:\d{1,5})?(/[^?#\s]*)?", re.ASCII)


class ConfigError(ValueError):
    """A setting has a value that can't be used; the text names it and says what would do."""


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


def _digest(text: str) -> str:
    if text and (len(text) != 64 or not set(text) <= set("0123456789abcdef")):
        raise ValueError("64 hexadecimal digits, as `python -m tools key` prints")
    return text


SETTINGS: Mapping[str, Setting] = {
    "EVERHOP_STORE": Setting(
        _one_of("", "dynamodb", "memory"), "", "Where links are kept; memory forgets at exit."
    ),
    "EVERHOP_TABLE": Setting(str, "everhop-dev", "The DynamoDB table."),
    "EVERHOP_REGION": Setting(str, "", "This API's region; AWS_REGION when unset."),
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
    "EVERHOP_API_CACHE": Setting(_switch, "off", "Answer as the stage's cache needs it."),
}


@dataclass(frozen=True, slots=True)
class Config:
    """The settings as the wiring wants them."""

    store: str
    table: str
    region: str
    public_url: str
    api_key_digest: str
    slugs: SlugPolicy
    destinations: DestinationPolicy
    require_if_match: bool = False
    api_cache: bool = False
    under_chalice: bool = False

    @property
    def cursor_secret(self) -> bytes:
        """What cursors are signed with: the same in all regions, and nothing more to keep."""
        return hmac.digest(self.api_key_digest.encode(), b"everhop cursors 1", "sha256")


def load(environ: Mapping[str, str] = os.environ) -> Config:
    """The configuration; ConfigError names the variable that can't be used."""
    values = {name: _read(name, setting, environ) for name, setting in SETTINGS.items()}
    store = values["EVERHOP_STORE"] or _default_store(environ)
    if store != values["EVERHOP_STORE"] and store == "memory":
        values[_PRIVATE] = environ.get(_PRIVATE, "allow")  # one's own machine, as `make run`
    if store == "memory":
        key = environ.get("EVERHOP_API_KEY") or DEVELOPMENT_KEY
        values["EVERHOP_API_KEY_HASH"] = values["EVERHOP_API_KEY_HASH"] or digest_key(key)
        values["EVERHOP_PUBLIC_URL"] = values["EVERHOP_PUBLIC_URL"] or _DEVELOPMENT_URL
    return Config(
        store=store,
        table=values["EVERHOP_TABLE"],
        region=_region(values["EVERHOP_REGION"], environ),
        public_url=values["EVERHOP_PUBLIC_URL"],
        api_key_digest=values["EVERHOP_API_KEY_HASH"],
        slugs=_slug_policy(values),
        destinations=_destination_policy(values),
        require_if_match=values["EVERHOP_REQUIRE_IF_MATCH"],
        api_cache=values["EVERHOP_API_CACHE"],
        under_chalice=_under_chalice(environ),
    )


def _read(name: str, setting: Setting, environ: Mapping[str, str]) -> Any:
    text = environ.get(name, setting.default).strip()
    try:
        return setting.parse(text)
    except ValueError as error:
        raise ConfigError(f"{name} is {text!r}, but it must be {error}.") from None


def _default_store(environ: Mapping[str, str]) -> str:
    # Under the Chalice command line there is no role to use: `chalice local` works by itself.
    return "memory" if _under_chalice(environ) else "dynamodb"


def _under_chalice(environ: Mapping[str, str]) -> bool:
    return bool(environ.get("AWS_CHALICE_CLI_MODE"))


def _region(named: str, environ: Mapping[str, str]) -> str:
    return named or environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or "us-east-1"


def _slug_policy(values: Mapping[str, Any]) -> SlugPolicy:
    return SlugPolicy(
        case_sensitive=values["EVERHOP_SLUG_CASE"] == "sensitive",
        unicode=values["EVERHOP_UNICODE_SLUGS"],
        denied=values["EVERHOP_DENIED_SLUGS"],
    )


def _destination_policy(values: Mapping[str, Any]) -> DestinationPolicy:
    return DestinationPolicy(
        own_hosts=values["EVERHOP_HOSTS"] | _own_host(values["EVERHOP_PUBLIC_URL"]),
        extra_schemes=values["EVERHOP_EXTRA_SCHEMES"],
        denied_hosts=values["EVERHOP_DENIED_HOSTS"],
        deny_shorteners=values["EVERHOP_DENY_SHORTENERS"],
        allow_private=values["EVERHOP_PRIVATE_DESTINATIONS"] == "allow",
    )


def _own_host(public_url: str) -> frozenset[str]:
    return frozenset({bare_host(urlsplit(public_url).netloc)}) - {""}
