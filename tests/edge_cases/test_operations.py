"""Keys, workspaces, deleting, outages and clocks: rows 102 to 117 of our list, a test each.

Rows 105 (CORS), 108 (rate limits) and what row 107 says of logs are in test_service_rows.py, row 113
for a burst of visitors in test_locks.py. Row 109 (webhooks): there are none. Row 110 (asking before
a delete, and taking it back): the dashboard does that, tests/browser holds it; here is what the API
guards. Row 114 (which write of two regions wins): with replication.
"""

import json
import secrets
from datetime import timedelta
from typing import Any

import pytest
import zxingcpp

from chalicelib.core.access import draw_key
from chalicelib.core.errors import Unavailable
from chalicelib.core.links import Link
from chalicelib.store.memory import ClaimMemory, LinkMemory
from chalicelib.store.memory_counters import CounterMemory
from chalicelib.store.memory_keys import KeyMemory
from tests.api.driver import KEY, Api, codes, make_api
from tests.api.test_qr_codes import picture
from tests.clocks import SetClock
from tests.conftest import RunningStack


D = "https://example.com/x"


def issue(api: Api, **fields: Any) -> dict[str, Any]:
    return dict(api.keyed("POST", "/keys", {"name": "n", **fields}).json_body)


def ask_with(api: Api, key: str, method: str, path: str, body: Any = None) -> Any:
    return api.ask(method, f"/v1{path}", body, Authorization=f"Bearer {key}")


def test_row_102(api: Api) -> None:
    """A key is read from its header alone; unknown, ended and foreign to the scope are told apart."""
    reader = issue(api, scopes=["read"])
    for name in ("apiKey", "api_key", "key", "access_token"):
        assert api.ask("GET", f"/v1/links?{name}={reader['key']}").status_code == 401
    wrong_scope = ask_with(api, reader["key"], "POST", "/links", {"destination": D})
    unknown = ask_with(api, draw_key(secrets.randbelow), "GET", "/links")
    listed = api.keyed("GET", "/keys").body.decode()
    api.keyed("DELETE", f"/keys/{reader['id']}")
    ended = ask_with(api, reader["key"], "GET", "/links")

    assert (wrong_scope.status_code, unknown.status_code, ended.status_code) == (403, 401, 401)
    assert unknown.headers["WWW-Authenticate"] == ended.headers["WWW-Authenticate"]
    assert reader["key"] not in listed


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/links/theirs", None),
        ("PATCH", "/links/theirs", {"title": "mine"}),
        ("DELETE", "/links/theirs", None),
        ("GET", "/links/theirs/qr", None),
    ],
)
def test_row_103(api: Api, method: str, path: str, body: Any) -> None:
    """Another workspace's link is 404, and stays as it is; also for a bulk edit of its tag."""
    api.made(slug="theirs", tags=["spring"])
    key = issue(api, workspace="other")["key"]
    answer = ask_with(api, key, method, path, body)
    bulk = ask_with(api, key, "PATCH", "/links?tag=spring", {"disabled": True})

    assert answer.status_code == 404
    assert bulk.json_body["counts"] == {"edited": 0, "unchanged": 0, "failed": 0}
    assert api.keyed("GET", "/links/theirs").json_body["version"] == 1


