"""The owners' API: what comes back, and what is refused with which words."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.core.errors import EverhopError, Unavailable
from chalicelib.core.links import Link
from chalicelib.store.memory import LinkMemory
from tests.api.driver import KEY, Api, codes, make_api


D = "https://example.com/x"
FIELDS = {
    "slug",
    "short_url",
    "destination",
    "forward_path",
    "utm",
    "rules",
    "title",
    "notes",
    "tags",
    "status",
    "expires_at",
    "starts_at",
    "forward_query",
    "query_winner",
    "disabled",
    "archived",
    "max_clicks",
    "max_clicks_exact",
    "has_password",
    "state",
    "created_at",
    "updated_at",
    "version",
}


def in_days(days: float) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).isoformat(timespec="seconds")


def test_create_answers_with_the_whole_link(api: Api) -> None:
    """A create tells everything about the link, where it is, and its version."""
    answer = api.create(D, slug="Promo", tags=["B", " a  b ", "b"], title=" T ")
    link = answer.json_body

    assert answer.status_code == 201
    assert answer.headers["Location"] == "/api/v1/links/Promo"
    assert answer.headers["ETag"] == '"v1"'
    assert answer.headers["Cache-Control"] == "no-store"
    assert set(link) == FIELDS
    assert link["short_url"] == "https://sho.rt/Promo"
    assert link["tags"] == ["b", "a b"]
    assert link["title"] == "T"
    assert link["status"] == 302
    assert link["state"] == "active"


CHANGES: list[tuple[str, Any, Any]] = [
    ("title", "T", None),
    ("notes", "N", None),
    ("tags", ["a"], []),
    ("status", 308, 302),
    ("expires_at", "2099-01-01T00:00:00Z", None),
    ("starts_at", "2098-01-01T00:00:00Z", None),
    ("forward_query", True, False),
    ("query_winner", "visitor", "destination"),
    ("forward_path", True, False),
    ("utm", {"source": "a b", "term": "ü&="}, None),
    ("rules", [{"if": {"devices": ["phone"]}, "destination": "https://m.example/"}], []),
    ("disabled", True, False),
    ("archived", True, False),
    ("max_clicks", 5, None),
    # max_clicks_exact, which needs max_clicks, is in test_exact_limits.
]


@pytest.mark.parametrize(("name", "value", "cleared"), CHANGES)
def test_edit_sets_keeps_and_clears(api: Api, name: str, value: Any, cleared: Any) -> None:
    """A field that is named changes, one that is missing stays, null clears it."""
    api.made(D, slug="x")

    changed = api.keyed("PATCH", "/links/x", {name: value}).json_body
    kept = api.keyed("PATCH", "/links/x", {}).json_body
    emptied = api.keyed("PATCH", "/links/x", {name: None}).json_body

    assert changed[name] == kept[name] == value
    assert emptied[name] == cleared
    assert [changed["version"], kept["version"], emptied["version"]] == [2, 2, 3]


def test_edit_of_the_destination(api: Api) -> None:
    """A destination can be changed, and not cleared."""
    api.made(D, slug="x")

    assert (
        api.keyed("PATCH", "/links/x", {"destination": "https://new.example/"}).status_code == 200
    )
    assert api.follow("x").headers["Location"] == "https://new.example/"
    answer = api.keyed("PATCH", "/links/x", {"destination": None})
    assert codes(answer) == {"/destination": "required"}


def test_exact_limits(api: Api) -> None:
    """A limit is exact only where there is one: at the create, and at each edit."""
    api.made(D, slug="x")

    def edit(**body: object) -> Any:
        return api.keyed("PATCH", "/links/x", body)

    refused = {"/max_clicks_exact": "max_clicks_needed"}
    assert codes(edit(max_clicks_exact=True)) == refused
    assert edit(max_clicks=5, max_clicks_exact=True).json_body["max_clicks_exact"] is True
    assert codes(edit(max_clicks=None, max_clicks_exact=True)) == refused
    assert edit(max_clicks=6).json_body["max_clicks_exact"] is True
    assert edit(max_clicks=None).json_body["max_clicks_exact"] is False
    assert edit(max_clicks=6).json_body["max_clicks_exact"] is False


WRONG: list[tuple[dict[str, Any], dict[str, str]]] = [
    ({"status": 303}, {"/status": "choice"}),
    ({"status": "302"}, {"/status": "choice"}),
    ({"status": 302.0}, {"/status": "choice"}),
    ({"status": True}, {"/status": "choice"}),
    ({"tags": "a"}, {"/tags": "type"}),
    ({"tags": [1]}, {"/tags": "tag"}),
    ({"tags": ["x" * 33]}, {"/tags": "tag"}),
    ({"tags": [""]}, {"/tags": "tag"}),
    ({"tags": [str(number) for number in range(11)]}, {"/tags": "too_many"}),
    ({"title": 5}, {"/title": "type"}),
    ({"title": "x" * 201}, {"/title": "too_long"}),
    ({"notes": "x" * 2001}, {"/notes": "too_long"}),
    ({"title": "a\0b"}, {"/title": "characters"}),
    ({"notes": "a\x1bb"}, {"/notes": "characters"}),
    ({"created_at": "2020-01-01T00:00:00Z"}, {"/created_at": "unknown_field"}),
    ({"expires_at": True}, {"/expires_at": "time"}),
    ({"expires_at": "2026-12-01T10:00"}, {"/expires_at": "time"}),
    ({"expires_at": "2020-01-01T00:00:00Z"}, {"/expires_at": "past"}),
    ({"starts_at": in_days(2), "expires_at": in_days(1)}, {"/starts_at": "dates_crossed"}),
    ({"max_clicks_exact": True}, {"/max_clicks_exact": "max_clicks_needed"}),
    ({"forward_query": "yes"}, {"/forward_query": "type"}),
    ({"forward_query": 1}, {"/forward_query": "type"}),
    ({"query_winner": "me"}, {"/query_winner": "choice"}),
    ({"disabled": None, "archived": 0}, {"/archived": "type"}),
    ({"slug": 5}, {"/slug": "type"}),
    ({"expire_at": in_days(1)}, {"/expire_at": "unknown_field"}),
    ({"__proto__": {}}, {"/__proto__": "unknown_field"}),
    ({"a/b~c": 1}, {"/a~1b~0c": "unknown_field"}),
    ({"title": 1, "notes": 2, "x": 3}, {"/title": "type", "/notes": "type", "/x": "unknown_field"}),
]


@pytest.mark.parametrize(("fields", "expected"), WRONG)
def test_every_bad_field_is_named(
    api: Api, fields: dict[str, Any], expected: dict[str, str]
) -> None:
    """A 422 points to each field that is wrong, with a stable code."""
    assert api.refusal(D, **fields) == expected


def test_lone_surrogates_are_refused(api: Api) -> None:
    """JSON can spell text that no store can keep; it is refused like any other bad text."""
    for field in ("title", "notes", "slug", "destination"):
        body = {"destination": D, field: "https://e.example/" if field == "destination" else "a"}
        raw = (
            json.dumps(body).replace('"a"', '"a\\ud800"').replace("e.example/", "e.example/\\ud800")
        )
        answer = api.keyed("POST", "/links", raw.encode())
        assert answer.status_code == 422, field
        assert set(codes(answer)) == {f"/{field}"}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{bad", 400),
        (b"", 400),
        (b"\xff\xfe", 400),
        (b'{"destination": NaN}', 400),
        (b"1" * 5000, 400),
        (b"[]", 422),
        (b'"str"', 422),
        (b"null", 422),
        (b"{}", 422),
        (b'\xef\xbb\xbf{"destination":"https://example.com/x"}', 201),
    ],
)
def test_bodies(api: Api, body: bytes, status: int) -> None:
    """What can't be parsed is 400, what parses but is no link is 422, a BOM is no matter."""
    answer = api.keyed("POST", "/links", body)

    assert answer.status_code == status
    if status >= 400:
        assert answer.headers["Content-Type"] == "application/problem+json"
        problem = json.loads(answer.body)
        assert {"type", "title", "status", "code", "detail", "instance"} <= set(problem)
        assert problem["status"] == status


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b" \n", "empty"),
        (b'{"slug": "a",\n  oops}', "line 2, column 3"),
        (b'{"max_clicks": -Infinity}', "-Infinity"),
        (b'{"slug": "a", "title": "b", "s\\u006cug": "c"}', "“slug”"),
        (b'{"max_clicks": %s}' % (b"9" * 5000), "digits"),
        (b'{"a":' * 9000, "deep"),
        (b'{"\\ud800": 1}', "half of a character"),
    ],
)
def test_why_a_body_is_not_read(api: Api, body: bytes, told: str) -> None:
    """Whoever sent it is told what is wrong with it, and where."""
    answer = api.keyed("POST", "/links", body)

    assert answer.status_code == 400
    assert told in answer.json_body["detail"]


