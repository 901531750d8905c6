"""CORS: pages of listed origins may use the REST API, and no others."""

from collections.abc import Iterator
from typing import Any

import pytest
from chalice.test import HTTPResponse

from chalicelib.config import ConfigError, load
from chalicelib.store.memory import LinkMemory
from tests.api.driver import BASE, KEY, Api, make_api
from tests.api.test_openapi import Down
from tests.clocks import SetClock


APP = "https://app.example.com"
DEV = "http://localhost:3000"


@pytest.fixture
def listed() -> Iterator[Api]:
    """A deployment that lists two origins."""
    with make_api(EVERHOP_CORS_ORIGINS=f"{APP}, {DEV}") as driven:
        yield driven


def cors_of(answer: HTTPResponse) -> dict[str, str]:
    """The CORS headers of an answer, in lower case."""
    found = {name.lower(): value for name, value in answer.headers.items()}
    return {name: value for name, value in found.items() if name.startswith("access-control-")}


def preflight(api: Api, path: str, origin: str) -> HTTPResponse:
    return api.ask(
        "OPTIONS",
        path,
        Origin=origin,
        Access_Control_Request_Method="PATCH",
        Access_Control_Request_Headers="authorization,if-match",
    )


@pytest.mark.parametrize("origin", [APP, DEV])
def test_a_preflight(listed: Api, origin: str) -> None:
    """It names the path's own methods and the headers that clients send, and no credentials."""
    answer = preflight(listed, "/v1/links/x", origin)

    assert (answer.status_code, answer.body) == (204, b"")
    assert answer.headers["Vary"] == "Origin"
    assert cors_of(answer) == {
        "access-control-allow-origin": origin,
        "access-control-allow-methods": "GET, PATCH, DELETE, OPTIONS",
        "access-control-allow-headers": (
            "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, Prefer, "
            "Everhop-Attempt, X-Request-Id"
        ),
        "access-control-max-age": "7200",
    }


def had(methods: dict[str, Any]) -> set[str]:
    """Those of a path's methods that it tells of: its own, or else those of the slug `batch`."""
    real = {name for name, it in methods.items() if it.view_function.__name__ != "refuse_method"}
    own = {name for name in real if not hasattr(methods[name].view_function, "stands_for")}
    return own if own - {"OPTIONS"} else real


def test_every_path_has_a_preflight(listed: Api) -> None:
    """Each path of the REST API tells exactly the methods that it has."""
    routes = listed.client._app.routes
    paths = [path for path in routes if path.startswith("/v1/")]
    for path in paths:
        target = path.replace("{slug}", "x").replace("{key_id}", "x")
        answer = preflight(listed, target, APP)
        told = cors_of(answer)["access-control-allow-methods"].split(", ")
        assert set(told) == had(routes[path]), path
        assert len(told) == len(set(told)) >= 2

    assert len(paths) >= 8


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "null", "*", "", "https://app.example.com.evil.example"]
    + ["http://app.example.com", "https://app.example.com:8443", "HTTPS://APP.EXAMPLE.COM"]
    + ["https://app.example.com, https://evil.example", "https://xapp.example.com"],
)
def test_other_origins_get_nothing(listed: Api, origin: str) -> None:
    """An origin is listed as it is or not at all; caches are told that answers differ."""
    for answer in (
        preflight(listed, "/v1/links", origin),
        listed.keyed("GET", "/links", Origin=origin),
        listed.ask("GET", "/v1/links", Origin=origin),
    ):
        assert cors_of(answer) == {}
        assert answer.headers["Vary"] == "Origin"


def test_without_an_origin_answers_vary_too(listed: Api) -> None:
    """What a cache keeps for a program must not be what a page gets."""
    answer = listed.ask("GET", "/v1/openapi.json")

    assert answer.headers["Vary"] == "Origin"
    assert cors_of(answer) == {}


