"""Batches and bulk edits over HTTP: what is refused as a whole, and what a cursor is good for."""

import json
from typing import Any

import pytest

from chalicelib.core.links import Link
from chalicelib.store.memory import LinkMemory
from tests.api.driver import Api, codes, make_api


D = "https://example.com/x"


def post(api: Api, rows: Any, **headers: str) -> Any:
    return api.keyed("POST", "/links/batch", {"links": rows}, **headers)


def slugs(api: Api) -> set[str]:
    return {link["slug"] for link in api.keyed("GET", "/links?limit=100").json_body["links"]}


def test_a_hundred_links(api: Api) -> None:
    """One request, one answer, in the order of the rows; each link is as it is read afterwards."""
    rows = [{"destination": f"{D}{number}", "title": f"T{number}"} for number in range(100)]
    answer = post(api, rows)
    links = [one["link"] for one in answer.json_body["results"]]

    assert answer.status_code == 200
    assert answer.json_body["counts"] == {"created": 100, "taken": 0, "invalid": 0, "failed": 0}
    assert [link["title"] for link in links] == [row["title"] for row in rows]
    for link in links[::25]:
        assert api.keyed("GET", f"/links/{link['slug']}").json_body == link
        assert api.follow(link["slug"]).headers["Location"] == link["destination"]


@pytest.mark.parametrize(
    ("body", "problems"),
    [
        ({"links": []}, {"/links": "required"}),
        ({"links": [{}] * 101}, {"/links": "too_many"}),
        ({"links": {"destination": D}}, {"/links": "type"}),
        ({"links": None}, {"/links": "required"}),
        ({}, {"/links": "required"}),
        ({"links": [{}], "dry_run": True}, {"/dry_run": "unknown_field"}),
        ([{"destination": D}], {"": "type"}),
    ],
)
def test_what_is_no_batch(api: Api, body: Any, problems: dict[str, str]) -> None:
    """422 for the whole, and nothing is stored."""
    answer = api.keyed("POST", "/links/batch", body)

    assert (answer.status_code, codes(answer)) == (422, problems)
    assert slugs(api) == set()


def test_large_batches(api: Api) -> None:
    """A hundred links as long as links may be are no problem; more than 1 MiB is 413."""
    longest = {
        "destination": f"https://example.com/{'x' * 2028}",
        "title": "t" * 200,
        "notes": "n" * 2000,
        "tags": [f"{number}{'t' * 31}" for number in range(10)],
    }
    assert len(longest["destination"]) == 2048
    assert post(api, [longest] * 100).json_body["counts"]["created"] == 100
    answer = post(api, [{"destination": D, "notes": "é" * 20_000}] * 100)
    assert (answer.status_code, json.loads(answer.body)["code"]) == (413, "too_large")


def test_a_repeat_is_the_same_answer(api: Api) -> None:
    """Byte for byte, spelt in another way too; the header says that nothing was made."""
    rows = [{"destination": D}, {"destination": "nonsense:"}, {"destination": D, "slug": "a"}]
    first = post(api, rows, Idempotency_Key="k")
    spelt = json.dumps({"links": [dict(reversed(row.items())) for row in rows]}, indent=1).encode()
    second = api.keyed("POST", "/links/batch", spelt, Idempotency_Key="k")
    told = [json.loads(answer.body)["results"] for answer in (first, second)]

    for results in told:
        del results[1]["problem"]["instance"]
    assert told[0] == told[1]
    assert "Idempotent-Replayed" not in first.headers
    assert second.headers["Idempotent-Replayed"] == "true"
    assert len(slugs(api)) == 2
    other = post(api, rows[:1], Idempotency_Key="k")
    assert codes(other) == {"/Idempotency-Key": "idempotency_mismatch"}
    assert codes(post(api, rows, Idempotency_Key="a b")) == {"/Idempotency-Key": "idempotency_key"}


