"""Keys over the API: each route wants its scope, a key is shown once, and 401 tells nothing."""

import json
import re
import secrets
from collections.abc import Iterator
from typing import Any

import pytest
from chalice.test import HTTPResponse

from chalicelib.core.access import SCOPES, KeyParts, draw_key, read_key, write_key
from chalicelib.core.errors import Unavailable
from chalicelib.core.keys import ApiKey
from chalicelib.store.memory_keys import KeyMemory
from tests.api.driver import KEY, Api, codes, make_api
from tests.clocks import SetClock
from tests.conftest import ROOT


# Every other route wants a key: a new one is keyed unless it is written here.
PUBLIC = {"/v1/health", "/v1/openapi.json", "/docs", "/r/{slug}", "/v/{slug}"}
ROW = re.compile(r"^\| `([A-Z]+) (/[^`]*)` \| (read|write|admin) \|", re.MULTILINE)


def keyed_routes() -> list[tuple[str, str, str]]:
    """Method, path and content type of every route that wants a key."""
    with make_api() as api:
        found = [
            (method, path, (entry.content_types or ["application/json"])[0])
            for path, entries in api.client._app.routes.items()
            for method, entry in entries.items()
            # What a browser asks has no key; what only refuses a method refuses it to everyone.
            if path not in PUBLIC
            and method != "OPTIONS"
            and not hasattr(entry.view_function, "stands_for")
            and entry.view_function.__name__ != "refuse_method"
        ]
    return sorted(found)


def documented_scopes() -> dict[tuple[str, str], str]:
    rows = ROW.findall((ROOT / "docs" / "api.md").read_text())
    return {
        (method, "/v1" + path.replace("{id}", "{key_id}")): scope for method, path, scope in rows
    }


def ask_with(
    api: Api, text: str, method: str, path: str, body: Any = None, **headers: str
) -> HTTPResponse:
    return api.ask(method, path, body, Authorization=f"Bearer {text}", **headers)


def issue(api: Api, **fields: Any) -> dict[str, Any]:
    answer = api.keyed("POST", "/keys", {"name": "n", **fields})
    assert answer.status_code == 201, answer.body
    return dict(answer.json_body)


@pytest.mark.parametrize(("method", "path", "content_type"), keyed_routes())
def test_every_route_has_one_scope(api: Api, method: str, path: str, content_type: str) -> None:
    """A key with that scope alone gets through, the others are told which one is needed."""
    target = re.sub(r"\{\w+\}", "x", path)
    through = []
    for scope in SCOPES:
        text = issue(api, scopes=[scope])["key"]
        answer = ask_with(api, text, method, target, b"{}", Content_Type=content_type)
        assert answer.status_code not in (401, 500)
        if answer.status_code == 403:
            assert json.loads(answer.body)["code"] == "forbidden"
            refused = json.loads(answer.body)["detail"]
        else:
            through.append(scope)

    assert through == [documented_scopes()[method, path]]
    assert through[0] in refused


def test_documented_routes_exist() -> None:
    """No row of the document is left over from a route that is gone."""
    assert set(documented_scopes()) == {(method, path) for method, path, _ in keyed_routes()}


@pytest.mark.parametrize(("method", "path", "content_type"), keyed_routes())
@pytest.mark.parametrize(
    "header",
    [None, "Bearer eh_wrong", f"Bearer {draw_key(secrets.randbelow)}"],
    ids=["none", "wrong", "unknown"],
)
def test_no_route_opens_without_a_key(
    api: Api, method: str, path: str, content_type: str, header: str | None
) -> None:
    """Whatever else is wrong with the request, the key is asked for first."""
    headers = {"Content_Type": content_type} | ({"Authorization": header} if header else {})
    answer = api.ask(method, re.sub(r"\{\w+\}", "x", path), b"{bad", **headers)

    assert answer.status_code == 401
    assert json.loads(answer.body)["code"] == "unauthorized"


def test_a_key_is_shown_once(api: Api) -> None:
    """It is in the answer to its creation and in no other; no answer has its salt or seal."""
    made = issue(api, name="shop", scopes=["read"])
    listed = api.keyed("GET", "/keys")
    parts = read_key(made["key"])

    assert parts
    assert made["id"] == parts.id
    assert [key["id"] for key in listed.json_body["keys"]] == [parts.id]
    assert parts.secret not in listed.body.decode()
    assert listed.json_body["keys"][0] == {
        name: value for name, value in made.items() if name != "key"
    }
    assert listed.headers["Cache-Control"] == "no-store"


def test_last_use_is_listed(api: Api) -> None:
    """The day is there after the first request."""
    made = issue(api)
    assert ask_with(api, made["key"], "GET", "/v1/links").status_code == 200

    assert api.keyed("GET", "/keys").json_body["keys"][0]["last_used_on"]


def test_pages(api: Api) -> None:
    """Following next_cursor finds every key once, newest first."""
    made = [issue(api)["id"] for _ in range(7)]
    found, cursor = [], ""
    while cursor is not None:
        page = api.keyed("GET", f"/keys?limit=3&cursor={cursor}").json_body
        found += [key["id"] for key in page["keys"]]
        cursor = page["next_cursor"]

    assert sorted(found) == sorted(made)
    assert api.keyed("GET", "/keys?limit=0").status_code == 422


def test_a_workspace_without_a_name_is_none(api: Api) -> None:
    """An empty name is refused as any that can't be, and not taken for the key's own workspace."""
    answer = api.keyed("GET", "/keys?workspace=")

    assert answer.status_code == 422
    assert answer.json_body["errors"][0]["pointer"] == "/workspace"
    assert api.keyed("GET", "/keys?workspace=A%23").status_code == 422