def test_a_link_that_is_sent_back_whole(api: Api) -> None:
    """Fields that are only read, or only written with a create, are not said to be none."""
    link = api.made("https://example.com/", slug="whole")
    answer = api.keyed("PATCH", "/links/whole", {**link, "no": 1})

    told = {one["pointer"]: one["detail"] for one in answer.json_body["errors"]}
    assert told.pop("/no") == "There is no such field."
    only_read = {
        "slug",
        "short_url",
        "state",
        "has_password",
        "created_at",
        "updated_at",
        "version",
    }
    assert set(told) == {f"/{name}" for name in only_read}
    assert set(told.values()) == {"This field can't be written here."}


def test_content_type(api: Api) -> None:
    """A form, which curl sends by default, is 415 in problem+json."""
    answer = api.keyed(
        "POST", "/links", b"destination=x", Content_Type="application/x-www-form-urlencoded"
    )

    assert answer.status_code == 415
    assert json.loads(answer.body)["code"] == "unsupported_media_type"


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer eh_wrong", f"Basic {KEY}", KEY, f"Bearer {KEY}x"]
)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/links"),
        ("POST", "/v1/links"),
        ("GET", "/v1/links/x"),
        ("PATCH", "/v1/links/x"),
        ("DELETE", "/v1/links/x"),
        ("POST", "/v1/imports"),
    ],
)
def test_a_key_is_needed(api: Api, header: str | None, method: str, path: str) -> None:
    """Without the key every keyed route is 401, whatever else is wrong with the request."""
    headers = {} if header is None else {"Authorization": header}
    if path == "/v1/imports":
        headers["Content_Type"] = "text/csv"
    answer = api.ask(method, path, b"{bad" if method in ("POST", "PATCH") else None, **headers)

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert KEY not in answer.body.decode()


