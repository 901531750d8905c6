"""Two workspaces in one deployment: nothing of one is in any answer to the other."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from chalice.test import HTTPResponse
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.core.counts import link_subject, workspace_subject
from chalicelib.store.memory_counts import CountMemory
from tests.api.driver import Api, make_api
from tests.counted import count


class Tenant:
    """A workspace with a key of all scopes, whose every text has its mark in it."""

    def __init__(self, api: Api, name: str) -> None:
        body = {"name": f"{name}-key", "workspace": name, "scopes": ["read", "write", "admin"]}
        answer = api.keyed("POST", "/keys", body)
        self.api, self.name = api, name
        self.key, self.key_id = answer.json_body["key"], answer.json_body["id"]
        api.keyed("POST", "/keys", body)
        self.cursor = self.ask("GET", "/keys?limit=1").json_body["next_cursor"]

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> HTTPResponse:
        bearer = f"Bearer {self.key}"
        return self.api.ask(method, f"/v1{path}", body, Authorization=bearer, **headers)

    def create(self, slug: str) -> HTTPResponse:
        return self.ask("POST", "/links", self.link(slug))

    def link(self, slug: str) -> dict[str, Any]:
        mark = self.name
        texts = {"title": f"{mark} title", "notes": f"{mark} notes", "tags": [f"{mark}-tag"]}
        return {"slug": slug, "destination": f"https://{mark}.example/", **texts}


# Slugs that are the same in either case: how its owner writes one is the owner's business too.
SLUGS = {"alpha": ["ONE", "TWO", "THREE"], "bravo": ["one", "two", "three"]}
CSV = {"Content_Type": "text/csv"}
# What a workspace does: method, path and body, with {slug}, {me} (its name), {key} and {other}
# (the other workspace's key) filled in. Whatever names the other's key must be 404.
OPERATIONS: dict[str, tuple[str, str, str | None]] = {
    "create": ("POST", "/links", None),
    "read": ("GET", "/links/{slug}", None),
    "edit": ("PATCH", "/links/{slug}", "title={me} again"),
    "delete": ("DELETE", "/links/{slug}", None),
    "stats": ("GET", "/links/{slug}/stats", None),
    "stats as a sheet": ("GET", "/links/{slug}/stats?format=csv", None),
    "all stats": ("GET", "/stats?compare=previous", None),
    "erase": ("DELETE", "/links/{slug}/stats", None),
    "list": ("GET", "/links?limit=2", None),
    "search": ("GET", "/links?q=example&tag=alpha-tag", None),
    "batch": ("POST", "/links/batch", "batch"),
    "batch with a shared key": ("POST", "/links/batch", "keyed batch"),
    "edit all": ("PATCH", "/links?tag={me}-tag", "disabled=true"),
    "edit all of their tag": ("PATCH", "/links?tag={them}-tag", "disabled=true"),
    "import": ("POST", "/imports", "csv"),
    "dry import": ("POST", "/imports?dry_run=true", "csv"),
    "keys": ("GET", "/keys", None),
    "page of keys": ("GET", "/keys?cursor={my_cursor}", None),
    "page of other's keys": ("GET", "/keys?cursor={other_cursor}", None),
    "new key": ("POST", "/keys", "name={me} more"),
    "rotate": ("POST", "/keys/{key}/rotate", None),
    "rotate other's": ("POST", "/keys/{other}/rotate", None),
    "revoke other's": ("DELETE", "/keys/{other}", None),
    "steal": ("POST", "/keys", "workspace=nobody-knows"),
}
steps = st.lists(
    st.tuples(
        st.sampled_from(["alpha", "bravo"]),
        st.sampled_from(list(OPERATIONS)),
        st.integers(0, 2),
    ),
    max_size=30,
)


def act(me: Tenant, other: Tenant, operation: str, number: int) -> HTTPResponse:
    """One operation of one workspace, some of them on what is the other's."""
    slug = SLUGS[me.name][number]
    method, path, body = OPERATIONS[operation]
    filled = {
        "slug": slug,
        "me": me.name,
        "them": other.name,
        "key": me.key_id,
        "other": other.key_id,
    }
    filled |= {"my_cursor": me.cursor, "other_cursor": other.cursor}
    target = path.format(**filled)
    if body == "csv":
        sheet = f"slug,destination\n{slug},https://{me.name}.example/\n"
        return me.ask(method, target, sheet.encode(), **CSV)
    if body and body.endswith("batch"):
        key = {"Idempotency_Key": "shared"} if body.startswith("keyed") else {}
        rows = [me.link(slug), me.link(slug), {"destination": "https://e.example/"}]
        return me.ask(method, target, {"links": rows}, **key)
    if operation.startswith("edit all"):
        return me.ask(method, target, {"disabled": True, "add_tags": [f"{me.name}-more"]})
    if operation == "create":
        return me.create(slug)
    name, _, value = (body or "").format(**filled).partition("=")
    return me.ask(method, target, {name: value} if name else None)


