"""Behind the stage's cache every visitor gets the answer that is theirs, and edits arrive in time."""

import json
import random
from dataclasses import replace
from typing import Any

import pytest
from aiohttp.test_utils import make_mocked_request
from chalice.app import Chalice

from chalicelib.api.caching import cached_routes
from chalicelib.config import load
from chalicelib.store.memory import LinkMemory
from chalicelib.wiring import make_app, make_link_service
from infra.caches import INVALIDATION, Invalidation, MethodCache, StageCache, method_caches
from local.region import OwnDoor, answer, make_gateway
from local.stage_api import InvalidationRefused, StageApi
from tests.api.driver import memory_stores
from tools.cache_plans import plan_changes


D = "https://example.com/"
ON = {
    "EVERHOP_STORE": "memory",
    "EVERHOP_API_CACHE": "on",
    "EVERHOP_PUBLIC_URL": "https://sho.rt",
    "EVERHOP_LOG": "off",
}


class Stage:
    """A stage with links in memory, asked as the front asks it."""

    def __init__(self, **environ: str) -> None:
        config = load({**ON, **environ})
        store = LinkMemory()
        self.links = make_link_service(config, store)
        self.app: Chalice = make_app(config, memory_stores(config, links=store))
        self.gateway = make_gateway(self.app)
        self.api = StageApi(self.app, self.gateway, StageCache(enabled=True))

    def make(self, slug: str, **fields: Any) -> None:
        self.links.create("w", {"destination": D + slug, "slug": slug, **fields})

    def ask(self, path: str, query: str = "", method: str = "GET", **headers: str) -> Any:
        sent = {"Host": "api.test", "everhop-query": query, **headers}
        target = f"{path}?{query}" if query else path
        return self.api.handle(method, target, sent, b"")

    def leads_to(self, slug: str, query: str = "", **headers: str) -> str | None:
        """The Location at the end of the hop, if there is one."""
        answer = self.ask(f"/r/{slug}", query, **headers)
        location = answer["headers"].get("Location")
        if location and location.startswith("https://sho.rt/"):
            segment, _, rest = location.removeprefix("https://sho.rt/").partition("?")
            assert segment.endswith("~")
            answer = self.ask(f"/v/{segment[:-1]}", rest, **headers)
            location = answer["headers"].get("Location")
        return None if location is None else str(location)


@pytest.fixture
def stage() -> Stage:
    return Stage()


def status_of(answer: Any) -> str:
    return str(answer["headers"].get("Cache-Status"))


def test_two_thousand_slugs_lead_where_they_should() -> None:
    """Asked in any order, with queries and without, each leads to its own destination."""
    stage, chance = Stage(), random.Random(7)  # noqa: S311
    slugs = [f"s{number}" for number in range(2000)]
    for number, slug in enumerate(slugs):
        stage.make(slug, forward_query=number % 3 == 0)
    asked = [(slug, query) for slug in slugs for query in ("", "a=1", "")]
    chance.shuffle(asked)
    wrong = 0
    for slug, query in asked:
        passed_on = query and int(slug[1:]) % 3 == 0
        wrong += stage.leads_to(slug, query) != D + slug + (f"?{query}" if passed_on else "")

    assert wrong == 0
    assert stage.api.cache.size[0] == 4000


def test_without_its_keys_it_would_be_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    """The check sees a cache whose key lacks the slug: the first redirect is everybody's."""
    monkeypatch.setattr("local.stage_api.key_of", lambda *_: ("/r/{slug}",))
    stage = Stage()
    for slug in ("one", "two"):
        stage.make(slug)

    assert [stage.leads_to(slug) for slug in ("one", "two")] == [D + "one", D + "one"]


def test_what_is_kept_is_said(stage: Stage) -> None:
    """The second answer is a hit; other methods, keyed requests and the API's lists are not kept."""
    stage.make("promo")
    told = [status_of(stage.ask("/r/promo")) for _ in range(2)]

    assert told[0] == '"API cache"; fwd=uri-miss; stored'
    assert told[1].startswith('"API cache"; hit; ttl=')
    for method, path in (("HEAD", "/r/promo"), ("GET", "/v1/links"), ("GET", "/v1/health")):
        assert status_of(stage.ask(path, method=method)) == "None"
    assert "X-Request-Id" not in stage.ask("/r/promo")["headers"]


