"""What a deployment's settings come to for slugs and destinations."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from chalicelib.core.destinations import DestinationPolicy
from chalicelib.core.hosts import bare_host
from chalicelib.core.slugs import SlugPolicy


def slug_policy(values: Mapping[str, Any]) -> SlugPolicy:
    """How slugs are spelled, of the settings by their names."""
    return SlugPolicy(
        case_sensitive=values["EVERHOP_SLUG_CASE"] == "sensitive",
        unicode=values["EVERHOP_UNICODE_SLUGS"],
        denied=values["EVERHOP_DENIED_SLUGS"],
    )


def destination_policy(values: Mapping[str, Any]) -> DestinationPolicy:
    """Where links may lead, of the settings by their names."""
    return DestinationPolicy(
        own_hosts=values["EVERHOP_HOSTS"] | _own_host(values["EVERHOP_PUBLIC_URL"]),
        extra_schemes=values["EVERHOP_EXTRA_SCHEMES"],
        denied_hosts=values["EVERHOP_DENIED_HOSTS"],
        deny_shorteners=values["EVERHOP_DENY_SHORTENERS"],
        allow_private=values["EVERHOP_PRIVATE_DESTINATIONS"] == "allow",
    )


def _own_host(public_url: str) -> frozenset[str]:
    return frozenset({bare_host(urlsplit(public_url).netloc)}) - {""}
