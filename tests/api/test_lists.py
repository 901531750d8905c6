"""Lists: their order, their states, and cursors that are good for one list alone."""

import base64
from dataclasses import dataclass

import pytest
from chalice.app import MultiDict

from chalicelib.api.cursors import next_cursor, read_list_query
from chalicelib.core.errors import Invalid
from chalicelib.service.ports import ListQuery, Page
from chalicelib.store.memory import LinkMemory
from tests.api.driver import Api, codes, make_api


D = "https://example.com/x"


@pytest.fixture
def listed(api: Api) -> Api:
    """Seven links, of which a few have tags, dates or are off."""
    for number in range(7):
        api.made(D, slug=f"l{number}", tags=["even"] if number % 2 == 0 else [])
    api.keyed("PATCH", "/links/l1", {"disabled": True})
    api.keyed("PATCH", "/links/l2", {"starts_at": "2098-01-01T00:00:00Z"})
    api.keyed("PATCH", "/links/l3", {"expires_at": "2020-01-01T00:00:00Z"})
    return api


def slugs(api: Api, query: str = "") -> list[str]:
    """The slugs of all pages of a list."""
    found: list[str] = []
    cursor = ""
    while True:
        answer = api.keyed("GET", f"/links?{query}{cursor}")
        assert answer.status_code == 200, answer.body
        found += [link["slug"] for link in answer.json_body["links"]]
        after = answer.json_body["next_cursor"]
        if after is None:
            return found
        cursor = f"&cursor={after}"


def test_order(listed: Api) -> None:
    """Newest first unless asked for the oldest, over all pages."""
    newest = slugs(listed, "limit=2")

    assert sorted(newest) == [f"l{number}" for number in range(7)]
    assert slugs(listed, "limit=3&sort=-created_at") == newest
    assert slugs(listed, "limit=3&sort=created_at") == newest[::-1]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("state=active", {"l0", "l4", "l5", "l6"}),
        ("state=disabled", {"l1"}),
        ("state=scheduled", {"l2"}),
        ("state=expired", {"l3"}),
        ("state=active&tag=even", {"l0", "l4", "l6"}),
        ("state=active&tag=even&q=l4&sort=created_at", {"l4"}),
        ("state=active&archived=true", set()),
        ("state=", {"l0", "l1", "l2", "l3", "l4", "l5", "l6"}),
    ],
)
def test_states(listed: Api, query: str, expected: set[str]) -> None:
    """A list of a state has the links whose `state` says so, with the other filters too."""
    assert set(slugs(listed, f"limit=2&{query}")) == expected


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("sort=slug", "/sort"),
        ("sort=", "/sort"),
        ("sort=-Created_at", "/sort"),
        ("state=Active", "/state"),
        ("state=gone", "/state"),
    ],
)
def test_what_is_no_order_or_state(api: Api, query: str, pointer: str) -> None:
    """422 names the parameter and what it may be."""
    answer = api.keyed("GET", f"/links?{query}")

    assert answer.status_code == 422
    assert codes(answer) == {pointer: "choice"}


OTHER_LISTS = ["", "tag=odd", "q=l", "archived=true", "state=active", "sort=created_at"]


@pytest.mark.parametrize("other", OTHER_LISTS)
def test_a_cursor_is_its_filters_own(listed: Api, other: str) -> None:
    """A cursor sent with another filter or order would skip links silently: it is 422."""
    cursor = listed.keyed("GET", "/links?limit=1&tag=even").json_body["next_cursor"]
    answer = listed.keyed("GET", f"/links?{other}&cursor={cursor}")

    assert answer.status_code == 422
    assert codes(answer) == {"/cursor": "cursor"}


def test_a_cursor_may_change_its_pace(listed: Api) -> None:
    """The limit is no part of the list, nor is the case in which a filter was written."""
    cursor = listed.keyed("GET", "/links?limit=1&tag=even&q=L").json_body["next_cursor"]

    assert listed.keyed("GET", f"/links?limit=9&tag=EVEN&q=l&cursor={cursor}").status_code == 200


