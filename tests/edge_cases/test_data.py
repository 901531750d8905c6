"""What integrators send to the API and keep in it: rows 85 to 93 of our list of cases, a test each.

Row 91 (two regions): the same holds once they share a table; here two editors meet in one. The
rows from 94 on are in test_many_links.py and test_operations.py.
"""

import json
import socket
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlsplit

import pytest

from chalicelib.core.times import format_time
from tests.api.driver import Api, codes, make_api
from tests.conftest import RunningStack


D = "https://example.com/x"
CSV = {"Content_Type": "text/csv"}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{bad", 400),
        (b"", 400),
        (b"\xff\xfe{}", 400),
        (b'{"destination": NaN}', 400),
        (b"[]", 422),
        (b'"str"', 422),
        (b"null", 422),
    ],
)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/links"),
        ("PATCH", "/links/x"),
        ("POST", "/links/batch"),
        ("PATCH", "/links?tag=a"),
    ],
)
def test_row_85(api: Api, method: str, path: str, body: bytes, status: int) -> None:
    """What is not JSON is 400, JSON that is no object 422: always problem+json."""
    api.made(slug="x")
    answer = api.keyed(method, path, body, Content_Type="application/json")

    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert json.loads(answer.body)["code"] == {400: "bad_request", 422: "invalid"}[status]


def test_row_85_media_types(api: Api) -> None:
    """Another content type is 415; a byte order mark is no fault."""
    body = json.dumps({"destination": D}).encode()
    refused = [
        api.keyed("POST", "/links", body, Content_Type=kind).status_code
        for kind in ("text/plain", "application/x-www-form-urlencoded", "application/xml")
    ]

    assert refused == [415, 415, 415]
    assert api.keyed("POST", "/links", b"\xef\xbb\xbf" + body).status_code == 201


@pytest.mark.parametrize(
    ("fields", "problems"),
    [
        ({"destination": 5}, {"/destination": "type"}),
        ({"tags": "a"}, {"/tags": "type"}),
        ({"expires_at": True}, {"/expires_at": "time"}),
        ({"expire_at": None}, {"/expire_at": "unknown_field"}),
        ({"__proto__": {"admin": True}}, {"/__proto__": "unknown_field"}),
        ({"a/b~c": 1}, {"/a~1b~0c": "unknown_field"}),
        (
            {"title": 1, "status": "302", "disabled": "no"},
            {"/title": "type", "/status": "choice", "/disabled": "type"},
        ),
    ],
)
def test_row_86(api: Api, fields: dict[str, Any], problems: dict[str, str]) -> None:
    """422 names every field that is of the wrong type or that does not exist."""
    body = {"destination": D, **fields}

    assert codes(api.keyed("POST", "/links", body)) == problems


# A value, what null makes of it, and what "" is: None where it clears too, a code where it is 422.
FIELDS: dict[str, tuple[Any, Any, str | None]] = {
    "title": ("T", None, None),
    "notes": ("N", None, None),
    "tags": (["a"], [], "type"),
    "status": (308, 302, "choice"),
    "expires_at": ("2098-01-01T00:00:00Z", None, "time"),
    "starts_at": ("2097-01-01T00:00:00Z", None, "time"),
    "forward_query": (True, False, "type"),
    "query_winner": ("visitor", "destination", "choice"),
    "forward_path": (True, False, "type"),
    "utm": ({"source": "flyer"}, None, "type"),
    "rules": ([{"if": {"countries": ["DE"]}, "destination": "https://e.example/"}], [], "type"),
    "max_clicks": (5, None, "type"),
    "max_clicks_exact": (True, False, "type"),
    "disabled": (True, False, "type"),
    "archived": (True, False, "type"),
}


