"""Visitors: what their headers are taken for, and that no header can do harm."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.visitors import (
    DEVICES,
    Visitor,
    is_robot,
    network_of,
    preferred_languages,
)


SAFARI = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
AGENTS = {
    f"Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) {SAFARI} Version/18.5 Mobile/15E148 "
    "Safari/604.1": "phone ios",
    f"Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) {SAFARI} CriOS/140.0.7339.101 "
    "Mobile/15E148 Safari/604.1": "phone ios",
    f"Mozilla/5.0 (iPad; CPU OS 18_5 like Mac OS X) {SAFARI} CriOS/140.0.7339.101 Mobile/15E148 "
    "Safari/604.1": "tablet ios",
    # Chrome on an iPad that asks for the desktop's page is told from a Mac; Safari is not.
    f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {SAFARI} CriOS/140 Version/11.1.1 "
    "Safari/605.1.15": "tablet ios",
    f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {SAFARI} Version/18.5 "
    "Safari/605.1.15": "desktop macos",
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 "
    "Mobile Safari/537.36": "phone android",
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 "
    "Safari/537.36": "tablet android",
    "Mozilla/5.0 (Android 14; Tablet; rv:140.0) Gecko/140.0 Firefox/140.0": "tablet android",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Edg/140.0": "desktop windows",
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0": "desktop linux",
    "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 Chrome/140.0": "desktop",
    "curl/8.14.1": "",
    "Amazon CloudFront": "",
    "": "",
    "Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X) AppleWebKit/537.36 Mobile Safari/537.36 "
    "(compatible; Googlebot/2.1; +http://www.google.com/bot.html)": "bot",
}


@pytest.mark.parametrize(("agent", "devices"), AGENTS.items())
def test_devices_by_user_agent(agent: str, devices: str) -> None:
    """A class and a system; a robot is that alone, whatever phone it says it is on."""
    found = Visitor(headers={"user-agent": agent}).devices

    assert found == set(devices.split())
    assert found <= set(DEVICES)


@pytest.mark.parametrize(
    ("told", "devices"),
    [
        ({"mobile": "true"}, "phone"),
        ({"mobile": "true", "tablet": "true", "android": "true"}, "tablet android"),
        ({"mobile": "true", "ios": "true"}, "phone ios"),
        ({"mobile": "false", "desktop": "true"}, "desktop"),
        ({"mobile": "false", "desktop": "false"}, ""),
    ],
)
def test_devices_by_the_edge(told: dict[str, str], devices: str) -> None:
    """What CloudFront tells counts when it does not hand on the user agent."""
    headers = {f"cloudfront-is-{name}-viewer": value for name, value in told.items()}

    found = Visitor(headers={**headers, "user-agent": "Amazon CloudFront"}).devices
    assert found == set(devices.split())


ROBOTS = [
    "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
    "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "TelegramBot (like TwitterBot)",
    "WhatsApp/2.23.20.0 A",
    "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)",
    "LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.com)",
    "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5 skype-url-preview@ms.com",
    (
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_11_1) AppleWebKit/601.2.4 (KHTML, like Gecko) "
        "Version/9.0.1 Safari/601.2.4 facebookexternalhit/1.1 Facebot Twitterbot/1.0"
    ),
    "Mozilla/5.0 (compatible; Yahoo! Slurp; http://help.yahoo.com/help/us/ysearch/slurp)",
    "Mozilla/5.0 (compatible; GPTBot/1.2; +https://openai.com/gptbot)",
    "Baiduspider+(+http://www.baidu.com/search/spider.htm)",
    "http.rb/5.1.1 (Mastodon/4.2.0; +https://example.social/)",
]
PEOPLE = [
    *(agent for agent, devices in AGENTS.items() if devices != "bot"),
    "Mozilla/5.0 (Linux; Android 9; CUBOT X19 Build/PPR1) AppleWebKit/537.36 Mobile Safari/537.36",
    "Mozilla/5.0 (Linux; Android 12; CUBOT_NOTE_30) AppleWebKit/537.36 Mobile Safari/537.36",
    (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) Mobile/15E148 "
        "[FBAN/FBIOS;FBAV/480.0;FBDV/iPhone14,5]"
    ),
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) Mobile [Pinterest/iOS]",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) Twitter for iPhone/10.1",
    "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Mobile Safari/537.36 DuckDuckGo/5",
    "python-requests/2.32.4",
]


@pytest.mark.parametrize("agent", ROBOTS)
def test_robots(agent: str) -> None:
    """Crawlers and link previews, in any case."""
    assert is_robot(agent)
    assert is_robot(agent.upper())


@pytest.mark.parametrize("agent", PEOPLE)
def test_people(agent: str) -> None:
    """Browsers, in-app browsers, phones by Cubot, and HTTP clients that a person may have typed."""
    assert not is_robot(agent)


LANGUAGES = {
    "": "",
    "*": "",
    "*, de;q=0.5": "de",
    "de": "de",
    "de-AT": "de-at de",
    "de-DE,de;q=0.9,en-US;q=0.8,en;q=0.7": "de-de de",
    "en-US,es-ES;q=0.6,*;q=0.1": "en-us en",
    "es_ES": "es-es es",
    "zh-Hant-TW, en;q=0.5": "zh-hant-tw zh-hant zh",
    "en;q=0.4, fr;q=0.9, de;q=0.9": "fr de",
    "de;q=0.5": "de",
    "de;q=0": "",
    "de;q=0, en;q=0.1": "en",
    "en ; q = 0.5 , de": "de",
    "de;q=2, en;q=0.1": "en",
    "de;q=-1, en;q=nan, fr;q=zz, it;q=0.1": "it",
    "DE": "de",
    ";;;,,,": "",
    "\ud800": "",
    "dé": "",
}


@pytest.mark.parametrize(("header", "expected"), LANGUAGES.items())
def test_languages(header: str, expected: str) -> None:
    """Those of the highest weight, each with what is wider; what is no language is left out."""
    assert preferred_languages(header) == tuple(expected.split())


@pytest.mark.parametrize(
    "text",
    ["x" * 8000, "de-" * 2700, "a" + " " * 8000 + "!", "a;" + " " * 8000 + "!", "de," * 2700]
    + ["bot" * 2700 + "a", "a;q=" + "0" * 8000, "\xff\xfe" * 4000, "Android" * 1200],
)
def test_long_headers_cost_little(text: str) -> None:
    """Eight kilobytes of anything are read in no time that a visitor would notice."""
    headers = dict.fromkeys(
        ["user-agent", "accept-language", "cloudfront-viewer-country", "cloudfront-viewer-address"],
        text,
    )
    started = time.process_time()
    visitor = Visitor(query=text, headers=headers)
    _ = visitor.country, visitor.devices, visitor.languages, visitor.parameters, visitor.place("s")

    assert time.process_time() - started < 1  # a tenth of a millisecond, unless it is squared


@given(st.text(), st.text(), st.text())
def test_no_header_fails(agent: str, languages: str, other: str) -> None:
    """Whatever is sent, each part of a visitor has a value."""
    headers = {
        "user-agent": agent,
        "accept-language": languages,
        "cloudfront-viewer-country": other,
        "cloudfront-viewer-address": other,
    }
    visitor = Visitor(other, agent, headers, languages)

    assert visitor.devices <= set(DEVICES)
    assert visitor.country == "" or len(visitor.country) == 2
    assert all(one == one.lower() for one in visitor.languages)
    assert 0 <= visitor.place(other) < 2**64


@pytest.mark.parametrize(
    ("sent", "country"), [("DE", "DE"), ("de", "DE"), ("DEU", ""), ("", ""), ("D1", ""), ("ſs", "")]
)
def test_countries(sent: str, country: str) -> None:
    """Two ASCII letters, or none."""
    assert Visitor(headers={"cloudfront-viewer-country": sent}).country == country


def test_a_place_is_of_network_and_browser() -> None:
    """The same network and browser come back to their place; another of either has another."""

    def place(address: str, agent: str = "A", **headers: str) -> int:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return Visitor(headers={"user-agent": agent, **sent}, address=address).place("s")

    assert place("192.0.2.1") == place("192.0.2.1") != place("192.0.2.2")
    assert place("192.0.2.1") != place("192.0.2.1", "B")
    # The lower half of an IPv6 address is new every day.
    assert place("2001:db8::1") == place("2001:db8::ffff:1") != place("2001:db8:0:1::1")
    # The edge's word counts before the connection's, and that of proxies not at all.
    assert place("192.0.2.1") == place("10.0.0.1", cloudfront_viewer_address="192.0.2.1:46532")
    assert place("2001:db8::1") == place("", cloudfront_viewer_address="2001:db8::2:46532")
    assert place("10.0.0.1") == place("10.0.0.1", x_forwarded_for="192.0.2.1, 10.9.9.9")


@pytest.mark.parametrize("text", ["", "rubbish", ":::", "1:2:3", "[2001:db8::1]", "fe80::1%eth0"])
def test_an_address_that_is_none(text: str) -> None:
    """It is only ever hashed, so it may be anything."""
    assert isinstance(network_of(text), str)


def test_a_repeated_parameter_has_all_its_values() -> None:
    """Decoded once, with `+` for a space."""
    visitor = Visitor("a=1&a=2&b&c=x%20y+z%2520&=&%61=3")

    assert visitor.parameters == {
        "a": {"1", "2", "3"},
        "b": {""},
        "c": {"x y z%20"},
        "": {""},
    }