def test_forged_cursors(listed: Api) -> None:
    """Positions that were not given out, and cursors changed in any bit, are 422."""
    cursor = listed.keyed("GET", "/links?limit=1").json_body["next_cursor"]
    raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    forged = [
        base64.urlsafe_b64encode(raw[16:]).decode().rstrip("="),
        base64.urlsafe_b64encode(bytes(16) + raw[16:]).decode().rstrip("="),
        base64.urlsafe_b64encode(raw[:-1] + b"9").decode().rstrip("="),
        cursor.swapcase(),
        cursor + "=",
        cursor + "A",
        "A" * 5000,
    ]

    for text in forged:
        answer = listed.keyed("GET", f"/links?limit=1&cursor={text}")
        assert (answer.status_code, codes(answer)) == (422, {"/cursor": "cursor"}), text


def test_another_deployments_cursor() -> None:
    """A cursor is signed with what its deployment alone has; all its regions have the same."""
    store = LinkMemory()
    with make_api(store) as api:
        api.made(D, slug="a")
        api.made(D, slug="b")
        cursor = api.keyed("GET", "/links?limit=1").json_body["next_cursor"]
    with make_api(store, EVERHOP_REGION="eu-west-1") as api:
        assert api.keyed("GET", f"/links?limit=1&cursor={cursor}").status_code == 200
    with make_api(store, EVERHOP_API_KEY="eh_another_key") as other:
        path = f"/v1/links?limit=1&cursor={cursor}"
        answer = other.ask("GET", path, Authorization="Bearer eh_another_key")
        assert answer.status_code == 422


def test_a_link_deleted_under_way(listed: Api) -> None:
    """A cursor goes on from its place, though the link that stood there is gone."""
    newest = slugs(listed)
    cursor = listed.keyed("GET", "/links?limit=2").json_body["next_cursor"]
    listed.keyed("DELETE", f"/links/{newest[1]}")
    rest = listed.keyed("GET", f"/links?limit=100&cursor={cursor}").json_body["links"]

    assert [link["slug"] for link in rest] == newest[2:]


@dataclass
class Asking:
    """As much of a request as a list query is read from."""

    query_params: MultiDict


def test_another_workspaces_cursor() -> None:
    """A cursor of one workspace's list opens no place in another's, though all else is equal."""
    query = ListQuery(limit=1)
    page = Page((), "2026-11-23T12:00:00.000Z#promo")
    cursor = next_cursor(page, "mine", query, b"secret")
    asking = Asking(MultiDict({"cursor": [str(cursor)]}))

    assert read_list_query(asking, "mine", b"secret").after == page.after
    with pytest.raises(Invalid):
        read_list_query(asking, "theirs", b"secret")


ASKED = ["GET /links", "PATCH /links", "GET /links/l1/qr", "GET /keys", "POST /imports"]


@pytest.mark.parametrize("asked", ASKED)
def test_slips_of_the_pen(listed: Api, asked: str) -> None:
    """A parameter that does not exist, or is there twice, is named and not passed over."""
    method, path = asked.split()
    known = {"/imports": "dry_run", "/links/l1/qr": "size"}.get(path, "limit")
    needed = "tag=even&" if method == "PATCH" else ""

    def ask(query: str) -> dict[str, str]:
        target, kind = (
            f"{path}?{needed}{query}",
            "text/csv" if method == "POST" else "application/json",
        )
        return codes(listed.keyed(method, target, {}, Content_Type=kind))

    assert ask("sate=expired") == {"/sate": "unknown_field"}
    assert ask("a/b~c=1&Limit=2") == {"/a~1b~0c": "unknown_field", "/Limit": "unknown_field"}
    assert ask(f"{known}=70&{known}=70") == {f"/{known}": "repeated"}
    assert len(listed.keyed("GET", "/links").json_body["links"]) == 7
