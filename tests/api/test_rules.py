"""Rules, UTM fields and path forwarding through the API: stored, answered, edited and followed."""

import json
from typing import Any

import pytest

from chalicelib.core.rules import Rules, variant_names
from tests.api.driver import Api, codes


D = "https://example.com/docs?a=1#part"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) Version/18.5 Mobile/15E148"
GERMAN = {"if": {"countries": ["DE"]}, "destination": "https://example.de/"}
ON_PHONES = {"if": {"devices": ["phone"]}, "destination": "https://m.example/"}


def location(api: Api, path: str = "x", **headers: str) -> str | None:
    answer = api.follow(path, **headers)
    assert answer.status_code in (302, 404)
    return answer.headers.get("Location")


def test_the_first_rule_that_holds_decides(api: Api) -> None:
    """In the order of the list; without one it is the link's own destination."""
    api.made(D, slug="x", rules=[GERMAN, ON_PHONES])

    assert location(api) == D
    assert location(api, CloudFront_Viewer_Country="DE", User_Agent=PHONE) == "https://example.de/"
    assert location(api, CloudFront_Viewer_Country="US", User_Agent=PHONE) == "https://m.example/"
    api.keyed("PATCH", "/links/x", {"rules": [ON_PHONES, GERMAN]})
    assert location(api, CloudFront_Viewer_Country="DE", User_Agent=PHONE) == "https://m.example/"


def test_rules_are_answered_as_they_are_stored(api: Api) -> None:
    """In a create, a read, a list and an edit; what was answered can be sent again."""
    created = api.made(D, slug="x", rules=[{**GERMAN, "name": "Germany"}])

    read = api.keyed("GET", "/links/x").json_body
    (listed,) = api.keyed("GET", "/links").json_body["links"]
    again = api.keyed("PATCH", "/links/x", {"rules": read["rules"]}).json_body
    assert created["rules"] == [{"name": "Germany", **GERMAN}]
    assert created == read == listed == again
    assert again["version"] == 1


def test_an_edit_of_something_else_keeps_them(api: Api) -> None:
    """As the dashboard does it, which knows nothing of rules."""
    before = api.made(D, slug="x", rules=[GERMAN], utm={"source": "s"}, forward_path=True)
    after = api.keyed("PATCH", "/links/x", {"title": "T"}).json_body

    for name in ("rules", "utm", "forward_path"):
        assert after[name] == before[name]
    assert location(api, CloudFront_Viewer_Country="DE") == "https://example.de/?utm_source=s"


def test_mistakes_have_their_pointers(api: Api) -> None:
    """All at once, in a create and in an edit."""
    wrong = [GERMAN, {"if": {"countries": ["Germany"]}, "destination": "javascript:x"}]
    expected = {
        "/rules/1/if/countries/0": "country",
        "/rules/1/destination": "destination_scheme",
        "/utm/sauce": "unknown_field",
        "/forward_path": "type",
    }
    body = {"rules": wrong, "utm": {"sauce": "x"}, "forward_path": "yes"}

    assert api.refusal(D, slug="x", **body) == expected
    api.made(D, slug="x")
    assert codes(api.keyed("PATCH", "/links/x", body)) == expected


def test_a_thousand_rules(api: Api) -> None:
    """They are taken, indented or not, answered whole, and the last is found."""
    rules: list[dict[str, Any]] = [
        {
            "if": {"query": [{"name": "to", "value": str(number)}]},
            "destination": f"https://example.com/{number}",
        }
        for number in range(1000)
    ]
    answer = api.create(D, slug="x", rules=rules)

    assert answer.status_code == 201
    assert api.keyed("GET", "/links/x").json_body["rules"] == rules
    assert location(api, everhop_query="to=999") == "https://example.com/999"
    assert location(api, everhop_query="to=1000") == D
    for size, status in ((64 * 1024, 201), (64 * 1024 + 1, 413)):
        bare = b'{"destination": "https://example.com/"}'.ljust(size)
        assert api.keyed("POST", "/links", bare).status_code == status
    for size, status in ((256 * 1024, 201), (256 * 1024 + 1, 413)):
        ruled = b'{"destination": "https://example.com/", "rules": []}'.ljust(size)
        assert api.keyed("POST", "/links", ruled).status_code == status


def test_a_redirect_tells_its_variant(api: Api) -> None:
    """To the log, by its Content-Type: which side it is, and only where there are sides."""
    sides = [{"destination": f"https://example.com/{side}?q=ü", "weight": 1} for side in "ab"]
    api.made(D, slug="x", utm={"source": "s"}, rules=[GERMAN, {"variants": sides}])
    told: dict[str, set[str]] = {}
    for number in range(40):
        answer = api.follow("x", CloudFront_Viewer_Address=f"192.0.2.{number}:443")
        side = answer.headers["Location"][len("https://example.com/")]
        told.setdefault(side, set()).add(answer.headers["Content-Type"])
    names = variant_names(Rules.of(api.keyed("GET", "/links/x").json_body["rules"]))
    ids = {destination[len("https://example.com/")]: key for key, destination in names.items()}

    assert told == {
        side: {f"text/plain; charset=utf-8; variant={ids[side]}"} for side in ("a", "b")
    }
    plain = api.follow("x", CloudFront_Viewer_Country="DE").headers["Content-Type"]
    assert plain == "text/plain; charset=utf-8"