@settings(max_examples=150, deadline=None)
@given(steps)
def test_no_byte_crosses(made: list[tuple[str, str, int]]) -> None:
    """Whatever two workspaces do, no answer to one has a word that the other wrote."""
    with make_api(counts=counted()) as api:
        tenants = {name: Tenant(api, name) for name in ("alpha", "bravo")}
        for name, operation, number in made:
            me, other = tenants[name], tenants["bravo" if name == "alpha" else "alpha"]
            answer = act(me, other, operation, number)
            said = answer.body.decode() + repr(sorted(answer.headers.items()))

            assert answer.status_code < 500
            assert answer.status_code in (404, 422) or "other" not in operation
            assert_nothing_of(other, said)


def counted() -> CountMemory:
    """Counts of both under the same slugs, with their marks; each of its links with its own slug."""
    store = CountMemory()
    for name, slugs in SLUGS.items():
        names = {"clicks": 1, f"referrer:{name}.example": 1, f"country:{name}": 1}
        for slug in slugs:
            count(store, link_subject(name, slug.lower()), datetime.now(UTC), names)
        links = {f"link:{name}-{slug}": 1 for slug in slugs}
        count(store, workspace_subject(name), datetime.now(UTC), {**names, **links})
    return store


def assert_nothing_of(other: Tenant, said: str) -> None:
    """Neither its name, which is in all it wrote, nor its keys, nor its way to write a slug."""
    assert other.name not in said
    assert other.key_id not in said
    assert not any(slug in said.split('"') for slug in SLUGS[other.name])
    assert not any(f"“{slug}”" in said for slug in SLUGS[other.name])


@pytest.fixture
def tenants(api: Api) -> tuple[Tenant, Tenant]:
    return Tenant(api, "alpha"), Tenant(api, "bravo")


def without_instance(answer: HTTPResponse) -> dict[str, Any]:
    return {**json.loads(answer.body), "instance": ""}


@pytest.mark.parametrize(
    ("method", "body"), [("GET", None), ("PATCH", {"title": "x"}), ("DELETE", None)]
)
@pytest.mark.parametrize("if_match", [{}, {"If_Match": '"v1"'}, {"If_Match": '"v9"'}])
def test_anothers_link_is_as_if_there_were_none(
    tenants: tuple[Tenant, Tenant], method: str, body: Any, if_match: dict[str, str]
) -> None:
    """404 with the same body, before its version is looked at; and it is left as it was."""
    alpha, bravo = tenants
    alpha.create("taken")
    before = alpha.ask("GET", "/links/taken").body
    theirs = bravo.ask(method, "/links/taken", body, **if_match)
    nobodys = bravo.ask(method, "/links/token", body, **if_match)

    assert (theirs.status_code, nobodys.status_code) == (404, 404)
    assert without_instance(theirs) == json.loads(
        json.dumps(without_instance(nobodys)).replace("token", "taken")
    )
    assert alpha.ask("GET", "/links/taken").body == before


def test_a_taken_slug_tells_nothing_of_its_link(tenants: tuple[Tenant, Tenant]) -> None:
    """Neither whose it is, nor how it is written, nor whether or when it was deleted."""
    alpha, bravo = tenants
    alpha.create("PaRtY")
    live = bravo.create("party")
    alpha.ask("DELETE", "/links/PaRtY")
    buried = bravo.create("party")
    own = alpha.create("party")

    assert (live.status_code, buried.status_code, own.status_code) == (409, 409, 409)
    assert without_instance(live) == without_instance(buried)
    assert json.loads(live.body)["code"] == "slug_taken"
    assert "PaRtY" not in live.body.decode()
    assert "was deleted" in own.body.decode()


@pytest.mark.parametrize("query", ["", "?dry_run=true"])
def test_an_import_tells_nothing_of_anothers_link(
    tenants: tuple[Tenant, Tenant], query: str
) -> None:
    """A row that guesses another's destination right is taken, as one that guesses wrong."""
    alpha, bravo = tenants
    alpha.create("guessed")
    sheet = b"slug,destination\nguessed,https://alpha.example/\nguessed,https://wrong.example/\n"
    rows = bravo.ask("POST", f"/imports{query}", sheet, **CSV).json_body["rows"]

    assert [row["status"] for row in rows] == ["taken", "taken"]
    assert rows[0]["errors"] == rows[1]["errors"]


def test_slugs_are_followed_whoever_has_them(tenants: tuple[Tenant, Tenant], api: Api) -> None:
    """Visitors know no workspaces."""
    for tenant, slug in zip(tenants, ("a1", "b1"), strict=True):
        tenant.create(slug)

    assert api.follow("a1").headers["Location"] == "https://alpha.example/"
    assert api.follow("b1").headers["Location"] == "https://bravo.example/"


def test_the_operators_keys_read_no_other_links(tenants: tuple[Tenant, Tenant], api: Api) -> None:
    """To manage a workspace's keys is not to read its links."""
    tenants[0].create("secret")

    assert api.keyed("GET", "/links/secret").status_code == 404
    assert api.keyed("GET", "/links").json_body["links"] == []
    assert [
        key["workspace"] for key in api.keyed("GET", "/keys?workspace=alpha").json_body["keys"]
    ] == ["alpha", "alpha"]