@pytest.mark.parametrize("name", FIELDS)
def test_row_87(api: Api, name: str) -> None:
    """In an edit, missing keeps, null clears, and "" clears a text and is refused elsewhere."""
    value, cleared, refused = FIELDS[name]
    beside = {"max_clicks": 7} if name == "max_clicks_exact" else {}  # it says how to count them
    api.made(slug="x", **beside, **{name: value})

    kept = api.keyed("PATCH", "/links/x", {"destination": "https://example.com/y"}).json_body
    empty = api.keyed("PATCH", "/links/x", {name: ""})
    null = api.keyed("PATCH", "/links/x", {name: None}).json_body
    assert kept[name] == value
    assert (codes(empty) == {f"/{name}": refused}) if refused else (empty.json_body[name] is None)
    assert null[name] == cleared


def test_row_87_password(api: Api) -> None:
    """A password, which is only read as `has_password`: missing keeps, null clears, "" is 422."""
    api.made(slug="x", password="open sesame")

    kept = api.keyed("PATCH", "/links/x", {"title": "T"}).json_body
    empty = api.keyed("PATCH", "/links/x", {"password": ""})
    still = api.keyed("GET", "/links/x").json_body
    null = api.keyed("PATCH", "/links/x", {"password": None}).json_body
    assert codes(empty) == {"/password": "required"}
    assert [one["has_password"] for one in (kept, still, null)] == [True, True, False]


def test_row_87_is_about_every_field(api: Api) -> None:
    """No field that an edit may have is left out above; a link can't lead nowhere."""
    document = api.contract.document["components"]["schemas"]["LinkChanges"]
    api.made(slug="x")

    assert {*FIELDS, "password", "destination"} == set(document["properties"])
    for nothing in (None, ""):
        answer = api.keyed("PATCH", "/links/x", {"destination": nothing})
        assert codes(answer).keys() == {"/destination"}


def test_row_88(api: Api) -> None:
    """A time without an offset is 422; with one it comes back as the same moment in UTC."""
    for naive in ("2098-12-01T10:00", "2098-12-01T10:00:00", "2098-12-01", "2098-12-01 10:00:00"):
        assert api.refusal(D, expires_at=naive) == {"/expires_at": "time"}
    made = api.made(expires_at="2098-12-01T10:00:00.5+02:00")

    assert made["expires_at"] == "2098-12-01T08:00:00.500Z"


def test_row_89() -> None:
    """A new link can't have ended; what is no time of ours is refused; the last one is in 9999."""
    now = datetime(2026, 11, 23, 12, tzinfo=UTC)
    with make_api(clock=lambda: now) as api:
        for past in ("2026-11-23T11:59:59Z", format_time(now), "0001-01-01T00:00:00Z"):
            assert api.refusal(D, expires_at=past) == {"/expires_at": "past"}
        soon = format_time(now + timedelta(seconds=1))
        kept = {soon, "2028-02-29T00:00:00Z", "9999-12-31T23:59:59Z"}
        assert {api.made(expires_at=time)["expires_at"] for time in kept} == kept
        leap = api.made(expires_at="2028-12-31T23:59:60Z")
        assert leap["expires_at"] == "2029-01-01T00:00:00Z"
        wrong: list[Any] = [
            "2027-02-29T00:00:00Z",
            "+102028-12-12T09:31:00Z",
            "9999-12-31T23:59:59-01:00",
        ]
        for time in [*wrong, 1795435200, 1795435200000, "1795435200000", "100000 years"]:
            assert api.refusal(D, expires_at=time) == {"/expires_at": "time"}
        sheet = b"destination,slug,expires_at\nhttps://example.com/,old,2020-01-01T00:00:00Z\n"
        assert api.keyed("POST", "/imports", sheet, **CSV).json_body["counts"]["created"] == 1
        assert api.follow("old").status_code == 410