DEPENDS: list[dict[str, Any]] = [
    {"password": "sesame"},
    {"max_clicks": 1, "max_clicks_exact": True},
    {"max_clicks": 1000},
    {"rules": [{"if": {"countries": ["DE"]}, "destination": D + "de"}]},
    {"rules": [{"variants": [{"destination": D + "a", "weight": 1}]}]},
]


@pytest.mark.parametrize("fields", DEPENDS, ids=lambda fields: next(iter(fields)))
def test_what_depends_on_the_visitor_hops(stage: Stage, fields: dict[str, Any]) -> None:
    """What is kept of such a link is the way to an address that nobody keeps, query and all."""
    stage.make("promo", **fields)
    for _ in range(2):
        answer = stage.ask("/r/promo", "a=1")
        assert answer["statusCode"] == 302
        assert answer["headers"]["Location"] == "https://sho.rt/promo~?a=1"
    assert status_of(answer).startswith('"API cache"; hit')
    assert status_of(stage.ask("/v/promo", "a=1")) == "None"


def test_rules_are_for_their_visitors(stage: Stage) -> None:
    """One visitor's rule is never another's redirect; a rule about the query needs no hop."""
    stage.make("geo", rules=[{"if": {"countries": ["DE"]}, "destination": D + "de"}])
    asked = {"query": [{"name": "ref", "value": "x"}]}
    stage.make("ref", rules=[{"if": asked, "destination": D + "x"}])
    for _ in range(2):
        german = {"CloudFront-Viewer-Country": "DE"}
        assert stage.leads_to("geo", **german) == D + "de"
        assert stage.leads_to("geo") == D + "geo"
        assert stage.leads_to("ref", "ref=x") == D + "x"
        assert stage.leads_to("ref", "ref=y") == D + "ref"
    assert "~" not in stage.ask("/r/ref", "ref=x")["headers"]["Location"]


def test_a_click_limit_holds_behind_the_cache(stage: Stage) -> None:
    """An exact limit of three lets three through, however often the hop is a hit."""
    stage.make("few", max_clicks=3, max_clicks_exact=True)
    led = [stage.leads_to("few", **{"User-Agent": "Mozilla/5.0 Firefox/127.0"}) for _ in range(8)]

    assert led == [D + "few"] * 3 + [None] * 5


def test_a_preview_of_such_a_link_hops_too(stage: Stage) -> None:
    """The plus stays with the slug."""
    stage.make("geo", rules=[{"if": {"countries": ["DE"]}, "destination": D + "de"}])

    assert stage.ask("/r/geo+")["headers"]["Location"] == "https://sho.rt/geo+~"
    assert stage.ask("/v/geo+")["statusCode"] == 200


@pytest.mark.parametrize("header", ["EVERHOP-QUERY", "Everhop-Query"])
def test_another_spelling_poisons_nothing(stage: Stage, header: str) -> None:
    """A header that is in no key has no say in what is kept."""
    stage.make("promo", forward_query=True)
    stage.api.handle("GET", "/r/promo", {"Host": "api.test", header: "evil=1"}, b"")

    answer = stage.api.handle("GET", "/r/promo", {"Host": "api.test"}, b"")
    assert answer["headers"]["Location"] == D + "promo"


def test_without_a_cache_nothing_hops() -> None:
    """A stage that does not cache answers at once, locks and all."""
    stage = Stage(EVERHOP_API_CACHE="off")
    stage.make("geo", rules=[{"if": {"countries": ["DE"]}, "destination": D + "de"}])

    answer = stage.ask("/r/geo", **{"CloudFront-Viewer-Country": "DE"})
    assert answer["headers"]["Location"] == D + "de"


OPEN = Invalidation(authorised_only=False)
REFUSES = Invalidation(otherwise="FAIL_WITH_403")
WARNS = Invalidation(otherwise="SUCCEED_WITH_RESPONSE_HEADER")
SILENT = Invalidation(otherwise="SUCCEED_WITHOUT_RESPONSE_HEADER")