def test_cursors_are_signed(api: Api) -> None:
    """A key's id is no cursor, nor is a cursor that was changed, or another workspace's."""
    made = [issue(api)["id"] for _ in range(2)]
    for _ in range(2):
        issue(api, workspace="other")
    cursor = api.keyed("GET", "/keys?limit=1").json_body["next_cursor"]
    others = api.keyed("GET", "/keys?limit=1&workspace=other").json_body["next_cursor"]
    changed = ("B" if cursor[0] == "A" else "A") + cursor[1:]

    assert api.keyed("GET", f"/keys?limit=1&cursor={cursor}").status_code == 200
    for wrong in ("x", *made, others, changed, cursor + "A", "A" * 5000):
        answer = api.keyed("GET", f"/keys?cursor={wrong}")
        assert (answer.status_code, codes(answer)) == (422, {"/cursor": "cursor"}), wrong
    answer = api.keyed("GET", f"/keys?workspace=other&cursor={cursor}")
    assert codes(answer) == {"/cursor": "cursor"}


@pytest.mark.parametrize("path", ["/keys", "/keys/2222222222/rotate"])
def test_no_idempotency_key(api: Api, path: str) -> None:
    """What can't be answered the same again says so, and makes no key."""
    answer = api.keyed("POST", path, {"name": "n"}, Idempotency_Key="k")

    assert codes(answer) == {"/Idempotency-Key": "idempotency_unsupported"}
    assert api.keyed("GET", "/keys").json_body["keys"] == []


def test_revoke(api: Api) -> None:
    """A revoked key is 401 at once, and says so to its owner."""
    made = issue(api)
    assert ask_with(api, made["key"], "GET", "/v1/links").status_code == 200
    assert api.keyed("DELETE", f"/keys/{made['id']}").status_code == 204
    assert api.keyed("DELETE", f"/keys/{made['id']}").status_code == 204
    answer = ask_with(api, made["key"], "GET", "/v1/links")

    assert answer.status_code == 401
    assert "revoked" in json.loads(answer.body)["detail"]
    assert api.keyed("GET", "/keys").json_body["keys"][0]["state"] == "revoked"


def test_rotate(api: Api) -> None:
    """Without a body the overlap is a day; the answer has the new key and the old one's end."""
    made = issue(api)
    rotated = api.keyed("POST", f"/keys/{made['id']}/rotate")

    assert rotated.status_code == 201
    assert rotated.json_body["replaces"] == made["id"]
    assert rotated.json_body["replaced"]["replaced_by"] == rotated.json_body["id"]
    assert rotated.json_body["replaced"]["expires_at"]
    for text in (made["key"], rotated.json_body["key"]):
        assert ask_with(api, text, "GET", "/v1/links").status_code == 200
    again = api.keyed("POST", f"/keys/{made['id']}/rotate", {"overlap_for": 0})
    assert (again.status_code, json.loads(again.body)["code"]) == (409, "key_conflict")


@pytest.mark.parametrize("act", [("DELETE", ""), ("POST", "/rotate")])
def test_unknown_ids(api: Api, act: tuple[str, str]) -> None:
    """Any id that is no key's is 404."""
    for key_id in ("2222222222", "x" * 3000, "%00", "%F0%9F%94%91"):
        assert api.keyed(act[0], f"/keys/{key_id}{act[1]}").status_code == 404


def test_unknown_and_wrong_are_answered_alike(api: Api) -> None:
    """An unknown id and a wrong secret differ in nothing but the request's own number."""
    made, other = issue(api)["key"], draw_key(secrets.randbelow)
    wrong = secret_of(other, made)
    bodies = [
        re.sub(
            r"urn:everhop:request:[^\"]*", "", ask_with(api, key, "GET", "/v1/links").body.decode()
        )
        for key in (other, wrong)
    ]

    assert bodies[0] == bodies[1]
    assert ask_with(api, made, "GET", "/v1/links").status_code == 200


def secret_of(key: str, other: str) -> str:
    """The other key's id with this key's secret, and a checksum that fits."""
    own, its = read_key(key), read_key(other)
    assert own
    assert its
    return write_key(KeyParts(its.id, own.secret))


class SilentKeys(KeyMemory):
    """A table that does not answer."""

    def get(self, key_id: str) -> ApiKey | None:
        raise Unavailable("The table did not answer.")


@pytest.fixture
def silent() -> Iterator[Api]:
    with make_api(keys=SilentKeys()) as api:
        yield api


def test_a_silent_table(silent: Api) -> None:
    """A key that can't be read is 503 with Retry-After; the bootstrap key needs no table."""
    answer = ask_with(silent, draw_key(secrets.randbelow), "GET", "/v1/links")

    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    assert ask_with(silent, KEY, "GET", "/v1/links").status_code == 200
    assert ask_with(silent, draw_key(secrets.randbelow)[:-1], "GET", "/v1/links").status_code == 401


def test_expiry() -> None:
    """A key works until its time, to the millisecond, and then is 401."""
    clock = SetClock()
    with make_api(clock=clock) as api:
        text = issue(api, expires_at="2026-11-23T12:00:20Z")["key"]
        statuses = []
        for seconds in (19.999, 0.001):
            clock.move(seconds=seconds)
            statuses.append(ask_with(api, text, "GET", "/v1/links").status_code)

    assert statuses == [200, 401]


def test_a_key_can_revoke_itself(api: Api) -> None:
    """Who finds an admin key may end it with itself."""
    made = issue(api, scopes=["admin"])
    assert ask_with(api, made["key"], "DELETE", f"/v1/keys/{made['id']}").status_code == 204

    assert ask_with(api, made["key"], "GET", "/v1/keys").status_code == 401
