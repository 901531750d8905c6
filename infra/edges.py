"""The groups' edges: the settings of infra/global/edge.toml, what they come to, and their price."""

import re
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any


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


class EdgeSwitchError(ValueError):
    """A setting can't be used; the text names the file, the group and the field."""


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
    """The settings by group; EdgeSwitchError names what can't be used."""
    name = f"infra/global/{path.name}"
    try:
        groups = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise EdgeSwitchError(f"{name} can't be read: {error}") from None
    return {group: _read_group(f"{name}: [{group}]", table) for group, table in groups.items()}


def _read_group(place: str, table: Any) -> GroupEdge:
    known = [field.name for field in fields(GroupEdge)]
    if not isinstance(table, dict):
        raise EdgeSwitchError(f"{place} must be a table with {', '.join(known)}.")
    unknown = sorted(set(table) - set(known))
    if unknown:
        raise EdgeSwitchError(f"{place} {unknown[0]} is unknown; there are {', '.join(known)}.")
    return _checked(place, GroupEdge(**{key: _value(place, key, it) for key, it in table.items()}))


def _value(place: str, key: str, given: Any) -> Any:
    if key in ("enabled", "firewall"):
        right = isinstance(given, bool)
        return _must(right, given, f"{place} {key}", "true or false")
    if key == "countries":
        right = isinstance(given, list) and all(_COUNTRY.fullmatch(str(it)) for it in given)
        return tuple(_must(right, given, f"{place} {key}", 'a list like ["DE", "AT"]'))
    if key in _CHOICES:
        return _must(given in _CHOICES[key], given, f"{place} {key}", " or ".join(_CHOICES[key]))
    right = isinstance(given, str) and bool(_FORMS[key].fullmatch(given))
    return _must(right, given, f"{place} {key}", f"like {_FORMS[key].pattern}")


def _must(is_right: bool, given: Any, place: str, wanted: str) -> Any:
    if not is_right:
        raise EdgeSwitchError(f"{place} is {given!r}, but it must be {wanted}.")
    return given


def _checked(place: str, edge: GroupEdge) -> GroupEdge:
    if bool(edge.domain) != bool(edge.certificate):
        raise EdgeSwitchError(f"{place} domain and certificate need each other.")
    if edge.countries_are != "none" and not edge.countries:
        raise EdgeSwitchError(f"{place} countries is empty, so countries_are must be none.")
    return edge
