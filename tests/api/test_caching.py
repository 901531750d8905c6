"""A cached route answers by its keys alone, and what must not be cached can't be declared."""

import json
from typing import Any

import pytest
from chalice.app import Blueprint, Request, Response
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.api.caching import CachePolicy, cached_routes, keyed_request
from chalicelib.api.doors import route
from chalicelib.api.openapi import vocabulary
from chalicelib.config import load
from chalicelib.store.memory import LinkMemory
from chalicelib.wiring import make_app, make_link_service
from tests.api.driver import Api, memory_stores
from tests.infra.deployments import event_of


KEY = "path.slug"
HEADERS = [
    "User-Agent",
    "Accept-Language",
    "Authorization",
    "Cookie",
    "X-Forwarded-For",
    "CloudFront-Viewer-Country",
    "EVERHOP-QUERY",  # not the key: API Gateway compares names as they are written
    "Everhop-Query",
    "host",
    "X-Request-Id",
]
texts = st.text("abc=&/%20;,.", max_size=8)
noise = st.fixed_dictionaries(
    {
        "headers": st.dictionaries(st.sampled_from(HEADERS), texts),
        "query": st.dictionaries(texts.filter(bool), st.lists(texts, min_size=1, max_size=2)),
        "address": st.ip_addresses(v=4).map(str),
    }
)


def cached_app(cache: str = "on") -> Any:
    """An app with a link, whose stage has a cache or not."""
    config = load({"EVERHOP_STORE": "memory", "EVERHOP_API_CACHE": cache})
    store = LinkMemory()
    links = make_link_service(config, store)
    fields = {"slug": "promo", "forward_query": True}
    links.create("w", {"destination": "https://example.com/x?own=1", **fields})
    return make_app(config, memory_stores(config, links=store))


OF_ITS_TIME = ("Server-Timing", "everhop-generated-at")


def told(app: Any, path: str, keys: dict[str, str], slug: str, noise: Any) -> tuple[Any, ...]:
    """What is answered, but for when it was and the time it took."""
    event = event_of(
        "GET",
        path,
        {"slug": slug} if "{slug}" in path else None,
        {**noise["headers"], **keys},
        noise["query"],
        identity={"sourceIp": noise["address"]},
        domainName=keys.get("Host", "api.example.net"),
        requestId=noise["address"],
    )
    answer = app(event, None)
    headers = {name: it for name, it in answer["headers"].items() if name not in OF_ITS_TIME}
    return answer["statusCode"], headers, answer["body"]


APP = cached_app()


@settings(max_examples=150, deadline=None)
@given(
    one=noise,
    other=noise,
    path=st.sampled_from(sorted(cached_routes(APP.routes))),
    slug=st.sampled_from(["promo", "promo+", "PROMO", "nothing", "%70romo"]),
    keys=st.fixed_dictionaries(
        {}, optional={"everhop-query": texts, "Host": st.sampled_from(["a.test", "b.test"])}
    ),
)
def test_a_cached_route_answers_by_its_keys_alone(
    one: Any, other: Any, path: str, slug: str, keys: dict[str, str]
) -> None:
    """Whatever else two requests differ in, with the same keys they have the same answer."""
    assert told(APP, path, keys, slug, one) == told(APP, path, keys, slug, other)


def test_the_property_is_one_of_the_setting() -> None:
    """Without a cache, the query of API Gateway is read too: the test above can fail."""
    app, nothing = cached_app("off"), {"headers": {}, "query": {}, "address": "192.0.2.1"}
    asked = {**nothing, "query": {"a": ["1"]}}

    def location(noise: Any) -> str:
        return str(told(app, "/r/{slug}", {}, "promo", noise)[1]["Location"])

    assert location(nothing) == "https://example.com/x?own=1"
    assert location(asked) == "https://example.com/x?own=1&a=1"


def test_keys_reach_the_answer() -> None:
    """The visitor's query and the host are keys because answers differ by them."""
    nothing = {"headers": {}, "query": {}, "address": "192.0.2.1"}
    with_query = told(APP, "/r/{slug}", {"everhop-query": "a=%20b"}, "promo", nothing)
    hosts = [told(APP, "/docs", {"Host": host}, "", nothing) for host in ("a.test", "b.test")]

    assert with_query[1]["Location"] == "https://example.com/x?own=1&a=%20b"
    assert hosts[0] != hosts[1] or "a.test" not in hosts[0][2]


