"""Visitors: what a request tells of who follows a link, read only when the link asks for it.

Headers are what the edge and the browser say. A visitor may forge each of them, and changes nobody
else's redirect by that: a rule chooses a destination, it guards none.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from ipaddress import IPv6Network, ip_address
from urllib.parse import parse_qsl


PHONE, TABLET, DESKTOP, BOT = "phone", "tablet", "desktop", "bot"
DEVICES = (PHONE, TABLET, DESKTOP, BOT, "ios", "android", "windows", "macos", "linux")
# What the edge says of a request, in the names of its headers; it overwrites what a client says.
# The query and the path after the slug as they were typed:
RAW_QUERY, EXTRA_PATH = "everhop-query", "everhop-path"
# That it is the edge: see origin_proofs.
PROOF = "everhop-edge"
# The visitor's address, when it is proven that the edge says it.
ADDRESS = "everhop-address"
# What of a visitor is in the key of a cache, read from the same headers that we would read.
DEVICE, LANGUAGE = "everhop-device", "everhop-language"
# That the edge keeps the answer for everyone with this query, though no other cache may.
SHARED = "everhop-shared"
# Far more than any browser sends; the rest of a longer header is not read.
_LONGEST_AGENT = 2048
_MOST_RANGES = 50

# Crawlers, and what fetches a link to show a preview of it. Most say `bot`, but Cubot makes phones.
# In-app browsers (Instagram, Facebook's FBAN, Pinterest) are people.
_BOT = r"(?<!cu)bots?(?![a-z])"
_ROBOTS = (
    "crawl spider slurp preview facebookexternalhit facebookcatalog meta-external whatsapp/ "
    "line-poker slack-imgproxy embedly iframely vkshare mastodon/ pleroma mediapartners "
    "feedfetcher apis-google googleother googleimageproxy google-inspectiontool google-read-aloud "
    "google-extended google-safety google-pagerenderer google-site-verification ia_archiver "
    "chatgpt-user perplexity-user lighthouse pagespeed uptime pingdom"
).split()
_EDGE_CLASSES = (("tablet", TABLET), ("mobile", PHONE), ("desktop", DESKTOP))
# Compiled when it is first used: a cold start should not pay for it.
_RANGE = r"([a-z]{1,8}(?:[-_][a-z0-9]{1,8}){0,8})(?:\s*;\s*q\s*=\s*(0(?:\.[0-9]*)?|1(?:\.0*)?))?"


@dataclass(frozen=True)
class Visitor:
    """Who follows: the raw query, the path after the slug, the headers (names in lower case).

    `address` is the IP address that the platform saw, for when the edge names none.
    """

    query: str = ""
    path: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    address: str = ""

    @cached_property
    def user_agent(self) -> str:
        """What the browser calls itself; empty when it does not."""
        return self.headers.get("user-agent", "")[:_LONGEST_AGENT]

    @cached_property
    def country(self) -> str:
        """The ISO 3166-1 code that CloudFront found for the address; empty when it is not known."""
        code = self.headers.get("cloudfront-viewer-country", "")
        return code.upper() if len(code) == 2 and code.isascii() and code.isalpha() else ""

    @cached_property
    def devices(self) -> frozenset[str]:
        """Those of DEVICES that the visitor's is: a class and a system, or `bot` alone, or none."""
        if DEVICE in self.headers:
            return frozenset(self.headers[DEVICE].split("+")) & frozenset(DEVICES)
        robot, kind, system = _read_agent(self.user_agent)
        if robot:
            return frozenset({BOT})
        # The edge says yes or no to each of them, or nothing at all.
        if "cloudfront-is-mobile-viewer" in self.headers:
            told_kind, told_system = self._told_by_edge()
            kind, system = told_kind or kind, told_system or system
        return frozenset({kind, system} - {""})

    def _told_by_edge(self) -> tuple[str | None, str | None]:
        def says(what: str) -> bool:
            return self.headers.get(f"cloudfront-is-{what}-viewer") == "true"

        # Of a tablet it may also say that it is mobile.
        kind = next((name for what, name in _EDGE_CLASSES if says(what)), None)
        return kind, next(filter(says, ("ios", "android")), None)

    @cached_property
    def languages(self) -> tuple[str, ...]:
        """The languages that the visitor likes best, in lower case, each followed by wider ones.

        `de-at` is followed by `de`, as in the lookup of RFC 4647. Those with the same weight stand
        together; `*` says nothing, as it means all of them alike.
        """
        told = self.headers.get(LANGUAGE)
        return preferred_languages(
            self.headers.get("accept-language", "") if told is None else told
        )

    @cached_property
    def parameters(self) -> Mapping[str, frozenset[str]]:
        """The query's parameters, decoded once, each with all the values that it has."""
        found: dict[str, set[str]] = {}
        for name, value in parse_qsl(self.query, keep_blank_values=True):
            found.setdefault(name, set()).add(value)
        return {name: frozenset(values) for name, values in found.items()}

    def place(self, seed: str) -> int:
        """A number from 0 to 2**64 - 1, the same whenever this visitor comes with this seed.

        It is made of the network and the browser, so nothing is stored, in no cookie either: who
        changes either is another visitor, and two who share both are one.
        """
        text = f"{seed}\n{network_of(self._nearest_address)}\n{self.user_agent}"
        digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
        return int.from_bytes(digest, "big")

    @property
    def _nearest_address(self) -> str:
        # Never from X-Forwarded-For, which the visitor may have begun.
        edge = self.headers.get("cloudfront-viewer-address", "").rpartition(":")[0]
        return edge or self.address