def test_the_key_is_not_taken_from_the_query(api: Api) -> None:
    """A key in a URL would be in logs: it opens nothing."""
    assert api.ask("GET", f"/v1/links?api_key={KEY}&key={KEY}").status_code == 401


def test_if_match(api: Api) -> None:
    """An edit or delete of a version that is no longer current is 412 and changes nothing."""
    first = api.create(D, slug="x").headers["ETag"]
    second = api.keyed("PATCH", "/links/x", {"title": "two"}, If_Match=first).headers["ETag"]

    assert second != first
    assert api.keyed("PATCH", "/links/x", {"title": "three"}, If_Match=first).status_code == 412
    assert api.keyed("DELETE", "/links/x", If_Match=first).status_code == 412
    assert api.keyed("PATCH", "/links/x", {"title": "three"}, If_Match="rubbish").status_code == 412
    assert api.keyed("GET", "/links/x").json_body["title"] == "two"
    assert api.keyed("PATCH", "/links/x", {"title": "three"}, If_Match="*").status_code == 200
    assert api.keyed("DELETE", "/links/x", If_Match='"v3"').status_code == 204


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("limit=0", "/limit"),
        ("limit=101", "/limit"),
        ("limit=-1", "/limit"),
        ("limit=1e9", "/limit"),
        ("limit=abc", "/limit"),
        ("cursor=abc", "/cursor"),
        ("cursor=%00", "/cursor"),
        ("cursor=b3RoZXI", "/cursor"),
        ("archived=yes", "/archived"),
        ("q=" + "x" * 101, "/q"),
    ],
)
def test_list_parameters(api: Api, query: str, pointer: str) -> None:
    """A parameter that can't be used is 422 and named."""
    answer = api.keyed("GET", f"/links?{query}")

    assert answer.status_code == 422
    assert set(codes(answer)) == {pointer}


