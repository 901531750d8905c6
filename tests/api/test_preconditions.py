"""Conditional requests: what a version that is known, stale, weak or missing does."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.core.links import Link, tag_version
from tests.api.driver import Api, make_api


D = "https://example.com/x"


@pytest.mark.parametrize(
    "header",
    ['"v1"', 'W/"v1"', '"other", W/"v1"', '"a,b" ,"v1",', "*", ' "v1" ', ',"v1"', '"a",, ,"v1" ,,'],
)
def test_what_the_client_has_is_not_sent_again(api: Api, header: str) -> None:
    """304 without a body, with the tag; tags are compared weakly and may be several."""
    api.made(D, slug="x")
    answer = api.keyed("GET", "/links/x", If_None_Match=header)

    assert answer.status_code == 304
    assert answer.body == b""
    assert answer.headers["ETag"] == '"v1"'
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "header", ['"v2"', "v1", '"v1', '"V1"', "", "rubbish", '"v1""v1"', '"v1-', ",,"]
)
def test_what_it_has_not_is(api: Api, header: str) -> None:
    """Another tag, or what is no tag, is answered in full."""
    api.made(D, slug="x")

    assert api.keyed("GET", "/links/x", If_None_Match=header).status_code == 200


def test_an_edit_and_a_delete_end_it(api: Api) -> None:
    """A changed link is sent again; one that is gone is 404, whatever the client has."""
    api.made(D, slug="x")
    api.keyed("PATCH", "/links/x", {"title": "T"})
    answer = api.keyed("GET", "/links/x", If_None_Match='"v1"')
    assert answer.headers["ETag"] == '"v2"'
    assert answer.json_body["title"] == "T"
    api.keyed("DELETE", "/links/x")

    assert api.keyed("GET", "/links/x", If_None_Match="*").status_code == 404


def test_a_key_is_needed_first(api: Api) -> None:
    """Whether a version is current is nobody's business without a key."""
    api.made(D, slug="x")

    assert api.ask("GET", "/v1/links/x", If_None_Match='"v1"').status_code == 401


def test_a_state_that_time_changes_has_its_own_tag(api: Api) -> None:
    """A link that has ended since is not "not modified", though its version is the same."""
    now = datetime(2026, 11, 23, tzinfo=UTC)
    link = Link(
        workspace="w",
        slug="x",
        destination=D,
        starts_at=now,
        expires_at=now + timedelta(hours=1),
        created_at=now,
        updated_at=now,
    )
    tags = [tag_version(link, now + timedelta(hours=hours)) for hours in (-1, 0, 1)]

    assert tags == ['"v1-scheduled"', '"v1"', '"v1-expired"']


def test_a_state_is_no_obstacle_to_an_edit(api: Api) -> None:
    """If-Match is about edits of others, not about time: the version alone decides."""
    api.made(D, slug="x", starts_at="2098-01-01T00:00:00Z")
    tag = api.keyed("GET", "/links/x").headers["ETag"]

    assert tag == '"v1-scheduled"'
    assert api.keyed("PATCH", "/links/x", {"starts_at": None}, If_Match=tag).status_code == 200
    assert api.keyed("PATCH", "/links/x", {"title": "T"}, If_Match='"v2"').status_code == 200


@pytest.mark.parametrize("header", ['"v9", "v1"', '"v1","x"', "*", ', ,"v9",,"v1"'])
def test_one_of_the_versions_named(api: Api, header: str) -> None:
    """If-Match may name several versions; one that is current will do."""
    api.made(D, slug="x")

    assert api.keyed("PATCH", "/links/x", {}, If_Match=header).status_code == 200


@pytest.mark.parametrize(
    "header", ['W/"v1"', 'W/"v1", "v2"', '"v2", "v3"', "v1", "", '"v01"', '"v1" "v1"', '"v0"']
)
@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_none_of_the_versions_named(api: Api, method: str, header: str) -> None:
    """A weak tag never matches, nor does what is no tag: 412, and nothing happens."""
    api.made(D, slug="x")
    body = {"title": "T"} if method == "PATCH" else None
    answer = api.keyed(method, "/links/x", body, If_Match=header)

    assert answer.status_code == 412
    assert json.loads(answer.body)["code"] == "stale"
    assert api.keyed("GET", "/links/x").json_body["version"] == 1


def test_other_faults_come_first(api: Api) -> None:
    """A precondition counts only where the request would have succeeded (RFC 9110, 13.2.1)."""
    api.made(D, slug="x")

    assert api.keyed("PATCH", "/links/none", {}, If_Match='"v2"').status_code == 404
    assert api.keyed("PATCH", "/links/x", {"title": 1}, If_Match='"v2"').status_code == 422
    assert api.keyed("DELETE", "/links/none", If_Match="rubbish").status_code == 404
    for query, body in (
        ("tag=", {}),
        ("tag=a&limit=0", {}),
        ("tag=a&cursor=x", {}),
        ("tag=a", {"no": 1}),
    ):
        answer = api.keyed("PATCH", f"/links?{query}", body, If_Match='"v2"')
        assert answer.status_code == 422
    assert api.keyed("PATCH", "/links?tag=a", {}, If_Match='"v2"').status_code == 412


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_versions_can_be_required(method: str) -> None:
    """With EVERHOP_REQUIRE_IF_MATCH=on a change that names no version is 428 and not done."""
    body = {"title": "T"} if method == "PATCH" else None
    with make_api(EVERHOP_REQUIRE_IF_MATCH="on") as api:
        api.made(D, slug="x")
        answer = api.keyed(method, "/links/x", body)
        assert answer.status_code == 428
        assert json.loads(answer.body)["code"] == "precondition_required"
        assert api.keyed("GET", "/links/x").json_body["version"] == 1
        assert api.ask(method, "/v1/links/x", body).status_code == 401
        assert api.keyed(method, "/links/x", body, If_Match='"v2"').status_code == 412
        assert api.keyed(method, "/links/x", body, If_Match='"v1"').status_code < 300


def test_any_version_can_be_said() -> None:
    """Where versions are required, `*` says that any will do."""
    with make_api(EVERHOP_REQUIRE_IF_MATCH="on") as api:
        api.made(D, slug="x")

        assert api.keyed("PATCH", "/links/x", {}, If_Match="*").status_code == 200
        assert api.keyed("DELETE", "/links/x", If_Match="*").status_code == 204


def test_lists_are_conditional_too(api: Api) -> None:
    """Who polls a list is told that nothing changed, until something did."""
    api.made(D, slug="x")
    first = api.keyed("GET", "/links?q=x")
    tag = first.headers["ETag"]
    again = api.keyed("GET", "/links?q=x", If_None_Match=tag)
    other = api.keyed("GET", "/links?q=none", If_None_Match=tag)
    api.keyed("PATCH", "/links/x", {"title": "T"})

    assert tag.startswith('W/"')
    assert (again.status_code, again.body) == (304, b"")
    assert other.status_code == 200
    assert api.keyed("GET", "/links?q=x", If_None_Match=tag).json_body["links"][0]["title"] == "T"
