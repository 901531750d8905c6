"""The viewer-request function: one spelling for each link, and no word of a client's for ours."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st

from chalicelib.core.freshness import GENERATED_AT
from chalicelib.core.slugs import SlugPolicy, decode_slug, slug_key
from chalicelib.core.visitor_keys import device_key, language_key
from chalicelib.core.visitors import Visitor
from infra.edge import viewer_request
from infra.edge.settings import Settings
from tests.api.driver import make_api
from tests.edge import cloudfront
from tests.edge.conftest import CASES, baked


PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1 Mobile/15E148"
PHRASES = ["promo", "%70", "%2", "%", "+", "~", "/", "A", "ß", "%C3%9F", "..", ".env", "ﬁ", "%2B"]
paths = st.lists(st.sampled_from(PHRASES), max_size=6).map(lambda parts: "/" + "".join(parts))


def ask(settings: Settings, uri: str, headers: Any = None, **more: Any) -> dict[str, Any]:
    event = cloudfront.viewer_request(uri, headers, **more)
    return cloudfront.run(lambda event: viewer_request.answer(event, settings), event)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["what"])
def test_spellings(settings: Settings, case: dict[str, Any]) -> None:
    """Each spelling of a link is one entry of the cache; what can be none is answered here."""
    answer = ask(settings, case["uri"], query="a=1")

    if case.get("hop"):
        assert answer["status"] == "303"
        assert answer["headers"]["location"][0]["value"] == f"{case['hop']}?a=1"
    elif case["to"] is None:
        assert answer["status"] == "404"
    else:
        assert (answer["uri"], answer["querystring"]) == (case["to"], "a=1")


@limits(max_examples=300, deadline=None)
@given(path=paths, sensitive=st.booleans(), wide=st.booleans())
def test_spelling_changes_no_answer(path: str, *, sensitive: bool, wide: bool) -> None:
    """The slug that the region reads is the same one, and a second look changes nothing."""
    words = ("sensitive" if sensitive else "insensitive", "on" if wide else "off")
    settings = baked(EVERHOP_SLUG_CASE=words[0], EVERHOP_UNICODE_SLUGS=words[1])
    answer = ask(settings, path)

    if "uri" not in answer or path == "/":
        return
    again = ask(settings, answer["uri"])
    assert again.get("uri") == answer["uri"]
    typed, spelled = (one.strip("/").partition("/") for one in (path, answer["uri"]))
    policy = SlugPolicy(sensitive, wide)
    assert _key(typed[0], policy) == _key(spelled[0], policy)
    assert typed[2] == spelled[2]


def _key(segment: str, policy: SlugPolicy) -> tuple[str, bool, bool]:
    text = decode_slug(segment.removesuffix("~")) or ""
    return slug_key(text.removesuffix("+"), policy), text.endswith("+"), segment.endswith("~")


def test_what_is_refused_here_is_refused_so_by_the_region(settings: Settings) -> None:
    """The same page, with the same headers, so that nobody can tell who answered."""
    refused = [case["uri"] for case in CASES if case.get("to", "") is None]
    with make_api() as api:
        # Slashes alone are no address of the region.
        for uri in [uri for uri in refused if uri.strip("/")]:
            here, there = ask(settings, uri), api.follow(uri.strip("/").partition("/")[0])
            told = {name: one[0]["value"] for name, one in here["headers"].items()}
            said = {name.lower(): value for name, value in there.headers.items()}

            assert (here["status"], here["body"]) == (str(there.status_code), there.body.decode())
            assert told.items() <= said.items(), uri
            assert set(said) - set(told) <= {"server-timing", "x-request-id", GENERATED_AT}


def test_refusals_by_method(settings: Settings) -> None:
    """HEAD has no body."""
    assert "body" not in ask(settings, "/.env", method="HEAD")


@pytest.mark.parametrize("uri", ["/promo", "/promo~", "/promo/a", "/.env"])
def test_methods_are_those_that_get_here(settings: Settings, uri: str) -> None:
    """The region takes POST as well; CloudFront refuses it, and so nobody is told of it."""
    told = ask(settings, uri, method="OPTIONS")
    assert told["status"] == "204"
    assert told["headers"]["allow"][0]["value"] == "GET, HEAD, OPTIONS"
    assert told["headers"]["cache-control"][0]["value"] == "no-store"


def test_the_api_tells_its_own_methods(settings: Settings) -> None:
    """The form of a password is posted there."""
    assert ask(settings, "/api/v/promo", method="OPTIONS")["uri"] == "/api/v/promo"


def test_who_says_too_much_is_heard_as_far_as_the_region_listens(settings: Settings) -> None:
    """API Gateway would refuse it all. The key is made of what the region will read."""
    said = {"User-Agent": "a" * 1024 + PHONE, "Accept-Language": "b" * 9000}
    link = ask(settings, "/promo~", said)["headers"]
    assert link["user-agent"][0]["value"] == "a" * 1024
    assert link["accept-language"][0]["value"] == "b" * 1024
    assert (
        link["everhop-device"]
        == ask(settings, "/promo~", {"User-Agent": "a"})["headers"]["everhop-device"]
    )
    keyed = ask(settings, "/api/v1/links", {"Authorization": "k" * 2000, **said})["headers"]
    assert len(keyed["authorization"][0]["value"]) == 2000
    assert len(keyed["user-agent"][0]["value"]) > 1024


def test_a_refusal_leaves_the_next_whole(settings: Settings) -> None:
    """A HEAD's page without its body does not spoil that of the next GET."""
    ask(settings, "/.env", method="HEAD")

    assert "There is no link here" in ask(settings, "/.env")["body"]