def test_row_90(api: Api) -> None:
    """A link that would start when or after it ends is 422, in a create and in an edit."""
    later, soon = "2098-01-02T00:00:00Z", "2098-01-01T00:00:00Z"

    for starts_at in (later, soon):
        refused = api.refusal(D, starts_at=starts_at, expires_at=soon)
        assert refused == {"/starts_at": "dates_crossed"}
    api.made(slug="x", starts_at=later)
    answer = api.keyed("PATCH", "/links/x", {"expires_at": soon})
    assert codes(answer) == {"/starts_at": "dates_crossed"}


def test_row_91(api: Api) -> None:
    """Of two editors with one version the second is 412; without a version both fields are kept."""
    api.made(slug="x")
    seen = api.keyed("GET", "/links/x").headers["ETag"]
    edits = [
        api.keyed("PATCH", "/links/x", {"title": name}, If_Match=seen) for name in ("one", "two")
    ]
    api.keyed("PATCH", "/links/x", {"notes": "N"})

    assert [answer.status_code for answer in edits] == [200, 412]
    read = api.keyed("GET", "/links/x").json_body
    assert (read["title"], read["notes"]) == ("one", "N")


@pytest.mark.stack
def test_row_92(stack: RunningStack) -> None:
    """A create whose client gave up before the answer, sent again, is the one link."""
    body = json.dumps({"destination": D, "title": "row 92"}).encode()
    parts = urlsplit(stack.url)
    head = (
        f"POST /api/v1/links HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Length: {len(body)}\r\n"
        f"Authorization: Bearer {stack.api_key}\r\nContent-Type: application/json\r\n"
        "Idempotency-Key: row-92\r\n\r\n"
    )
    with socket.create_connection((str(parts.hostname), parts.port or 80)) as gone:
        gone.sendall(head.encode() + body)
    answers = [stack.api("POST", "/links", body, Idempotency_Key="row-92") for _ in range(2)]

    found = stack.api("GET", "/links?q=row%2092").json["links"]
    assert [answer.status for answer in answers] == [201, 201]
    assert [link["slug"] for link in found] == [answers[0].json["slug"]]
    assert answers[0].body == answers[1].body


def test_row_93(api: Api) -> None:
    """A destination may have many links: none is handed out in place of a new one.

    Who wants the same link again names it, by its slug or by the key of its create.
    """
    assert api.refusal(D, findIfExists=True) == {"/findIfExists": "unknown_field"}
    first, second = api.made(title="mine"), api.made(title="yours")

    assert first["slug"] != second["slug"]
    found = api.keyed("GET", f"/links?q={quote(D, safe='')}").json_body["links"]
    assert {link["slug"] for link in found} == {first["slug"], second["slug"]}


HALF = b'"\\ud800": 1'
MEMBERS = {
    "half a character": b'{"destination": "https://e.com/", ' + HALF + b"}",
    "below": b'{"destination": "https://e.com/", "utm": {' + HALF + b"}}",
    "twice": b'{"destination": "https://e.com/", "destination": "https://f.com/"}',
    "twice below": b'{"destination": "https://e.com/", "utm": {"source": "a", "source": "b"}}',
}


@pytest.mark.parametrize("body", MEMBERS.values(), ids=MEMBERS)
def test_row_85_names_that_nobody_can_mean(api: Api, body: bytes) -> None:
    """Half of a character in a name, or a name that is there twice, is 400 and never a 500."""
    for method, path in (("POST", "/links"), ("PATCH", "/links/x"), ("PATCH", "/links?tag=x")):
        answer = api.keyed(method, path, body)
        assert (answer.status_code, answer.json_body["code"]) == (400, "bad_request")
    batch = api.keyed("POST", "/links/batch", b'{"links": [' + body + b"]}")
    assert batch.status_code == 400


def test_row_86_a_long_name_is_not_repeated_whole(api: Api) -> None:
    """What is wrong is named well enough to find it, and an answer is no echo."""
    answer = api.keyed("POST", "/links", {"destination": D, "x" * 60_000: 1})

    assert answer.status_code == 422
    assert len(answer.body) < 2_000