def edited_behind(invalidation: Invalidation) -> Stage:
    """A stage whose cache has a redirect from before an edit, and lets this be asked anew."""
    stage = Stage()
    declared = method_caches(cached_routes(stage.app.routes), StageCache(enabled=True))
    methods = [replace(one, invalidation=invalidation) for one in declared]
    stage.api = StageApi(stage.app, stage.gateway, StageCache(enabled=True), methods)
    stage.make("promo")
    stage.ask("/r/promo")
    stage.links.edit("w", "promo", {"destination": D + "edited"})
    return stage


@pytest.mark.parametrize("directive", ["max-age=0", "no-transform, MAX-AGE=0"])
@pytest.mark.parametrize(
    ("invalidation", "leads_to", "how"),
    [(OPEN, "edited", "fwd=request; stored"), (WARNS, "promo", "hit"), (SILENT, "promo", "hit")],
    ids=["open", "warns", "silent"],
)
def test_who_may_have_it_made_anew(
    invalidation: Invalidation, leads_to: str, how: str, directive: str
) -> None:
    """Anybody where it takes no right, and then everybody gets the new answer; else nobody."""
    stage = edited_behind(invalidation)
    asked = stage.ask("/r/promo", **{"cache-CONTROL": directive})

    assert asked["headers"]["Location"] == D + leads_to
    assert how in status_of(asked)
    assert asked["headers"].get("Warning", "").startswith("199 ") is (invalidation is WARNS)
    after = stage.ask("/r/promo")
    assert (after["headers"]["Location"], "Warning" in after["headers"]) == (D + leads_to, False)


def test_a_stage_can_refuse_to_make_it_anew() -> None:
    """Whether it has the answer or not; requests that ask for nothing of the kind are answered."""
    stage = edited_behind(REFUSES)
    for path in ("/r/promo", "/r/other"):
        with pytest.raises(InvalidationRefused):
            stage.ask(path, **{"Cache-Control": "max-age=0"})
    assert stage.ask("/v1/health", **{"Cache-Control": "max-age=0"})["statusCode"] == 200
    for harmless in ("no-cache", "max-age=01", "max-age=10", "s-max-age=0"):
        assert status_of(stage.ask("/r/promo", **{"Cache-Control": harmless})).startswith(
            '"API cache"; hit'
        )


def test_the_refusal_is_api_gateways() -> None:
    """Whoever is refused gets a 403 in the words that the template has for it."""
    stage = edited_behind(REFUSES)
    request = make_mocked_request("GET", "/api/r/promo", {"Cache-Control": "max-age=0"})
    refused = answer(stage.api, OwnDoor(""), request, b"")

    assert refused.status == 403
    assert refused.content_type == "application/problem+json"
    assert json.loads(refused.body or b"")["code"] == "bad_request"


def test_what_is_deployed_is_what_runs_here(stage: Stage) -> None:
    """Both are made of the one setting: a reload is answered from the cache, and not told so."""
    stage.make("promo")
    stage.ask("/r/promo")
    reload = stage.ask("/r/promo", **{"Cache-Control": "max-age=0"})

    assert status_of(reload).startswith('"API cache"; hit')
    assert "Warning" not in reload["headers"]
    planned = plan_changes({}, StageCache(enabled=True), [MethodCache("/r/{slug}", (), 20)])
    assert INVALIDATION == SILENT
    assert "SUCCEED_WITHOUT_RESPONSE_HEADER" in {change.value for change in planned}


def test_another_size_and_nothing_in_it(stage: Stage) -> None:
    """What is told of the cache follows its commands."""
    stage.make("promo")
    stage.ask("/r/promo")
    told = stage.api.describe()
    assert (told["size"], told["state"], told["answers"]) == ("0.5", "AVAILABLE", 1)
    assert told["bytes"] > 0
    assert told["fresh_for"]["GET /r/{slug}"] == 20

    stage.api.resize("1.6")
    told = stage.api.describe()
    assert (told["size"], told["state"], told["answers"]) == ("1.6", "CREATE_IN_PROGRESS", 0)
    assert status_of(stage.ask("/r/promo")) == '"API cache"; fwd=bypass'