def test_secrets_never_reach_a_cached_view() -> None:
    """With the cache off too, so that nobody builds on a key that a cache would ignore."""
    api = Blueprint("secrets")
    seen: dict[str, Any] = {}

    @route(api, "/seen", ["GET"], lambda say: say.UNLISTED, public=True, cache=CachePolicy(1))
    def see(request: Request) -> Response:
        seen.update(request.headers)
        seen["original"] = json.dumps(request.to_original_event())
        return Response("", {}, 200)

    app = cached_app("off")
    app.register_blueprint(api)
    headers = {"authorization": "Bearer eh_secret", "COOKIE": "a=secret", "Accept": "x/y"}
    answer = app(event_of("GET", "/seen", headers=headers), None)

    assert answer["statusCode"] == 200
    assert seen["accept"] == "x/y"
    assert not {"authorization", "cookie"} & set(seen)
    assert "secret" not in seen["original"]


def test_a_cached_view_sees_its_keys_alone() -> None:
    """Not the address, nor the domain when Host is no key, nor any other name or query."""
    headers = {"Host": "a.test", "X-Key": "1", "x-key": "2", "User-Agent": "u"}
    event = event_of("GET", "/x/{slug}", {"slug": "a"}, headers, {"page": ["1"], "b": ["2"]})
    request = Request({**event, "body": "hidden"}, None)
    without_host = CachePolicy(1, (KEY, "query.page", "header.X-Key"), in_use=True)
    seen = keyed_request(request, without_host)
    with_host = keyed_request(request, CachePolicy(1, (KEY, "header.Host"), in_use=True))

    assert (seen.uri_params, dict(seen.headers)) == ({"slug": "a"}, {"x-key": "1"})
    assert dict(seen.query_params or {}) == {"page": "1"}
    assert seen.raw_body == b""
    assert set(seen.context) == {"resourcePath", "path", "httpMethod", "stage"}
    assert seen.to_original_event()["multiValueHeaders"] == {"X-Key": ["1"]}
    assert with_host.context["domainName"] == "a.test"
    assert with_host.query_params is None
    assert dict(request.headers)["user-agent"] == "u"


@pytest.mark.parametrize(
    ("methods", "public", "policy", "reason"),
    [
        (["GET"], False, CachePolicy(20, (KEY,)), "it is not public"),
        (["POST"], True, CachePolicy(20, (KEY,)), "API Gateway caches GET, and this is POST"),
        (["GET", "POST"], True, CachePolicy(20, (KEY,)), "and this is POST"),
        (["HEAD"], True, CachePolicy(20, (KEY,)), "and this is HEAD"),
        (["GET"], True, CachePolicy(20), "slug is in the path and no key, so all would get"),
        (["GET"], True, CachePolicy(20, (KEY, "path.id")), "there is no id in the path"),
        (["GET"], True, CachePolicy(21, (KEY,)), "fresh_for is 21, and the API cache's share"),
        (["GET"], True, CachePolicy(0, (KEY,)), "fresh_for is 0"),
        (["GET"], True, CachePolicy(3601, (KEY,), until="release"), "the limit is 1 to 3600"),
        (["GET"], True, CachePolicy(20, (KEY, "header.Authorization")), "is a secret"),
        (["GET"], True, CachePolicy(20, (KEY, "header.cookie")), "is a secret"),
        (["GET"], True, CachePolicy(20, (KEY, "body.a")), "'body.a' is no key"),
        (["GET"], True, CachePolicy(20, (KEY, "slug")), "'slug' is no key"),
        (["GET"], True, CachePolicy(20, (KEY, "query.a", "query.A")), "a key is named twice"),
    ],
)
def test_what_must_not_be_cached_is_refused_at_import(
    methods: list[str], public: bool, policy: CachePolicy, reason: str
) -> None:
    """The sentence names the route and the reason; nothing is registered."""
    with pytest.raises(ValueError, match="can't be cached") as refused:
        route(Blueprint("x"), "/x/{slug}", methods, None, public=public, cache=policy)

    assert str(refused.value).startswith("The route /x/{slug} can't be cached: ")
    assert reason in str(refused.value)


def test_cached_routes_ask_for_no_key(api: Api) -> None:
    """What is declared public is described as open to all, and keyed GETs are never cached."""
    routes = api.client._app.routes
    cached = cached_routes(routes)

    assert list(cached) == ["/r/{slug}", "/docs"]
    for path, methods in routes.items():
        for method, entry in methods.items():
            keyed = entry.view_function.describe(vocabulary).keyed
            assert not (keyed and getattr(entry.view_function, "cache", None)), (method, path)


def test_openapi_tells_of_the_cache(api: Api) -> None:
    """A reader of the description sees for how long and by what an answer may be kept."""
    paths = json.loads(api.ask("GET", "/v1/openapi.json").body)["paths"]
    keys = ["path.slug", "header.everhop-query", "header.Host", "header.everhop-edge"]
    told = {"fresh_for": 20, "keys": keys}

    assert paths["/r/{slug}"]["get"]["x-everhop-cache"] == told
    assert "x-everhop-cache" not in paths["/r/{slug}"]["head"]
    assert "x-everhop-cache" not in paths["/v1/health"]["get"]
