"""The log of a deployment: a line for each answer, and nothing in it that is anyone's secret."""

import base64
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from chalicelib.core.links import Link
from chalicelib.store.memory import LinkMemory
from chalicelib.store.memory_counters import CounterMemory
from tests.api.driver import KEY, Api, make_api
from tests.api.test_openapi import Down, DownKeys, exercise, exercise_down, exercise_keys
from tests.clocks import SetClock


Lines = list[dict[str, Any]]
FIELDS = frozenset(
    "time level event stage region release request_id client_request_id method route status "
    "took_ms bytes cold_start key_id workspace code reason kind Requests Errors5xx Duration "
    "Redirects Refusals RateLimited ColdStarts _aws".split()
)


@contextmanager
def logged(*stores: Any, **given: Any) -> Iterator[Api]:
    """A deployment that writes its log, at a time that stands still."""
    with make_api(*stores, clock=SetClock(), **{"EVERHOP_LOG": "on", **given}) as api:
        yield api


def lines(capture: pytest.CaptureFixture[str]) -> Lines:
    """What was written since this was last asked for; each line is one JSON object."""
    out, err = capture.readouterr()
    assert err == ""
    return [json.loads(line) for line in out.splitlines()]


def test_one_line_for_each_request(capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever is asked and however it ends, it has one line, which says so."""
    with logged() as api:
        asked = [
            api.create("https://example.com/", slug="here"),
            api.follow("here"),
            api.follow("nowhere"),
            api.ask("GET", "/v1/links"),
            api.ask("PUT", "/v1/links", b""),
            api.ask("OPTIONS", "/v1/links"),
            api.keyed("POST", "/links", b"a", Content_Type="image/png"),
            api.keyed("GET", "/links/here/qr?format=png"),
            api.ask("GET", "/v1/health"),
        ]
    written = lines(capsys)

    assert [line["status"] for line in written] == [answer.status_code for answer in asked]
    assert [line["bytes"] for line in written] == [len(answer.body) for answer in asked]
    assert [
        (line["method"], line["route"], line["kind"], line.get("code")) for line in written
    ] == [
        ("POST", "/v1/links", "write", None),
        ("GET", "/r/{slug}", "redirect", None),
        ("GET", "/r/{slug}", "redirect", None),
        ("GET", "/v1/links", "read", "unauthorized"),
        ("PUT", "/v1/links", "write", "method_not_allowed"),
        ("OPTIONS", "/v1/links", "other", None),
        ("POST", "/v1/links", "write", "unsupported_media_type"),
        ("GET", "/v1/links/{slug}/qr", "read", None),
        ("GET", "/v1/health", "other", None),
    ]
    assert [line["cold_start"] for line in written] == [True] + [False] * 8
    assert {line["time"] for line in written} == {"2026-11-23T12:00:00Z"}
    assert all(set(line) <= FIELDS for line in written)
    assert len({line["request_id"] for line in written}) == 9


def test_whose_request_it_was(capsys: pytest.CaptureFixture[str]) -> None:
    """A key that was proven is named by its public part; one that was not is not named."""
    with logged() as api:
        made = api.keyed("POST", "/keys", {"name": "a", "workspace": "shop"}).json_body
        api.ask("GET", "/v1/links", Authorization=f"Bearer {made['key']}")
        api.ask("GET", "/v1/links", Authorization=f"Bearer {made['key'][:-1]}x")
    first, second, third = lines(capsys)

    assert (first["key_id"], first["workspace"]) == ("bootstrap", "default")
    assert (second["key_id"], second["workspace"]) == (made["id"], "shop")
    assert not {"key_id", "workspace"} & set(third)


def test_ids_lead_from_an_answer_to_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    """The instance of a problem is the line's id; a client's own id comes back and is there too."""
    with logged() as api:
        own = api.ask("GET", "/v1/links")
        theirs = api.ask("GET", "/v1/links", X_Request_Id="build-7/step.2")
        broken = api.ask("GET", "/v1/links", X_Request_Id='x" injected\x01')
    lines_own, lines_theirs, lines_broken = lines(capsys)

    for answer, line in ((own, lines_own), (theirs, lines_theirs), (broken, lines_broken)):
        instance = json.loads(answer.body)["instance"]
        assert instance == f"urn:everhop:request:{line['request_id']}"
    assert own.headers["X-Request-Id"] == lines_own["request_id"]
    assert theirs.headers["X-Request-Id"] == lines_theirs["client_request_id"] == "build-7/step.2"
    assert broken.headers["X-Request-Id"] == lines_broken["request_id"]
    assert "client_request_id" not in lines_broken


class Broken(LinkMemory):
    """A store with a bug whose text repeats what it was asked for."""

    def get(self, key: str, *, consistent: bool = False) -> Link | None:
        raise RuntimeError(f"secret {key}")


class BrokenCounters(CounterMemory):
    """Counters with a bug."""

    def read(self, name: str) -> int:
        raise RuntimeError(f"secret {name}")


def test_a_bug_has_one_line_more(capsys: pytest.CaptureFixture[str]) -> None:
    """It says where the bug is, under the id that the client was told; Chalice adds nothing."""
    with logged(Broken()) as api:
        answer = api.keyed("GET", "/links/confidential")
    bug, request = lines(capsys)

    assert answer.status_code == request["status"] == 500
    assert (bug["event"], bug["level"]) == ("bug", "error")
    assert bug["request_id"] == request["request_id"] == answer.headers["X-Request-Id"]
    assert bug["error"][0]["type"] == "RuntimeError"
    assert bug["error"][0]["frames"][-1].endswith("Broken.get")
    assert "confidential" not in json.dumps([bug, request])
    assert request["code"] == "internal"


def test_a_bug_beside_a_redirect_is_told_too(capsys: pytest.CaptureFixture[str]) -> None:
    """Counting about fails no redirect, and its bug is written all the same."""
    with logged(counters=BrokenCounters()) as api:
        api.create("https://example.com/", slug="counted", max_clicks=1)
        answer = api.follow("counted")
    bug, request = lines(capsys)[1:]

    assert answer.status_code == request["status"] == 302
    assert (bug["event"], bug["error"][0]["type"]) == ("bug", "RuntimeError")
    assert "counted" not in json.dumps([bug, request])


def test_a_mistake_below_our_routes_has_a_line_too(capsys: pytest.CaptureFixture[str]) -> None:
    """What Chalice itself stumbles over is told, and answered, in the same form."""
    with logged() as api:
        app = api.client._app
        event = {
            "requestContext": {"resourcePath": "/r/{slug}", "httpMethod": "GET"},
            "headers": {},
            "multiValueQueryStringParameters": None,
            "pathParameters": None,
            "stageVariables": None,
            "body": None,
        }
        answer = app(event, None)
    bug, request = lines(capsys)

    assert answer["statusCode"] == request["status"] == 500
    assert json.loads(answer["body"])["code"] == request["code"] == "internal"
    assert (bug["event"], bug["error"][0]["type"]) == ("bug", "TypeError")


def test_what_is_no_request_has_a_line_too(capsys: pytest.CaptureFixture[str]) -> None:
    """An event from elsewhere, the console's test say, is a mistake in one line."""
    with logged() as api:
        answer = api.client._app({"key1": "value1"}, None)
    (bug,) = lines(capsys)

    assert answer["statusCode"] == 500
    assert (bug["event"], bug["request_id"]) == ("bug", "")


def test_on_a_developers_machine_the_whole_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """There the text of a mistake goes where the developer looks, beside the line."""
    with logged(Broken(), EVERHOP_LOG="debug") as api:
        api.keyed("GET", "/links/x")
    out, err = capsys.readouterr()

    assert "RuntimeError: secret x" in err
    assert "secret" not in out


def test_off(capsys: pytest.CaptureFixture[str]) -> None:
    """Without the log requests leave no line; mistakes still do."""
    with logged(Broken(), EVERHOP_LOG="off") as api:
        api.ask("GET", "/v1/links")
        api.keyed("GET", "/links/x")

    assert [line["event"] for line in lines(capsys)] == ["bug"]


def test_why_something_was_not_available(capsys: pytest.CaptureFixture[str]) -> None:
    """A 503 says in the log what did not answer, for visitors' pages and health as well."""
    with logged(Down()) as api:
        api.keyed("GET", "/links/x")
        api.follow("x")
        api.ask("GET", "/v1/health")

    assert [(line["status"], line["code"], line["reason"]) for line in lines(capsys)] == [
        (503, "unavailable", "The table did not answer."),
        (503, "unavailable", "The table did not answer."),
        (503, "unavailable", "failing: table"),
    ]


MARKERS = {
    "destination": "https://example.com/MARKdestination?q=MARKquery",
    "slug": "MARKslug",
    "title": "MARKtitle",
    "notes": "MARKnotes",
    "tags": ["MARKtag"],
}
HEADERS = {
    "Cookie": "MARKcookie",
    "X_Forwarded_For": "203.0.113.77",
    "CloudFront_Viewer_Address": "203.0.113.78:4711",
    "User_Agent": "MARKagent",
    "Referer": "https://MARKreferer.example/",
    "Everhop_Query": "utm=MARKraw",
    "Accept_Language": "MARKlanguage",
    "Idempotency_Key": "MARKidempotency",
}


def exercise_markers(api: Api) -> None:
    """Send something to be recognised in every place that takes text."""
    api.keyed("POST", "/links", MARKERS, **HEADERS)
    api.keyed("POST", "/links", {**MARKERS, "MARKfield": 1}, **HEADERS)
    api.keyed("POST", "/links", b'{"MARKbody', **HEADERS)
    api.keyed("PATCH", "/links/MARKslug", {"title": "MARKedit"}, If_Match='"MARKetag"')
    api.keyed("GET", "/links?q=MARKsearch&tag=MARKtag&cursor=MARKcursor", **HEADERS)
    api.keyed(
        "POST", "/imports", b"destination\nhttps://MARKcsv.example/\n", Content_Type="text/csv"
    )
    api.keyed("POST", "/keys", {"name": "MARKname", "workspace": "x", "scopes": ["read"]})
    for path in ("MARKslug", "MARKslug+", "MARKnowhere", "MARK%ff"):
        api.ask("GET", f"/r/{path}?p=MARKparameter", **HEADERS)
    for key in ("MARKwrong", "eh_MARKwrong"):
        api.ask("GET", "/v1/links", Authorization=f"Bearer {key}")
        api.ask("GET", "/v1/links", Authorization=f"MARKscheme {key}", X_Request_Id="MARK bad")
    api.keyed("DELETE", "/links/MARKslug")


def test_no_secret_is_in_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    """In all lines of every kind of request there is no key, slug, body, query, header or address."""
    shown: set[str] = {KEY}
    environ = {"EVERHOP_RATE_LIMIT": "1000000"}
    with logged(**environ) as api, logged(Down(), DownKeys()) as down, logged(Broken()) as broken:
        issue = api.keyed
        for run in (exercise, exercise_keys, exercise_markers):
            run(api)
        shown |= {
            issue("POST", "/keys", {"name": "n", "scopes": [scope]}).json_body["key"]
            for scope in ("read", "write", "admin")
        }
        for key in shown:
            api.ask("GET", "/v1/links", Authorization=f"Bearer {key}")
        for one in (down, broken):
            exercise_down(one)
            exercise_markers(one)
    out, err = capsys.readouterr()

    assert len(out.splitlines()) > 150
    assert err == ""
    assert re.findall(r"(?i)mark\w+|203\.0\.113|127\.0\.0\.1|example\.com|https?:", out) == []
    for key in shown:
        secret = key[13:]
        for form in (key, secret, base64.b64encode(key.encode()).decode()):
            assert form not in out
    assert not re.search("eh_[2-9a-z]{20}", out)


def test_the_search_would_find_one(capsys: pytest.CaptureFixture[str]) -> None:
    """The markers of the test above are sent, and would be seen if a line repeated them."""
    with logged() as api:
        exercise_markers(api)
        assert api.store.get("markslug") is not None
    written = lines(capsys)

    assert {line["status"] for line in written} >= {201, 302, 400, 401, 404, 412, 422}