def test_list_pages(api: Api) -> None:
    """Cursors lead through all links once, newest first; archived ones are apart."""
    for number in range(5):
        api.made(D, slug=f"l{number}", tags=["even"] if number % 2 == 0 else [])
    api.keyed("PATCH", "/links/l4", {"archived": True})
    first = api.keyed("GET", "/links?limit=3").json_body
    second = api.keyed("GET", f"/links?limit=3&cursor={first['next_cursor']}").json_body

    assert {one["slug"] for one in first["links"] + second["links"]} == {"l0", "l1", "l2", "l3"}
    assert second["next_cursor"] is None
    assert [one["slug"] for one in api.keyed("GET", "/links?archived=true").json_body["links"]] == [
        "l4"
    ]
    even = api.keyed("GET", "/links?tag=EVEN").json_body["links"]
    assert {one["slug"] for one in even} == {"l0", "l2"}


def test_unknown_links_are_404(api: Api) -> None:
    """Reading, editing and deleting what is not there is 404, also with an odd slug."""
    for slug in ("nope", "%20", "%zz", "a%2Fb", "api"):
        assert api.keyed("GET", f"/links/{slug}").status_code == 404
        assert api.keyed("PATCH", f"/links/{slug}", {}).status_code == 404
        assert api.keyed("DELETE", f"/links/{slug}").status_code == 404


class Down(LinkMemory):
    """A store that does not answer."""

    def get(self, key: str, *, consistent: bool = False) -> Link | None:
        raise Unavailable("The table did not answer.", retry_for=7)


def test_a_store_that_is_down() -> None:
    """Keyed routes say 503 with Retry-After; visitors get a page, never a 404."""
    with make_api(Down()) as api:
        answer = api.keyed("GET", "/links/x")
        assert answer.status_code == 503
        assert answer.headers["Retry-After"] == "7"
        page = api.follow("x")
        assert page.status_code == 503
        assert page.headers["Retry-After"] == "7"
        assert page.headers["Cache-Control"] == "no-store"
        assert b"The link is safe" in page.body


class Broken(LinkMemory):
    """A store with a bug in it."""

    def get(self, key: str, *, consistent: bool = False) -> Link | None:
        raise RuntimeError("secret internals")


def test_a_bug_tells_nothing() -> None:
    """An unforeseen error is a 500 that names the request and none of the internals."""
    with make_api(Broken()) as api:
        answer = api.keyed("GET", "/links/x")

    assert answer.status_code == 500
    assert b"secret" not in answer.body
    assert json.loads(answer.body)["instance"].startswith("urn:everhop:request:")


def test_every_error_has_its_own_code_and_status() -> None:
    """Programs can tell errors by code, and none lacks a title or a status."""
    kinds = EverhopError.__subclasses__()

    assert len({kind.code for kind in kinds}) == len(kinds) >= 10
    assert all(400 <= kind.status < 600 and kind.title for kind in kinds)