def test_receipts_are_nobodys_business(api: Api) -> None:
    """What drawn slugs are made from is in no answer."""
    store = api.store
    assert isinstance(store, LinkMemory)
    answer = post(api, [{"destination": D}], Idempotency_Key="k")
    (link,) = store._links.values()

    assert link.made_by
    said = answer.body.decode() + api.keyed("GET", "/links").body.decode()
    assert link.made_by.partition("/")[0] not in said


def test_a_link_may_be_called_batch(api: Api) -> None:
    """`batch` is a slug like any: its link is read, drawn, edited and deleted at its address."""
    api.made(D, slug="batch")
    post(api, [{"destination": D}])

    read = api.keyed("GET", "/links/batch")
    assert read.json_body["slug"] == "batch"
    assert api.keyed("GET", "/links/batch", If_None_Match=read.headers["ETag"]).status_code == 304
    assert api.keyed("GET", "/links/batch/qr").status_code == 200
    edited = api.keyed("PATCH", "/links/batch", {"title": "T"}, If_Match='"v1"')
    assert (edited.status_code, edited.json_body["title"]) == (200, "T")
    assert api.keyed("PATCH", "/links/Batch", {"notes": "N"}).json_body["version"] == 3
    assert api.follow("batch").status_code == 302
    assert api.keyed("DELETE", "/links/batch").status_code == 204
    assert api.keyed("GET", "/links/batch").status_code == 404
    assert api.ask("GET", "/v1/links/batch").status_code == 401


def test_every_route_of_a_link_is_there_for_batch(api: Api) -> None:
    """Those of tomorrow too: whatever a link has, the link called batch has."""
    routes = api.client._app.routes
    of_links = {path for path in routes if path.startswith("/v1/links/{slug}")}

    assert "/v1/links/{slug}/qr" in of_links
    for path in of_links:
        literal = path.replace("{slug}", "batch")
        assert set(routes[path]) <= set(routes[literal])
        for method, entry in routes[path].items():
            if entry.view_function.__name__ == "refuse_method":
                continue  # the path of the batch itself may have what a link has not
            assert routes[literal][method].content_types == entry.content_types
    assert api.keyed("POST", "/links/other", {}).status_code == 405


@pytest.fixture
def tagged(api: Api) -> Api:
    """Five links, of which three are of the spring."""
    for number in range(5):
        tags = ["spring", "print"] if number % 2 == 0 else ["autumn"]
        api.made(D, slug=f"l{number}", title=f"T{number}", tags=tags)
    return api


def edit(api: Api, query: str, body: Any, **headers: str) -> Any:
    return api.keyed("PATCH", f"/links?{query}", body, **headers)


def edit_all(api: Api, query: str, body: Any) -> list[dict[str, Any]]:
    """The reports of all pages."""
    reports, cursor = [], ""
    while True:
        answer = edit(api, f"{query}{cursor}", body)
        assert answer.status_code == 200, answer.body
        reports.append(answer.json_body)
        if answer.json_body["next_cursor"] is None:
            return reports
        cursor = f"&cursor={answer.json_body['next_cursor']}"


def test_a_bulk_edit(tagged: Api) -> None:
    """All fields that it may have, on the links of the tag and no others."""
    body = {
        "status": 308,
        "expires_at": "2098-02-01T00:00:00+01:00",
        "starts_at": None,
        "forward_query": True,
        "query_winner": "visitor",
        "disabled": True,
        "archived": False,
        "add_tags": ["SALE "],
        "remove_tags": ["print", "none"],
    }
    reports = edit_all(tagged, "tag=SPRING&limit=2", body)
    edited = tagged.keyed("GET", "/links/l2").json_body

    assert [report["counts"]["edited"] for report in reports] == [2, 1]
    assert edited["tags"] == ["spring", "sale"]
    assert edited["expires_at"] == "2098-01-31T23:00:00Z"
    assert (edited["status"], edited["disabled"], edited["title"]) == (308, True, "T2")
    assert tagged.keyed("GET", "/links/l1").json_body["version"] == 1
    again = edit_all(tagged, "tag=spring", body)
    assert again[0]["counts"] == {"edited": 0, "unchanged": 3, "failed": 0}