def test_queries_stay_byte_for_byte(settings: Settings) -> None:
    """They go on to destinations: no sorting, no decoding."""
    query = "b=2&a=1&&a=%20+x;y=%E4&%zz&utm_source"

    assert ask(settings, "/Promo", query=query)["querystring"] == query


FORGED = [
    "Everhop-Query",
    "Everhop-Path",
    "Everhop-Edge",
    "Everhop-Address",
    "Everhop-Device",
    "Everhop-Language",
    "Everhop-Origin",
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "Forwarded",
]


@pytest.mark.parametrize("uri", ["/promo", "/promo~", "/api/v1/links", "/", "/api/r/promo"])
def test_clients_do_not_speak_for_us(settings: Settings, uri: str) -> None:
    """Whatever a client says in our headers is gone; its own, and its attempt, stay."""
    own = {"Accept": "text/html", "Everhop-Attempt": "2", "X-Request-Id": "abc"}
    answer = ask(settings, uri, {**dict.fromkeys(FORGED, "forged"), **own})

    assert "forged" not in str(answer["headers"])
    for name, value in own.items():
        assert answer["headers"][name.lower()][0]["value"] == value


def test_plain_links_do_not_split_the_cache(settings: Settings) -> None:
    """Whoever follows them, nothing of the visitor is written down."""
    headers = {"User-Agent": PHONE, "Accept-Language": "de-AT,de;q=0.9"}
    named = [name for name in ask(settings, "/promo", headers)["headers"] if "everhop" in name]

    assert named == []


def test_links_with_rules_are_told_apart_by_little(settings: Settings) -> None:
    """At their address, by device and language as rules read them; a path is never kept."""
    headers = {"User-Agent": PHONE, "Accept-Language": "de-AT,de;q=0.9,en;q=0.8"}
    told = ask(settings, "/promo~", headers)["headers"]

    assert told["everhop-device"][0]["value"] == "ios+phone"
    assert told["everhop-language"][0]["value"] == "de-at"
    assert "everhop-device" not in ask(settings, "/promo~/more", headers)["headers"]
    assert "cloudfront-viewer-country" not in told


RANGES = ["de", "de-AT", "en_GB", "*", "zh-Hant-TW", "de;q=0.9", "en;q=0", "-", "x;q=2", "ü", ""]
AGENTS = [
    "",
    PHONE,
    "Slackbot 1.0",
    "Mozilla/5.0 (Windows NT 10.0)",
    "Mozilla/5.0 (X11; Linux x86_64)",
]


@given(
    said=st.lists(st.sampled_from(RANGES), max_size=4).map(",".join), agent=st.sampled_from(AGENTS)
)
def test_the_key_says_all_that_rules_can_read(said: str, agent: str) -> None:
    """What a region reads from the key is what it would read from the browser's own headers."""
    own = Visitor(headers={"accept-language": said, "user-agent": agent})
    keyed = {"everhop-device": device_key(own), "everhop-language": language_key(own)}
    contrary = {"accept-language": "tlh", "user-agent": "Mozilla/5.0 (Macintosh)"}
    read = Visitor(headers={**contrary, **keyed})

    assert set(read.languages) == set(own.languages)
    assert read.devices == own.devices
    assert language_key(read) == language_key(own)
