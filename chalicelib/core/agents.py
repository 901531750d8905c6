"""Families of browsers, systems and devices, as few as a chart can show.

A family is told by a token in the user agent, in an order that lets the copied ones be: every
browser calls itself Safari or Chrome as well. No list of thousands of patterns: those tell
versions and models, which nobody counts here, and read one agent in the time of a whole line.
"""

from typing import NamedTuple

from chalicelib.core.counts import UNKNOWN, name_of
from chalicelib.core.visitors import class_of, is_robot, system_of


# Who asks whether we are there. The last is our own: see store/edge_calls.
_CHECKERS = (
    "Amazon-Route53-Health-Check-Service",
    "ELB-HealthChecker/",
    "GoogleHC/",
    "kube-probe/",
    "CloudWatchSynthetics/",
    "Everhop-keep-warm/",
)
# Apps that show pages in a window of their own first, then browsers by how often they are copied.
_BROWSERS = (
    ("FBAN/", "Facebook"),
    ("FBAV/", "Facebook"),
    ("Instagram ", "Instagram"),
    ("musical_ly", "TikTok"),
    ("BytedanceWebview", "TikTok"),
    ("Snapchat", "Snapchat"),
    ("LinkedInApp", "LinkedIn"),
    ("Pinterest", "Pinterest"),
    ("MicroMessenger/", "WeChat"),
    (" Line/", "LINE"),
    ("Edg/", "Edge"),
    ("EdgA/", "Edge"),
    ("EdgiOS/", "Edge"),
    ("Edge/", "Edge"),
    ("OPR/", "Opera"),
    ("OPiOS/", "Opera"),
    ("Opera", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("YaBrowser/", "Yandex"),
    ("UCBrowser/", "UC Browser"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("MSIE ", "Internet Explorer"),
    ("Trident/", "Internet Explorer"),
    ("Safari/", "Safari"),
)
_PROGRAMS = (
    "curl/ Wget/ python- Python/ Python-urllib/ aiohttp/ httpx/ Go-http-client/ okhttp/ Java/ "
    "Apache-HttpClient/ axios/ node-fetch/ undici PostmanRuntime/ HTTPie/ libwww-perl/ Ruby"
).split()
PROGRAM = "(program)"


class Agent(NamedTuple):
    """As whom a user agent is counted, and under which names when that is as a person."""

    kind: str
    names: tuple[str, ...]


def read_agent(user_agent: str) -> Agent:
    """How requests of this user agent are counted; an empty one may be a person's."""
    if any(map(user_agent.__contains__, _CHECKERS)):
        return Agent("checks", ())
    if is_robot(user_agent):
        return Agent("bots", ())
    device, system = class_of(user_agent), system_of(user_agent)
    return Agent(
        "clicks",
        (
            name_of("device", device or UNKNOWN),
            name_of("browser", browser_of(user_agent)),
            name_of("system", system or ("chromeos" if "CrOS" in user_agent else UNKNOWN)),
        ),
    )


def browser_of(user_agent: str) -> str:
    """The browser's family; PROGRAM for HTTP clients that say so, UNKNOWN for what is none."""
    for token, family in _BROWSERS:
        if token in user_agent:
            return family
    return PROGRAM if user_agent.startswith(tuple(_PROGRAMS)) else UNKNOWN