def test_the_lists_filters(tagged: Api) -> None:
    """What the list with these filters has, and nothing else."""
    tagged.keyed("PATCH", "/links/l0", {"archived": True})
    edit_all(tagged, "tag=spring&archived=true", {"status": 301})
    edit_all(tagged, "tag=spring&q=T4&state=active", {"status": 307})
    found = {
        slug: tagged.keyed("GET", f"/links/{slug}").json_body["status"]
        for slug in ("l0", "l2", "l4")
    }

    assert found == {"l0": 301, "l2": 302, "l4": 307}


@pytest.mark.parametrize(
    ("query", "body", "problems"),
    [
        ("", {}, {"/tag": "required"}),
        ("tag=", {}, {"/tag": "required"}),
        ("tag=%20", {}, {"/tag": "required"}),
        ("q=x", {}, {"/tag": "required"}),
        ("tag=spring&archvied=true", {}, {"/archvied": "unknown_field"}),
        ("tag=spring&sort=created_at", {}, {"/sort": "unknown_field"}),
        ("tag=spring&tag=autumn", {}, {"/tag": "repeated"}),
        ("tag=spring&a/b~c=1", {}, {"/a~1b~0c": "unknown_field"}),
        ("tag=spring&limit=0", {}, {"/limit": "limit"}),
        ("tag=spring&dry_run=1", {}, {"/dry_run": "type"}),
        ("tag=spring&state=gone", {}, {"/state": "choice"}),
        ("tag=spring", {"destination": D}, {"/destination": "unknown_field"}),
        (
            "tag=spring",
            {"title": "T", "notes": None},
            dict.fromkeys(["/title", "/notes"], "unknown_field"),
        ),
        ("tag=spring", {"tags": []}, {"/tags": "unknown_field"}),
        ("tag=spring", {"add_tags": None}, {"/add_tags": "required"}),
        ("tag=spring", {"add_tags": "sale"}, {"/add_tags": "type"}),
        ("tag=spring", {"add_tags": ["A"], "remove_tags": ["a"]}, {"/remove_tags": "tags_crossed"}),
        ("tag=spring", {"status": 303, "disabled": 1}, {"/status": "choice", "/disabled": "type"}),
        ("tag=spring", [], {"": "type"}),
    ],
)
def test_what_is_no_bulk_edit(tagged: Api, query: str, body: Any, problems: dict[str, str]) -> None:
    """422 names it, and no link is touched."""
    answer = edit(tagged, query, body)

    assert (answer.status_code, codes(answer)) == (422, problems)
    versions = {one["version"] for one in tagged.keyed("GET", "/links").json_body["links"]}
    assert versions == {1}


@pytest.mark.parametrize(
    ("query", "body"),
    [
        ("tag=autumn", {"disabled": True}),
        ("tag=spring&q=l", {"disabled": True}),
        ("tag=spring&archived=true", {"disabled": True}),
        ("tag=spring&state=active", {"disabled": True}),
        ("tag=spring&dry_run=true", {"disabled": True}),
        ("tag=spring", {"disabled": False}),
        ("tag=spring", {}),
        ("tag=spring", {"disabled": True, "add_tags": ["sale"]}),
    ],
)
def test_a_cursor_is_its_edits_own(tagged: Api, query: str, body: Any) -> None:
    """With other filters or another change it would skip links, or give them two: it is 422."""
    body_of_cursor = {"disabled": True}
    cursor = edit(tagged, "tag=spring&limit=1", body_of_cursor).json_body["next_cursor"]
    listed = tagged.keyed("GET", "/links?tag=spring&limit=1").json_body["next_cursor"]

    assert codes(edit(tagged, f"{query}&cursor={cursor}", body)) == {"/cursor": "cursor"}
    assert codes(edit(tagged, f"tag=spring&cursor={listed}", body)) == {"/cursor": "cursor"}
    assert codes(tagged.keyed("GET", f"/links?tag=spring&cursor={cursor}")) == {"/cursor": "cursor"}
    going_on = edit(tagged, f"tag=Spring&limit=5&cursor={cursor}", body_of_cursor)
    assert going_on.json_body["counts"]["edited"] == 2


