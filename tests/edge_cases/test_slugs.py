"""What people and attackers put in as a slug: a row of our list of cases, a test.

Row 34 (two regions at once) needs more than one region. Row 48 (renaming): a slug can't be edited,
which `test_row_48` holds. Rows 50 and 51 (several domains): a deployment has one domain; the domain
of imported rows is reported as ignored.
"""

import json
import threading
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.core.links import Link
from chalicelib.core.slugs import ALPHABET, RESERVED, SlugPolicy, draw_slug, slug_key
from chalicelib.store.memory import LinkMemory
from tests.api.driver import Api, codes, make_api
from tests.conftest import ROOT, RunningStack


D = "https://example.com/x"


def test_row_32(api: Api) -> None:
    """A slug that is in use is 409 slug_taken."""
    api.made(slug="Twice")
    answer = api.create(D, slug="twice")

    assert answer.status_code == 409
    assert json.loads(answer.body)["code"] == "slug_taken"
    assert "Twice" in json.loads(answer.body)["detail"]


@pytest.mark.stack
def test_row_33(stack: RunningStack) -> None:
    """Of 20 creates of one slug at once, one wins, nineteen are told so, and none fails."""
    statuses: Counter[int] = Counter()
    start = threading.Barrier(20)

    def create(number: int) -> None:
        start.wait()
        body = {"destination": f"https://example.com/{number}", "slug": "contested"}
        statuses[stack.api("POST", "/links", body).status] += 1

    threads = [threading.Thread(target=create, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert statuses == {201: 1, 409: 19}


class Colliding:
    """Chance that draws the same slug a few times before anything else."""

    def __init__(self, repeats: int) -> None:
        self.calls = 0
        self.repeats = repeats * 7

    def __call__(self, below: int) -> int:
        self.calls += 1
        return 0 if self.calls <= self.repeats else self.calls % below


def test_row_35() -> None:
    """A drawn slug that collides is drawn again inside, longer after the second time."""
    colliding = Colliding(2)

    assert draw_slug(colliding, 0) == draw_slug(colliding, 1)
    assert [len(draw_slug(colliding, tries)) for tries in range(5)] == [7, 7, 8, 8, 9]
    store = LinkMemory()
    with make_api(store) as api:
        slugs = {api.made()["slug"] for _ in range(50)}
    assert len(slugs) == 50


def test_row_36() -> None:
    """Drawn slugs have 7 or more characters and none that is taken for another."""
    assert not set("0oO1iIlj") & set(ALPHABET)
    assert len(set(ALPHABET)) == len(ALPHABET) >= 24
    with make_api() as api:
        slugs = [api.made()["slug"] for _ in range(20)]
    assert all(len(slug) >= 7 and set(slug) <= set(ALPHABET) for slug in slugs)
    assert slugs != sorted(slugs)


ASKED_OF_EVERY_SITE = [
    "api",
    "health",
    "admin",
    "static",
    "_next",
    ".well-known",
    "robots.txt",
    "favicon.ico",
    "sitemap.xml",
    "apple-app-site-association",
    "assetlinks.json",
    "manifest.json",
    "sw.js",
    "index.html",
    "dev",
    "prod",
]


@pytest.mark.parametrize("slug", ASKED_OF_EVERY_SITE)
def test_row_37(api: Api, slug: str) -> None:
    """What browsers, crawlers and stages ask for is reserved."""
    assert api.refusal(D, slug=slug) == {"/slug": "slug_reserved"}


def test_row_37_routes() -> None:
    """Every first path segment that is answered at the public address's root is reserved."""
    files = {path.name for path in (ROOT / "static_site").iterdir()}

    assert "assets" in files
    assert files | {"api", "_local"} <= RESERVED


def test_row_37_below_the_api(api: Api) -> None:
    """The API's own segments take no slug from anyone: no link is followed at its root.

    Its links are at /r/{slug}, its routes below /api at the public address. v1 and r are reserved
    because people would take them for the API's.
    """
    routes = {path.split("/")[1] for path in api.client._app.routes}
    link = api.made(slug="docs")

    assert routes == {"v1", "r", "v", "docs"}
    assert {"v1", "r"} <= RESERVED
    assert link["short_url"] == "https://sho.rt/docs"
    assert api.follow("docs").status_code == 302
    assert api.ask("GET", "/docs").status_code == 200


@pytest.mark.stack
def test_row_37_docs(stack: RunningStack) -> None:
    """At the public address /docs is a slug like any other, and /api/docs the documentation."""
    stack.api("POST", "/links", {"destination": D, "slug": "docs"})

    assert stack.ask("GET", "/docs").headers["Location"] == D
    assert b"The REST API" in stack.ask("GET", "/api/docs").body


@pytest.mark.parametrize("slug", ["API", "Api", "ROBOTS.TXT", "Assets", "ａｐｉ"])
def test_row_38(api: Api, slug: str) -> None:
    """A reserved word is reserved in every spelling that would reach it."""
    assert api.refusal(D, slug=slug) == {"/slug": "slug_reserved"}


def test_row_39() -> None:
    """Case does not matter by default, and is shown as it was chosen; strict is opt-in."""
    with make_api() as api:
        assert api.made(slug="Promo")["slug"] == "Promo"
        assert api.follow("pROMO").status_code == 302
        assert json.loads(api.keyed("GET", "/links/promo").body)["slug"] == "Promo"
    with make_api(EVERHOP_SLUG_CASE="sensitive") as strict:
        strict.made("https://example.com/1", slug="Promo")
        strict.made("https://example.com/2", slug="promo")
        assert strict.follow("Promo").headers["Location"] == "https://example.com/1"
        assert strict.follow("promo").headers["Location"] == "https://example.com/2"
        assert strict.follow("PROMO").status_code == 404


@pytest.mark.parametrize(
    ("one", "other"), [("K", "k"), ("İx", "i̇x"), ("ß", "ss"), ("ａｂｃ", "abc"), ("ﬁ", "fi")]
)
def test_row_40(one: str, other: str) -> None:
    """Folding is one function, used when writing and when reading, and folding twice is folding."""
    policy = SlugPolicy(unicode=True)

    assert slug_key(one, policy) == slug_key(other, policy)
    assert slug_key(slug_key(one, policy), policy) == slug_key(one, policy)


@pytest.mark.parametrize("slug", ["🔥", "구글", "日本語", "über-uns"])
def test_row_41(slug: str) -> None:
    """Other scripts are opt-in; raw and percent-encoded paths are then the same slug."""
    with make_api() as plain:
        assert plain.refusal(D, slug=slug) == {"/slug": "slug_characters"}
    with make_api(EVERHOP_UNICODE_SLUGS="on") as api:
        api.made(slug=slug)
        encoded = "".join(f"%{byte:02X}" for byte in slug.encode())
        assert api.follow(encoded).status_code == 302
        assert api.follow(encoded.lower()).status_code == 302
        assert api.refusal(D, slug="a\u202eb") == {"/slug": "slug_characters"}


@pytest.mark.parametrize(
    "twin", ["promo\u3164", "promo\u115f", "promo\u034f", "promo\ufe0f", "℀", "ﷺ" * 30, "ﷺ" * 4]
)
def test_row_41_twins(twin: str) -> None:
    """Letters that show nothing, or fold to what a slug can't have, are refused."""
    with make_api(EVERHOP_UNICODE_SLUGS="on") as api:
        assert set(api.refusal(D, slug=twin)) == {"/slug"}


@pytest.mark.parametrize(
    "slug", ["He-LLo wörld!", "a?b", "a#b", "a&b", "a%20b", "a'b", "a\nb", "a.b"]
)
def test_row_42(api: Api, slug: str) -> None:
    """Bad characters are refused, never rewritten."""
    assert api.refusal(D, slug=slug) == {"/slug": "slug_characters"}


@pytest.mark.parametrize(
    ("length", "status"), [(0, 422), (1, 201), (64, 201), (65, 422), (300, 422), (2048, 422)]
)
def test_row_43(api: Api, length: int, status: int) -> None:
    """A slug has 1 to 64 characters."""
    answer = api.create(D, slug="x" * length)

    assert answer.status_code == status
    if status == 422:
        assert codes(answer) == {"/slug": "slug_length"}


@pytest.mark.parametrize("slug", [" ", "  ", " a", "a ", ".", "..", "-", "--", "_", "%", "a+", "+"])
def test_row_44(api: Api, slug: str) -> None:
    """Spaces, dots, lone signs and the preview's + are refused."""
    assert set(api.refusal(D, slug=slug)) == {"/slug"}


@pytest.mark.parametrize("slug", ["foo/bar", "/foo", "foo//bar", "/", "foo\\bar"])
def test_row_45(api: Api, slug: str) -> None:
    """A slug is one path segment."""
    assert api.refusal(D, slug=slug) == {"/slug": "slug_characters"}


class Untouched(LinkMemory):
    """A store that must not be asked."""

    def get(self, key: str, *, consistent: bool = False) -> Link | None:
        raise AssertionError(key)


@pytest.mark.parametrize("slug", ["index.php", "wp-login.php", ".env", ".git", "dump.sql"])
def test_row_46(slug: str) -> None:
    """What scanners ask for is reserved, and answered 404 without a look at the table."""
    with make_api() as api:
        assert api.refusal(D, slug=slug) == {"/slug": "slug_reserved"}
    with make_api(Untouched()) as api:
        assert api.follow(slug).status_code == 404


def test_row_47() -> None:
    """A deployment's deny list holds for slugs that are chosen and for those that are drawn."""
    with make_api(EVERHOP_DENIED_SLUGS="brand, 2") as api:
        assert api.refusal(D, slug="My-Brand") == {"/slug": "slug_denied"}
        assert all("2" not in api.made()["slug"] for _ in range(30))


def test_row_48(api: Api) -> None:
    """A slug is for good: an edit that names one is refused, so nothing is ever half renamed."""
    api.made(slug="stays")
    answer = api.keyed("PATCH", "/links/stays", {"slug": "moves"})

    assert answer.status_code == 422
    assert codes(answer) == {"/slug": "unknown_field"}


def test_row_49(api: Api) -> None:
    """A deleted slug is quarantined: gone for visitors, taken for everyone, for 90 days."""
    api.made(slug="once")
    assert api.keyed("DELETE", "/links/once").status_code == 204

    assert api.follow("once").status_code == 410
    assert api.keyed("GET", "/links/once").status_code == 404
    assert api.keyed("DELETE", "/links/once").status_code == 404
    answer = api.create(D, slug="Once")
    assert answer.status_code == 409
    assert "was deleted" in json.loads(answer.body)["detail"]


def test_row_49_after_quarantine() -> None:
    """After the quarantine the slug can have a new link."""
    store = LinkMemory()
    long_ago = datetime.now(UTC) - timedelta(days=91)
    tombstone = Link(
        workspace="default",
        slug="old",
        destination="",
        created_at=long_ago,
        updated_at=long_ago,
        deleted_at=long_ago,
    )
    store.create("old", tombstone)
    with make_api(store) as api:
        assert api.made(slug="old")["version"] == 1
        assert api.follow("old").status_code == 302