def test_answers_can_be_read() -> None:
    """Every kind of answer, errors of Chalice as well, is for the page to read with its headers."""
    environ = {"EVERHOP_CORS_ORIGINS": APP, "EVERHOP_RATE_LIMIT": "4"}
    with (
        make_api(clock=SetClock(), **environ) as api,
        make_api(Down(), **environ) as down,
    ):
        answers = {
            201: api.keyed("POST", "/links", {"destination": "https://e.com/"}, Origin=APP),
            200: api.ask("GET", "/v1/health", Origin=APP),
            401: api.ask("GET", "/v1/links", Origin=APP),
            404: api.keyed("GET", "/links/nope", Origin=APP),
            405: api.ask("PUT", "/v1/links", b"", Origin=APP),
            415: api.keyed("POST", "/links", b"a", Content_Type="image/png", Origin=APP),
            422: api.keyed("GET", "/links?limit=0", Origin=APP),
            413: api.keyed("POST", "/links", b" " * 300_000, Origin=APP),
            429: api.keyed("GET", "/links", Origin=APP),
            503: down.keyed("GET", "/links", Origin=APP),
        }
    for status, answer in answers.items():
        assert answer.status_code == status
        assert cors_of(answer)["access-control-allow-origin"] == APP
        exposed = cors_of(answer)["access-control-expose-headers"]
        for name in ("ETag", "Location", "RateLimit", "Retry-After", "Idempotent-Replayed"):
            assert name in exposed.split(", ")


class Bugged(LinkMemory):
    """A store with a bug."""

    def get(self, key: str, *, consistent: bool = False) -> None:
        raise RuntimeError


def test_a_bug_can_be_read() -> None:
    """A page learns of a 500 that it is one, and not of a network error."""
    with make_api(Bugged(), EVERHOP_CORS_ORIGINS=APP) as api:
        answer = api.keyed("GET", "/links/x", Origin=APP)

    assert answer.status_code == 500
    assert cors_of(answer)["access-control-allow-origin"] == APP


def test_links_are_for_following(listed: Api) -> None:
    """A page can send its visitor along a short link, but not read where it leads."""
    listed.made(slug="here")
    for method in ("GET", "HEAD", "OPTIONS"):
        answer = listed.ask(method, "/r/here", Origin=APP)
        assert cors_of(answer) == {}
        assert "Vary" not in answer.headers


def test_by_default_no_origin_is_listed(api: Api) -> None:
    """A deployment that says nothing lets in no page of another origin."""
    for answer in (preflight(api, "/v1/links", APP), api.keyed("GET", "/links", Origin=APP)):
        assert cors_of(answer) == {}
        assert "Vary" not in answer.headers
    assert api.ask("OPTIONS", "/v1/links").headers["Allow"] == "GET, POST, PATCH, OPTIONS"


@pytest.mark.parametrize(
    "text",
    ["*", "null", "https://*.example.com", "app.example.com", "https://app.example.com/"]
    + ["https://app.example.com/path", "https://user@app.example.com", "https://exämple.com"]
    + ["https://", "https://a.com https://b.com:x", f"{APP}\n*", "file://", "https://a.com:443443"],
)
def test_origins_are_named_one_by_one(text: str) -> None:
    """What would let in anybody, or is no origin, stops the start with a sentence."""
    with pytest.raises(ConfigError, match=r"EVERHOP_CORS_ORIGINS is .* origins named one by one"):
        load({**BASE, "EVERHOP_CORS_ORIGINS": text})


@pytest.mark.parametrize(
    ("text", "origins"),
    [
        ("", set()),
        ("HTTPS://App.Example.com:443", {APP}),
        ("http://localhost:80,http://[::1]:3000", {"http://localhost", "http://[::1]:3000"}),
        (f" {APP} ,{DEV}\t{APP}", {APP, DEV}),
        ("capacitor://localhost", {"capacitor://localhost"}),
        ("http://a.com:443 https://a.com:80", {"http://a.com:443", "https://a.com:80"}),
    ],
)
def test_origins_are_kept_as_browsers_write_them(text: str, origins: set[str]) -> None:
    """In lower case, and without the port that goes without saying."""
    assert load({**BASE, "EVERHOP_CORS_ORIGINS": text}).cors_origins == origins


def test_the_key_is_still_needed(listed: Api) -> None:
    """A listed origin opens nothing by itself."""
    assert listed.ask("GET", "/v1/links", Origin=APP).status_code == 401
    assert listed.ask("GET", f"/v1/links?key={KEY}", Origin=APP).status_code == 401
