"""The API behind the edge: who goes around it, whose address is believed, what the edge may keep."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote_plus

import pytest

from chalicelib.config import ConfigError, load
from chalicelib.core.freshness import GENERATED_AT
from chalicelib.core.origin_proofs import WINDOW_FOR, is_proof, prove
from chalicelib.store.memory_counters import CounterMemory
from tests.api.driver import KEY, Api, make_api


NEW, OLD = "n" * 43, "o" * 43
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
FORM = "application/x-www-form-urlencoded"
KEPT = "max-age=0, s-maxage=40, stale-if-error=0"
OWN = "private, max-age=0"


@pytest.fixture
def behind() -> Iterator[Api]:
    """A deployment that stands behind the edge, while its secret is being changed."""
    with make_api(clock=lambda: NOW, EVERHOP_ORIGIN_SECRETS=f"{NEW}, {OLD}") as api:
        yield api


def proof(secret: str = NEW, seconds: float = 0) -> dict[str, str]:
    return {"everhop-edge": prove(secret, NOW.timestamp() + seconds)}


def ask(api: Api, path: str, method: str = "GET", body: bytes = b"", **headers: str) -> Any:
    """What is answered, whether the document of the API has it or not."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return api.client.http.request(method, path, sent, body)


def via_edge(api: Api, path: str, **headers: str) -> Any:
    return ask(api, path, **proof(), **headers)


def make(api: Api, slug: str, **fields: Any) -> None:
    keyed = {"Authorization": f"Bearer {KEY}", **proof()}
    made = api.ask(
        "POST", "/v1/links", {"destination": "https://a.test/", "slug": slug, **fields}, **keyed
    )
    assert made.status_code == 201, made.body


@pytest.mark.parametrize("path", ["/r/promo", "/v/promo", "/v1/links", "/docs", "/v1/openapi.json"])
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"everhop-edge": ""},
        {"everhop-edge": NEW},
        proof("x" * 43),
        proof(NEW, -3 * WINDOW_FOR),
        proof(NEW, 3 * WINDOW_FOR),
        {"everhop-edge": "é\udcff"},
    ],
)
def test_who_goes_around_the_edge_is_refused(behind: Api, path: str, headers: Any) -> None:
    """Whatever is asked for, with a key too: 403, and nobody keeps that."""
    answer = ask(behind, path, Authorization=f"Bearer {KEY}", **headers)

    assert answer.status_code == 403
    assert answer.json_body["code"] == "forbidden"
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "said", [proof(NEW), proof(OLD), proof(NEW, -WINDOW_FOR), proof(OLD, WINDOW_FOR)]
)
def test_the_edge_is_let_through(behind: Api, said: dict[str, str]) -> None:
    """With either secret while they are changed, and with a clock that is some minutes off."""
    make(behind, "promo")

    assert ask(behind, "/r/promo", **said).status_code == 302


def test_health_is_open(behind: Api) -> None:
    """Who watches one region asks it directly; what it tells is no secret."""
    assert ask(behind, "/v1/health").status_code == 200
    assert ask(behind, "/v1/health", method="HEAD").status_code == 200


def send(api: Api, slug: str, password: str, **headers: str) -> Any:
    body = f"password={quote_plus(password)}".encode()
    return ask(api, f"/v/{slug}", "POST", body, Content_Type=FORM, **headers)


@pytest.mark.parametrize(("secrets", "told_apart"), [(NEW, True), ("", False)])
def test_tries_are_counted_by_the_address_that_the_edge_tells(
    secrets: str, *, told_apart: bool
) -> None:
    """Behind the edge all connections are the edge's; without one the header is anybody's word."""
    counters = CounterMemory()
    with make_api(counters=counters, EVERHOP_ORIGIN_SECRETS=secrets) as api:
        api_proof = {"everhop-edge": prove(NEW, datetime.now(UTC).timestamp())}
        keyed = {"Authorization": f"Bearer {KEY}", **api_proof}
        body = {"destination": "https://a.test/", "slug": "locked", "password": "open sesame"}
        api.ask("POST", "/v1/links", body, **keyed)
        for address in ("198.51.100.1", "198.51.100.2"):
            said = {"everhop-address": address, **api_proof}
            assert send(api, "locked", "wrong", **said).status_code == 403

    # Each visitor's, and that of the link.
    tries = counters._totals.values()
    assert sorted(tries) == ([1, 1, 2] if told_apart else [2, 2])


def test_the_form_is_sent_where_the_edge_takes_it(behind: Api) -> None:
    """CloudFront refuses a POST to addresses with two origins, those of short links."""
    make(behind, "locked", password="open sesame")
    page = via_edge(behind, "/v/locked", **{"everhop-query": "a=1&b"}).body.decode()
    preview = via_edge(behind, "/v/locked+").body.decode()

    assert 'action="/api/v/locked?a=1&amp;b"' in page
    assert 'action="/api/v/locked"' in preview