def test_variants_share_visitors(api: Api) -> None:
    """Each visitor comes back to the side they had, and no cookie is set."""
    sides = [{"destination": f"https://example.com/{side}", "weight": 1} for side in "ab"]
    api.made(D, slug="x", rules=[{"variants": sides}])
    seen: dict[str, set[str | None]] = {}
    for _ in range(2):
        for number in range(40):
            address = f"192.0.2.{number}:443"
            answer = api.follow("x", CloudFront_Viewer_Address=address)
            seen.setdefault(address, set()).add(answer.headers.get("Location"))
            assert "Set-Cookie" not in answer.headers

    assert all(len(one) == 1 for one in seen.values())
    assert len(set.union(*seen.values())) == 2


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_head_is_led_as_get_is(api: Api, method: str) -> None:
    """The same rule holds for both."""
    api.made(D, slug="x", rules=[GERMAN])

    answer = api.ask(method, "/r/x", CloudFront_Viewer_Country="DE")
    assert answer.headers["Location"] == "https://example.de/"


def test_utm_fields_are_added_wherever_the_link_leads(api: Api) -> None:
    """To rules' destinations too, before the fragment; what is there already stays."""
    utm = {"source": "news letter", "medium": "email"}
    other = {"if": {"countries": ["AT"]}, "destination": "https://e.at/?utm_medium=own"}
    made = api.made(D, slug="x", utm=utm, rules=[GERMAN, other])

    assert made["utm"] == utm
    added = "utm_source=news%20letter&utm_medium=email"
    assert location(api) == f"https://example.com/docs?a=1&{added}#part"
    assert location(api, CloudFront_Viewer_Country="DE") == f"https://example.de/?{added}"
    assert location(api, CloudFront_Viewer_Country="AT") == (
        "https://e.at/?utm_medium=own&utm_source=news%20letter"
    )


@pytest.mark.parametrize(("winner", "source"), [("destination", "ours"), ("visitor", "theirs")])
def test_utm_fields_and_the_visitors_query(api: Api, winner: str, source: str) -> None:
    """They count as the destination's: who wins is what `query_winner` says."""
    api.made(
        "https://example.com/",
        slug="x",
        utm={"source": "ours"},
        forward_query=True,
        query_winner=winner,
    )

    found = location(api, everhop_query="utm_source=theirs")
    assert found == f"https://example.com/?utm_source={source}"


@pytest.mark.parametrize("cleared", [None, {}, {"source": None}, {"source": " "}])
def test_utm_fields_are_cleared(api: Api, cleared: Any) -> None:
    """An edit replaces them all; without any there is nothing to add."""
    api.made("https://example.com/", slug="x", utm={"source": "s", "term": "t"})

    assert api.keyed("PATCH", "/links/x", {"utm": cleared}).json_body["utm"] is None
    assert location(api) == "https://example.com/"


def test_paths_are_forwarded_when_the_link_says_so(api: Api) -> None:
    """Below the destination, also of a rule, and never above it; else there is no such link."""
    api.made(D, slug="x", forward_path=True, rules=[GERMAN])
    api.made(D, slug="plain")

    assert location(api, everhop_path="/a/%C3%BC") == "https://example.com/docs/a/%C3%BC?a=1#part"
    assert location(api, everhop_path="/a", CloudFront_Viewer_Country="DE") == (
        "https://example.de/a"
    )
    for path in ("/../x", "/%2e%2e/x", "//evil.example", "/a%2fb", "/\\evil.example", "evil"):
        assert location(api, everhop_path=path) is None
    assert location(api, "plain", everhop_path="/a") is None
    assert location(api, "plain") == D


def test_only_the_web_has_paths_and_parameters() -> None:
    """A link to another scheme that the deployment allows stays byte for byte as it is."""
    from tests.api.driver import make_api

    with make_api(EVERHOP_EXTRA_SCHEMES="mailto") as api:
        api.made("mailto:a@example.com", slug="x", utm={"source": "s"}, forward_path=True)
        assert location(api) == "mailto:a@example.com"
        assert location(api, everhop_path="/a") is None


def test_the_preview_is_of_the_visitor(api: Api) -> None:
    """It shows where this visitor is led, and says that others may be led elsewhere, and by what."""
    rules = [GERMAN, {"if": {"query": [{"name": "ref"}]}, "variants": [{**GERMAN, "weight": 1}]}]
    del rules[1]["variants"][0]["if"]  # type: ignore[index]
    api.made(D, slug="x", rules=rules, utm={"source": "s"})
    api.made(D, slug="plain")

    german = api.follow("x+", CloudFront_Viewer_Country="DE").body.decode()
    other = api.follow("x+").body.decode()
    note = (
        "Other visitors may be led elsewhere, by country, what is added to the address or chance."
    )
    assert 'href="https://example.de/?utm_source=s"' in german
    assert 'href="https://example.com/docs?a=1&amp;utm_source=s#part"' in other
    assert note in german
    assert note in other
    assert "elsewhere" not in api.follow("plain+").body.decode()


def test_search_finds_the_destinations_of_rules(api: Api) -> None:
    """A link is found by any place that it leads to."""
    api.made(D, slug="x", rules=[GERMAN])
    api.made(D, slug="y")

    found = api.keyed("GET", "/links?q=example.de").json_body["links"]
    assert [one["slug"] for one in found] == ["x"]


def test_imports_take_rules_as_json(api: Api) -> None:
    """A column of that name has a link's rules; what is no rule is its own row's problem."""
    rules = json.dumps(json.dumps([GERMAN])).replace('\\"', '""')
    sheet = f'destination,slug,rules\nhttps://example.com/,x,{rules}\nhttps://example.com/,y,"[1]"'
    report = api.keyed("POST", "/imports", sheet.encode(), Content_Type="text/csv").json_body

    assert [row["status"] for row in report["rows"]] == ["created", "invalid"]
    assert len(api.keyed("GET", "/links/x").json_body["rules"]) == 1