def test_a_dry_run(tagged: Api) -> None:
    """It says what would be, page by page, and changes nothing."""
    (report,) = edit_all(tagged, "tag=spring&dry_run=true", {"disabled": True})

    assert report["dry_run"] is True
    assert report["counts"] == {"edited": 3, "unchanged": 0, "failed": 0}
    assert tagged.keyed("GET", "/links?state=disabled").json_body["links"] == []


def test_which_links_failed(tagged: Api) -> None:
    """The slug and the problem of each, and the others are edited."""
    tagged.keyed("PATCH", "/links/l2", {"starts_at": "2097-01-01T00:00:00Z"})
    (report,) = edit_all(tagged, "tag=spring", {"expires_at": "2096-01-01T00:00:00Z"})
    (failed,) = report["failed"]

    assert report["counts"] == {"edited": 2, "unchanged": 0, "failed": 1}
    assert (failed["slug"], failed["problem"]["code"]) == ("l2", "invalid")
    assert failed["problem"]["errors"][0]["code"] == "dates_crossed"


def test_if_match() -> None:
    """Where every change must name a version, `*` does; a version of one link fits none of many."""
    with make_api(EVERHOP_REQUIRE_IF_MATCH="on") as api:
        api.made(D, tags=["spring"])
        assert edit(api, "tag=spring", {"disabled": True}).status_code == 428
        assert edit(api, "tag=spring", {"disabled": True}, If_Match='"v1"').status_code == 412
        answer = edit(api, "tag=spring", {"disabled": True}, If_Match="*")
        assert answer.json_body["counts"]["edited"] == 1


class Tired(LinkMemory):
    """A store that takes two changes and then none, until it is rested."""

    left = 2

    def replace(self, key: str, link: Link) -> None:
        from chalicelib.core.errors import Unavailable

        self.left -= 1
        if self.left < 0:
            raise Unavailable("The table did not answer.")
        super().replace(key, link)


def test_an_outage_in_the_middle() -> None:
    """The failed ones are told; going on does them, and 503 says to wait while nothing goes."""
    store = Tired()
    with make_api(store) as api:
        for number in range(5):
            api.made(D, slug=f"l{number}", tags=["spring"])
        first = edit(api, "tag=spring", {"disabled": True}).json_body
        cursor = first["next_cursor"]
        waiting = edit(api, f"tag=spring&cursor={cursor}", {"disabled": True})
        store.left = 100
        last = edit(api, f"tag=spring&cursor={cursor}", {"disabled": True}).json_body

    assert first["counts"] == {"edited": 2, "unchanged": 0, "failed": 3}
    assert {one["problem"]["status"] for one in first["failed"]} == {503}
    assert (waiting.status_code, waiting.headers["Retry-After"]) == (503, "2")
    assert last["counts"] == {"edited": 3, "unchanged": 2, "failed": 0}
    assert last["next_cursor"] is None


def test_passwords_of_a_batch_are_few(api: Api) -> None:
    """Eleven with a password are refused before any is sealed; ten are made."""
    rows = [{"destination": D, "password": f"sesame {number}"} for number in range(11)]
    refused = api.keyed("POST", "/links/batch", {"links": rows})
    made = api.keyed("POST", "/links/batch", {"links": rows[:3]})

    assert (refused.status_code, codes(refused)) == (422, {"/links": "too_many"})
    assert [one["link"]["has_password"] for one in made.json_body["results"]] == [True] * 3