@pytest.mark.parametrize("cache", ["off", "on"])
def test_what_the_edge_may_keep(cache: str) -> None:
    """Redirects of links that are the same for all, and the way to those that are not."""
    with make_api(clock=lambda: NOW, EVERHOP_ORIGIN_SECRETS=NEW, EVERHOP_API_CACHE=cache) as api:
        make(api, "plain")
        make(api, "locked", password="open sesame")
        for seconds in (40, 41):
            ends_at = (NOW + timedelta(seconds=seconds)).isoformat()
            make(api, f"in-{seconds}", expires_at=ends_at)
        kept = {path: via_edge(api, f"/r/{path}") for path in ("plain", "plain+", "locked", "none")}
        ending = {it: via_edge(api, f"/r/{it}") for it in ("in-40", "in-41")}

    assert [one.status_code for one in kept.values()] == [302, 200, 302, 404]
    assert [one.headers["Cache-Control"] for one in kept.values()] == [
        KEPT,
        KEPT,
        KEPT,
        KEPT.replace("40", "2"),
    ]
    assert kept["locked"].headers["Location"] == "https://sho.rt/locked~"
    # Both caches together may keep it for 40 s, and so may the edge alone.
    assert ending["in-40"].headers["Location"] == "https://sho.rt/in-40~"
    assert ending["in-41"].headers["Location"] == "https://a.test/"
    stamps = {one.headers[GENERATED_AT] for one in (*kept.values(), *ending.values())}
    assert stamps == {"2026-11-23T12:00:00.000Z"}


RULES = {
    "device": {"devices": ["phone"]},
    "country": {"countries": ["DE"]},
    "language": {"languages": ["de"]},
    "query": {"query": [{"name": "a", "value": "1"}]},
}
DEVICE = {"everhop-device": "ios+phone", "everhop-language": "de-at"}


@pytest.mark.parametrize("name", RULES)
def test_links_with_rules_are_kept_by_what_their_rules_read(behind: Api, name: str) -> None:
    """What is in the key decides, and not the header that it was made from."""
    to = "https://b.test/"
    make(behind, "ruled", rules=[{"if": RULES[name], "destination": to}])
    contrary = {"User-Agent": "Mozilla/5.0 (Windows NT 10.0)", "Accept-Language": "fr"}
    more = {"CloudFront-Viewer-Country": "DE", "everhop-query": "a=1"}
    answer = via_edge(behind, "/v/ruled", **DEVICE, **contrary, **more)

    assert (answer.headers["Location"], answer.headers["Cache-Control"]) == (to, KEPT)


def test_what_depends_on_more_is_not_kept(behind: Api) -> None:
    """Chance, the time, a password, a limit, a path after the slug, or no key at all."""
    variants = [{"destination": f"https://b.test/{n}", "weight": 1} for n in (1, 2)]
    hours = {"days": ["mon"], "from": "00:00", "until": "23:59", "time_zone": "UTC"}
    make(behind, "shared-out", rules=[{"if": {}, "variants": variants}])
    make(behind, "by-time", rules=[{"if": {"hours": hours}, "destination": "https://b.test/"}])
    make(behind, "locked", password="open sesame")
    make(behind, "counted", max_clicks=9)
    make(behind, "ending", expires_at=(NOW + timedelta(seconds=9)).isoformat())
    make(behind, "pathy", forward_path=True)
    answers = [
        via_edge(behind, f"/v/{slug}", **DEVICE)
        for slug in ("shared-out", "by-time", "locked", "counted", "ending", "nothing")
    ]
    answers.append(via_edge(behind, "/v/pathy", **DEVICE, **{"everhop-path": "/x"}))
    answers.append(via_edge(behind, "/v/pathy"))

    assert all("s-maxage" not in one.headers["Cache-Control"] for one in answers)
    assert {one.status_code for one in answers} == {302, 200, 404}


@pytest.mark.parametrize("text", ["short", f"{NEW} short", "x" * 129, "ü" * 40])
def test_a_secret_that_is_none_stops_the_start(text: str) -> None:
    """Too short to be one, and the sentence does not print it."""
    with pytest.raises(ConfigError, match="EVERHOP_ORIGIN_SECRETS") as told:
        load({"EVERHOP_ORIGIN_SECRETS": text})

    assert text not in str(told.value)


def test_a_proof_holds_for_its_time_alone() -> None:
    """At the turn of a window too, and never under no secret."""
    at = 1_000_000_000.0
    said = prove(NEW, at)

    assert is_proof(said, (OLD, NEW), at + WINDOW_FOR)
    assert not is_proof(said, (NEW,), at + 2 * WINDOW_FOR)
    assert not is_proof(said, (), at)
    assert not is_proof("", ("",), at)