# Browsers have few names, and who follows links by the thousand has one of them: most are known.
@lru_cache(maxsize=256)
def _read_agent(user_agent: str) -> tuple[bool, str, str]:
    return is_robot(user_agent), class_of(user_agent), system_of(user_agent)


def is_robot(user_agent: str) -> bool:
    """Whether a program that names itself follows, and no person: crawlers and link previews.

    HTTP clients (curl, libraries) and requests without a user agent are not: a person may be
    behind them. A program that calls itself a browser can't be told from one.
    """
    name = user_agent[:_LONGEST_AGENT].lower()
    if "bot" in name and re.search(_BOT, name):
        return True
    return any(map(name.__contains__, _ROBOTS))


def class_of(user_agent: str) -> str:
    """The class of device that a user agent tells of; empty when it tells of none.

    Safari on an iPad calls itself a Mac and counts as a desktop; Chrome there can be told, as only
    iOS has CriOS. An Android device without `Mobile` is a tablet.
    """
    has = user_agent.__contains__
    if has("iPhone") or has("iPod"):
        return PHONE
    if has("iPad") or (has("Macintosh") and _is_ios(user_agent)):
        return TABLET
    if has("Android") and not has("Mobile"):
        return TABLET
    if has("Mobile"):
        return PHONE
    on_desk = ("Windows NT", "Macintosh", "X11", "CrOS", "Linux x86_64")
    return DESKTOP if any(map(has, on_desk)) else ""


_SYSTEMS = (
    ("Android", "android"),
    ("Windows", "windows"),
    ("Macintosh", "macos"),
    ("CrOS", ""),
    ("Linux", "linux"),
)


def system_of(user_agent: str) -> str:
    """The operating system that a user agent tells of; empty when it tells of none."""
    if _is_ios(user_agent):
        return "ios"
    return next((name for token, name in _SYSTEMS if token in user_agent), "")


def _is_ios(user_agent: str) -> bool:
    # The other browsers on iOS, which keep their token when they ask for the desktop's page.
    tokens = ("iPhone", "iPad", "iPod", "CriOS/", "FxiOS/", "EdgiOS/")
    return any(map(user_agent.__contains__, tokens))


@lru_cache(maxsize=256)
def preferred_languages(header: str) -> tuple[str, ...]:
    """The ranges of an Accept-Language with its highest weight, each with the wider ones after it.

    What is not of the header's grammar is left out; an underscore passes for the hyphen.
    """
    parts = header.lower().split(",", _MOST_RANGES)[:_MOST_RANGES]
    matches = [re.fullmatch(_RANGE, part.strip()) for part in parts]
    ranges = [(float(one[2] or 1), one[1].replace("_", "-")) for one in matches if one]
    best = max((weight for weight, _ in ranges), default=0.0)
    if best == 0:
        return ()
    liked = (name for weight, name in ranges if weight == best)
    return tuple(dict.fromkeys(wider for name in liked for wider in _widened(name)))


def _widened(name: str) -> list[str]:
    parts = name.split("-")
    return ["-".join(parts[:count]) for count in range(len(parts), 0, -1)]


def network_of(address: str) -> str:
    """An IPv4 address as it is, the /64 of an IPv6 one: its rest changes daily, for privacy."""
    if ":" not in address:
        return address
    try:
        return str(IPv6Network((int(ip_address(address.strip("[]"))), 64), strict=False))
    except ValueError:
        return address
