"""Rate limits as a client meets them: headers, 429, and what they never depend on."""

import json

import pytest

from chalicelib.config import SETTINGS, ConfigError, load
from chalicelib.core.errors import Unavailable
from chalicelib.store.memory_counters import CounterMemory
from tests.api.driver import BASE, KEY, make_api
from tests.clocks import SetClock


def test_every_keyed_answer_says_what_is_left() -> None:
    """Also errors do, once the key is known; what needs no key says nothing."""
    clock = SetClock()
    clock.move(seconds=19)
    with make_api(clock=clock, EVERHOP_RATE_LIMIT="50") as api:
        answers = [
            api.keyed("GET", "/links"),
            api.create("https://example.com/"),
            api.create("javascript:x"),
            api.keyed("GET", "/links/nope"),
            api.keyed("POST", "/links", b"{"),
            api.keyed("POST", "/links", b" " * 300_000),
            api.keyed("GET", "/links", If_None_Match="*"),
        ]
        silent = [api.ask("GET", "/v1/health"), api.follow("x"), api.ask("GET", "/v1/links")]

    assert [answer.status_code for answer in answers] == [200, 201, 422, 404, 400, 413, 304]
    for used, answer in enumerate(answers, 1):
        assert answer.headers["RateLimit-Policy"] == '"default";q=50;w=60'
        assert answer.headers["RateLimit"] == f'"default";r={50 - used};t=41'
    for answer in silent:
        assert not {name for name in answer.headers if name.lower().startswith("ratelimit")}


def test_a_refused_request_says_when_to_come_back() -> None:
    """429 has Retry-After, nothing is done, and after that time the key works again."""
    clock = SetClock()
    clock.move(seconds=37)
    with make_api(clock=clock, EVERHOP_RATE_LIMIT="1") as api:
        api.keyed("GET", "/links")
        refused = api.create("https://example.com/", slug="never")
        problem = json.loads(refused.body)

        assert refused.status_code == 429
        assert refused.headers["Retry-After"] == "23"
        assert refused.headers["RateLimit"] == '"default";r=0;t=23'
        assert refused.headers["Cache-Control"] == "no-store"
        assert (problem["code"], problem["status"]) == ("rate_limited", 429)
        assert problem["detail"] == "The limit of a key is 1 a minute here; wait 23 s."
        assert api.follow("never").status_code == 404
        clock.move(seconds=int(refused.headers["Retry-After"]))
        assert api.create("https://example.com/").status_code == 201


def test_each_key_has_its_own() -> None:
    """A key that used up its minute stops no other, of its workspace or of another."""
    with make_api(clock=SetClock(), EVERHOP_RATE_LIMIT="3") as api:
        bodies = [{"name": "a"}, {"name": "b", "workspace": "other"}]
        keys = [api.keyed("POST", "/keys", body).json_body["key"] for body in bodies]
        api.keyed("GET", "/links")
        assert api.keyed("GET", "/links").status_code == 429
        for key in keys:
            for status in (200, 200, 200, 429):
                answer = api.ask("GET", "/v1/links", Authorization=f"Bearer {key}")
                assert answer.status_code == status


def test_wrong_scope_counts_and_a_wrong_key_does_not() -> None:
    """A key that hammers at what it may not do is limited; nobody can use up another's minute."""
    with make_api(clock=SetClock(), EVERHOP_RATE_LIMIT="2") as api:
        reader = api.keyed("POST", "/keys", {"name": "r", "scopes": ["read"]}).json_body["key"]
        stolen = reader[:-8] + "2" * 8
        for _ in range(5):
            assert api.ask("GET", "/v1/links", Authorization=f"Bearer {stolen}").status_code == 401
        statuses = [
            api.ask("POST", "/v1/links", {}, Authorization=f"Bearer {reader}").status_code
            for _ in range(3)
        ]

    assert statuses == [403, 403, 429]


class Away(CounterMemory):
    """Counters whose table does not answer."""

    def add(self, *_: object, **__: object) -> None:  # type: ignore[override]
        raise Unavailable("The table did not answer.")


def test_counters_that_are_away_stop_nobody() -> None:
    """The API works while counters can't be written."""
    with make_api(clock=SetClock(), counters=Away(), EVERHOP_RATE_LIMIT="50") as api:
        assert [api.keyed("GET", "/links").status_code for _ in range(20)] == [200] * 20
        assert api.create("https://example.com/").status_code == 201


@pytest.mark.parametrize("text", ["off", "0"])
def test_no_limit(text: str) -> None:
    """It can be switched off, and then the headers are gone too."""
    with make_api(EVERHOP_RATE_LIMIT=text) as api:
        api.contract.document["paths"].clear()  # which promises the headers
        answer = api.client.http.get("/v1/links", headers={"Authorization": f"Bearer {KEY}"})

    assert answer.status_code == 200
    assert "RateLimit" not in answer.headers


@pytest.mark.parametrize("text", ["-1", "many", "1.5", "1e3", "99999999", "٣"])
def test_a_limit_is_a_number(text: str) -> None:
    """Anything else stops the start with a sentence."""
    with pytest.raises(ConfigError, match=r"EVERHOP_RATE_LIMIT is .*, but it must be a whole"):
        load({**BASE, "EVERHOP_RATE_LIMIT": text})


def test_the_default_is_a_limit() -> None:
    """A deployment that says nothing is limited."""
    assert load({}).rate_limit == int(SETTINGS["EVERHOP_RATE_LIMIT"].default) == 600
