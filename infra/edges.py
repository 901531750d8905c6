"""The groups' edges: the settings of infra/global/edge.toml, what they come to, and their price."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.settings_files import SettingsFileError, must, read_tables, switch


EDGES = Path(__file__).parent / "global" / "edge.toml"
# USD a month, used or not: a web ACL with three rules; eight more metrics and three alarms.
FIREWALL, WATCH = 8.00, 2.70
_COUNTRY = re.compile(r"[A-Z]{2}")
_CHOICES = {
    "price_class": ("all", "200", "100"),
    "countries_are": ("none", "served", "refused"),
    "origin_shield": ("off", "static", "all"),
}
_GEO_MODES = {"none": "none", "served": "whitelist", "refused": "blacklist"}
# What CloudFormation would refuse later, and says less clearly.
_FORMS = {
    "domain": re.compile(r"([a-z0-9-]+(\.[a-z0-9-]+)+)?"),
    "certificate": re.compile(r"(arn:aws:acm:us-east-1:[0-9]{12}:certificate/.+)?"),
    "hosted_zone": re.compile(r"(Z[A-Z0-9]+)?"),
    "alarm_topic": re.compile(r"(arn:aws:sns:us-east-1:[0-9]{12}:.+)?"),
}


@dataclass(frozen=True, slots=True)
class GroupEdge:
    """The edge of one group of stages."""

    enabled: bool = False
    price_class: str = "all"
    countries_are: str = "none"
    countries: tuple[str, ...] = ()
    origin_shield: str = "off"
    firewall: bool = True
    domain: str = ""
    certificate: str = ""
    hosted_zone: str = ""
    alarm_topic: str = ""

    @property
    def parameters(self) -> dict[str, str]:
        """Those of infra/global/edge.yaml that follow from the settings alone."""
        return {
            "PriceClass": f"PriceClass_{self.price_class.capitalize()}",
            "GeoMode": _GEO_MODES[self.countries_are],
            "GeoCountries": ",".join(self.countries) or "US",  # without a meaning then
            "OriginShield": self.origin_shield,
            "DomainName": self.domain,
            "CertificateArn": self.certificate,
            "HostedZoneId": self.hosted_zone,
        }


def read_edges(path: Path = EDGES) -> dict[str, GroupEdge]:
    """The settings by group; SettingsFileError names what can't be used."""
    return {
        group: _checked(
            place, GroupEdge(**{key: _value(place, key, it) for key, it in table.items()})
        )
        for group, place, table in read_tables("infra/global", path, GroupEdge)
    }


def _value(place: str, key: str, given: Any) -> Any:
    if key in ("enabled", "firewall"):
        return switch(f"{place} {key}", given)
    if key == "countries":
        right = isinstance(given, list) and all(_COUNTRY.fullmatch(str(it)) for it in given)
        return tuple(must(right, given, f"{place} {key}", 'a list like ["DE", "AT"]'))
    if key in _CHOICES:
        return must(given in _CHOICES[key], given, f"{place} {key}", " or ".join(_CHOICES[key]))
    right = isinstance(given, str) and bool(_FORMS[key].fullmatch(given))
    return must(right, given, f"{place} {key}", f"like {_FORMS[key].pattern}")


def _checked(place: str, edge: GroupEdge) -> GroupEdge:
    if bool(edge.domain) != bool(edge.certificate):
        raise SettingsFileError(f"{place} domain and certificate need each other.")
    if edge.countries_are != "none" and not edge.countries:
        raise SettingsFileError(f"{place} countries is empty, so countries_are must be none.")
    return edge