HOSTILE = [
    '"},{"slug":"x',
    "</script><script>alert(1)</script>",
    "$util.urlDecode($input.body)#set($x=1)",
    "{{7*7}}${7*7}<%= 7*7 %>",
    "\\u0022\\",
    "é'\"&amp;\u200f\N{ROCKET}",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_row_104(api: Api, text: str) -> None:
    """What is stored comes back as it was in every answer, and breaks none of them."""
    made = api.made(f'https://example.com/?q="{text}', slug="x", title=text, notes=text, tags=["a"])

    assert made["title"] == text
    assert api.keyed("GET", "/links").json_body["links"] == [made]
    page = api.follow("x+").body.decode()
    assert "<script>alert" not in page
    assert api.follow("x").headers["Location"] == made["destination"]


@pytest.mark.stack
def test_row_106(stack: RunningStack) -> None:
    """A cookie opens nothing, even with a whole key in it, and no answer ever sets one."""
    for slug, fields in (("row-106", {}), ("row-106-locked", {"password": "sesame"})):
        assert stack.api("POST", "/links", {"destination": D, "slug": slug, **fields}).status == 201
    key = stack.api_key
    cookie = f"key={key}; api_key={key}; Authorization=Bearer {key}; session={key}"
    refused = [
        stack.ask("GET", "/api/v1/links", Cookie=cookie),
        stack.ask("POST", "/api/v1/links", {"destination": D}, Cookie=cookie),
        stack.ask("DELETE", "/api/v1/links/row-106", Cookie=cookie),
        stack.ask("POST", "/api/v1/keys", {"name": "x"}, Cookie=cookie),
    ]
    others = [
        stack.ask("GET", path, Cookie=cookie)
        for path in ("/", "/row-106", "/row-106+", "/row-106-locked", "/none", "/api/docs")
    ]
    others.append(stack.api("GET", "/links/row-106"))

    assert [answer.status for answer in refused] == [401] * 4
    assert [answer.status for answer in others] == [200, 302, 200, 200, 404, 200, 200]
    for answer in refused + others:
        assert "set-cookie" not in {name.lower() for name in answer.headers}


class Broken(LinkMemory):
    """A store with a mistake, whose error tells too much."""

    def get(self, key: str, *, consistent: bool = False) -> Link | None:
        raise ValueError("arn:aws:dynamodb:us-east-1:123456789012:table/secret-table")


@pytest.mark.filterwarnings("ignore")
def test_row_107_answer() -> None:
    """A mistake of ours is told without its words: a generic detail, and where to look it up."""
    with make_api(Broken()) as api:
        for answer in (api.keyed("GET", "/links/x"), api.follow("x")):
            body = answer.body.decode()
            assert answer.status_code == 500
            assert not [
                word
                for word in ("arn:", "secret", "Traceback", "ValueError", ".py")
                if word in body
            ]
        problem = json.loads(api.keyed("GET", "/links/x").body)

    assert problem["code"] == "internal"
    assert problem["instance"].startswith("urn:everhop:request:")


def test_row_110() -> None:
    """A deployment may want to know what is deleted: 428 without its version, 412 with an old one."""
    with make_api(EVERHOP_REQUIRE_IF_MATCH="on") as api:
        api.made(slug="x")
        api.keyed("PATCH", "/links/x", {"title": "T"}, If_Match='"v1"')

        assert api.keyed("DELETE", "/links/x").status_code == 428
        assert api.keyed("DELETE", "/links/x", If_Match='"v1"').status_code == 412
        assert api.follow("x").status_code == 302
        assert api.keyed("DELETE", "/links/x", If_Match='"v2"').status_code == 204


def test_row_111(api: Api) -> None:
    """A printed code of a deleted link leads to a page that says so, and to nobody else's target."""
    api.made(slug="printed", title="Private title")
    drawn = zxingcpp.read_barcodes(picture(api.keyed("GET", "/links/printed/qr?format=png")))
    slug = drawn[0].text.rpartition("/")[2]
    api.keyed("DELETE", "/links/printed")
    thief = issue(api, workspace="other")["key"]
    stolen = ask_with(api, thief, "POST", "/links", {"destination": D, "slug": "printed"})
    gone = api.follow(slug)

    assert (stolen.status_code, gone.status_code) == (409, 410)
    assert "text/html" in gone.headers["Content-Type"]
    assert "Private title" not in gone.body.decode()
    assert "Location" not in gone.headers
    assert api.keyed("GET", "/links/printed/qr").status_code == 404
    assert api.keyed("GET", "/links?q=printed").json_body["links"] == []


def test_row_112() -> None:
    """Codes of slugs in any script and of long destinations are read back; poor ones are refused."""
    with make_api(EVERHOP_UNICODE_SLUGS="on") as api:
        api.made(f"https://example.com/{'x' * 2028}", slug="\N{ROCKET}")
        path = "/links/%F0%9F%9A%80/qr"
        (read,) = zxingcpp.read_barcodes(picture(api.keyed("GET", f"{path}?format=png&size=200")))

        assert read.text == "https://sho.rt/%F0%9F%9A%80"
        assert codes(api.keyed("GET", f"{path}?dark=999&light=aaa")) == {"/dark": "qr_contrast"}
        assert codes(api.keyed("GET", f"{path}?logo_space=26")).keys() == {"/logo_space"}


class Watched(LinkMemory):
    """A store that counts what is asked of it."""

    def __init__(self) -> None:
        super().__init__()
        self.gets = self.writes = 0

    def get(self, key: str, *, consistent: bool = False) -> Link | None:
        self.gets += 1
        return super().get(key, consistent=consistent)

    def create(self, key: str, link: Link) -> None:
        self.writes += 1
        super().create(key, link)

    def replace(self, key: str, link: Link) -> None:
        self.writes += 1
        super().replace(key, link)


@pytest.mark.parametrize(("limit", "counted"), [(None, 0), (1000, 100)])
def test_row_113(limit: int | None, counted: int) -> None:
    """To follow a link is one read of it and no write to it, however often; a limit counts beside."""
    store, counters = Watched(), CounterMemory()
    with make_api(store, counters=counters) as api:
        api.made(slug="hot", max_clicks=limit)
        before = store.gets, store.writes
        assert {api.follow("hot").status_code for _ in range(100)} == {302}

    assert (store.gets - before[0], store.writes - before[1]) == (100, 0)
    assert sum(counters._totals.values()) == counted


@pytest.mark.parametrize("skew", [-5, -0.5, 0.5, 5])
def test_row_114(skew: float) -> None:
    """Two regions whose clocks differ: no edit is lost, no key's link is made twice, 410 by ours."""
    here, there = SetClock(), SetClock()
    there.move(seconds=skew)
    store, claims, body = LinkMemory(), ClaimMemory(), {"destination": D}
    with make_api(store, clock=here, claims=claims) as one:
        first = one.keyed("POST", "/links", body, Idempotency_Key="k").json_body
        path = f"/links/{first['slug']}"
        ends_at = here.time + timedelta(seconds=2)
        one.keyed("PATCH", path, {"expires_at": ends_at.isoformat()})
    with make_api(store, clock=there, claims=claims) as two:
        assert two.keyed("POST", "/links", body, Idempotency_Key="k").json_body == first
        edited = two.keyed("PATCH", path, {"title": "T"}, If_Match='"v2", "v2-expired"')
        assert edited.json_body["version"] == 3
        assert two.follow(first["slug"]).status_code == (410 if skew >= 2 else 302)
        assert len(two.keyed("GET", "/links").json_body["links"]) == 1


class ReadOnly(LinkMemory):
    """A table that is being moved: it is read, and takes nothing."""

    frozen = False

    def create(self, key: str, link: Link) -> None:
        self._refuse()
        super().create(key, link)

    def replace(self, key: str, link: Link) -> None:
        self._refuse()
        super().replace(key, link)

    def _refuse(self) -> None:
        if self.frozen:
            raise Unavailable("The table did not answer (ResourceInUseException).", retry_for=7)


def test_row_115() -> None:
    """While the table takes nothing, links are followed and read, and writes are 503 with a reason."""
    store = ReadOnly()
    with make_api(store) as api:
        api.made(slug="x", tags=["a"])
        store.frozen = True
        writes = [
            api.create(D),
            api.keyed("PATCH", "/links/x", {"title": "T"}),
            api.keyed("PATCH", "/links?tag=a", {"disabled": True}),
            api.keyed("DELETE", "/links/x"),
        ]
        batch = api.keyed("POST", "/links/batch", {"links": [{"destination": D}]}).json_body

        assert {(one.status_code, one.headers["Retry-After"]) for one in writes} == {(503, "7")}
        assert {one.headers["Cache-Control"] for one in writes} == {"no-store"}
        assert batch["results"][0]["problem"]["status"] == 503
        assert api.follow("x").status_code == 302
        assert api.keyed("GET", "/links/x").status_code == 200


@pytest.mark.stack
def test_row_116(stack: RunningStack) -> None:
    """The files that a backup would have hold no key's secret, no visitor's address, and no key sent.

    The secret of a key is between its id and its checksum.
    """
    made = stack.api("POST", "/keys", {"name": "row 116"}).json
    bearer = {"Authorization": f"Bearer {made['key']}"}
    body = {"destination": D, "slug": "row-116"}
    sent = stack.ask("POST", "/api/v1/links", body, **bearer, Idempotency_Key="private-116")
    stack.ask("GET", "/row-116", X_Forwarded_For="203.0.113.77", User_Agent="Agent-116")
    dump = b"".join(path.read_bytes() for path in stack.data.rglob("*") if path.is_file())

    assert sent.status == 201
    assert b"row-116" in dump
    assert made["id"].encode() in dump
    for secret in (made["key"], made["key"][13:45], "private-116", "203.0.113.77", "Agent-116"):
        assert secret.encode() not in dump


def test_row_116_memory() -> None:
    """Nor has the store that holds the keys anything that opens a door, however it is written out."""
    keys = KeyMemory()
    with make_api(keys=keys) as api:
        made = issue(api)
        dump = repr(vars(keys))

    assert made["id"] in dump
    assert made["key"][13:45] not in dump
    assert KEY not in dump


@pytest.mark.parametrize("host", ["bad.example", "www.bad.example", "a.b.bad.example"])
def test_row_117(host: str) -> None:
    """A host that turns bad after its links were made: once it is denied, they stop, and no new come.

    There is no service that is asked about destinations, so none can be away; the list is ours.
    """
    store = LinkMemory()
    with make_api(store) as before:
        before.made(f"https://{host}/page", slug="x")
        before.made("https://notbad.example/", slug="good")
        assert before.follow("x").status_code == 302
    with make_api(store, EVERHOP_DENIED_HOSTS="bad.example") as api:
        assert api.follow("x").status_code == api.follow("x+").status_code == 404
        assert host not in api.follow("x+").body.decode()
        assert api.follow("good").status_code == 302
        assert api.refusal(f"https://{host}/") == {"/destination": "destination_denied"}
        assert api.keyed("PATCH", "/links/x", {"title": "still its owner's"}).status_code == 200
