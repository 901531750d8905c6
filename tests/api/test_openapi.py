"""The OpenAPI document: it is valid, it is all of the API, and the API keeps to it."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.api.cursors import DRY_RUN, FIRST_ROW, LIST_PARAMETERS, Parameter
from chalicelib.core.errors import Refused, Unavailable
from chalicelib.core.keys import ApiKey
from chalicelib.core.links import Link
from chalicelib.service.ports import KeyPage, ListQuery, Page
from chalicelib.store.memory import LinkMemory
from chalicelib.store.memory_keys import KeyMemory
from tests.api.bulk_exercise import (
    Busy,
    exercise_bulk,
    exercise_bulk_down,
    exercise_bulk_wary,
    exercise_busy,
)
from tests.api.driver import Api, make_api
from tests.api.exercise_jobs import ask_jobs, down_tools, exercise_jobs, working_tools
from tests.api.hop_exercise import exercise_hops
from tests.api.limited import exercise_limited
from tests.api.lock_exercise import exercise_locks, exercise_locks_down
from tests.api.stat_exercise import DownCounts, exercise_stats, exercise_stats_down
from tests.clocks import SetClock
from tests.json_schema import accepts


D = "https://example.com/x"
METHODS = {"get", "head", "post", "put", "patch", "delete", "options"}


@pytest.fixture
def document(api: Api) -> dict[str, Any]:
    """The document as it is served."""
    answer = api.ask("GET", "/v1/openapi.json")
    assert answer.status_code == 200
    return dict(answer.json_body)


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method in METHODS & set(item):
            yield path, method.upper(), item[method]


def test_it_is_openapi(document: dict[str, Any]) -> None:
    """A validator that knows OpenAPI 3.1 finds nothing, and every reference leads somewhere."""
    from openapi_spec_validator import validate

    validate(document)

    assert document["openapi"].startswith("3.1.")


def test_document_and_routes_are_the_same(api: Api, document: dict[str, Any]) -> None:
    """Every route is in the document and nothing else is; only refusals may be left out."""
    routes = api.client._app.routes
    real = {
        (path, method)
        for path, methods in routes.items()
        for method, entry in methods.items()
        if not hasattr(entry.view_function, "stands_for")
    }
    silent = {
        (path, method)
        for path, method in real
        if getattr(routes[path][method].view_function, "describe", None) is None
    }
    said = {(path, method) for path, method, _ in operations(document)}

    assert silent == set(), "routes that say nothing of themselves"
    assert said <= real
    for path, method in real - said:
        answer = api.ask(method, path.replace("{slug}", "x"))
        assert answer.status_code == (204 if method == "OPTIONS" else 405)


def test_no_enum_mixes_types(document: dict[str, Any]) -> None:
    """Values of two types beside each other, null aside, are what generated clients lack."""

    def enums(part: Any) -> Iterator[list[Any]]:
        if isinstance(part, list | dict):
            for inner in part.values() if isinstance(part, dict) else part:
                yield from enums(inner)
        if isinstance(part, dict) and isinstance(part.get("enum"), list):
            yield part["enum"]

    found = [{type(one) for one in enum if one is not None} for enum in enums(document)]
    assert found
    assert all(len(kinds) == 1 for kinds in found)


def test_path_parameters_are_declared(document: dict[str, Any]) -> None:
    """Each {name} in a path is a parameter of its operations, required, and no other is."""
    for path, _, operation in operations(document):
        named = {one["name"] for one in operation["parameters"] if one["in"] == "path"}
        assert named == set(re.findall(r"\{(\w+)\}", path))
        assert all(one["required"] for one in operation["parameters"] if one["in"] == "path")


def test_media_types_are_the_routes_own(api: Api, document: dict[str, Any]) -> None:
    """A body may be sent as each media type that the document names, and as no other."""
    for path, method, operation in operations(document):
        if method in ("POST", "PATCH"):
            entry = api.client._app.routes[path][method]
            assert set(operation["requestBody"]["content"]) == set(entry.content_types)


def test_keys(api: Api, document: dict[str, Any]) -> None:
    """What says it needs a key is 401 without one, what says it does not is not."""
    for path, method, operation in operations(document):
        body = operation.get("requestBody", {}).get("content", {})
        sent = {"Content_Type": next(iter(body))} if body else {}
        answer = api.ask(method, path.replace("{slug}", "x"), b"{}" if body else None, **sent)
        assert (answer.status_code == 401) == bool(operation["security"]), path
        assert ("401" in operation["responses"]) == bool(operation["security"])


class Down(LinkMemory):
    """A store that does not answer."""

    def get(self, key: str, *, consistent: bool = False) -> Link | None:
        raise Unavailable("The table did not answer.")

    def create(self, key: str, link: Link) -> None:
        self.get(key)

    def page(self, workspace: str, query: ListQuery) -> Page:
        raise Unavailable("The table did not answer.")


ID = "/2222222222"  # what could be a key's


class DownKeys(KeyMemory):
    """A store of keys that does not answer."""

    def get(self, key_id: str) -> ApiKey | None:
        raise Unavailable("The table did not answer.")

    def create(self, key: ApiKey) -> None:
        self.get(key.id)

    def page(self, workspace: str, limit: int, after: ApiKey | None) -> KeyPage:
        raise Unavailable("The table did not answer.")


def exercise(api: Api) -> None:
    """Call every operation in every way that it says it can end."""
    api.ask("GET", "/v1/openapi.json")
    api.ask("HEAD", "/v1/openapi.json")
    api.ask("GET", "/docs")
    api.ask("HEAD", "/docs")
    for path in ("/links", "/links/x"):
        api.ask("GET", f"/v1{path}")
    csv = {"Content_Type": "text/csv"}
    for method, path in (("POST", "/links"), ("PATCH", "/links/x"), ("POST", "/imports")):
        kind = csv if path == "/imports" else {}
        api.ask(method, f"/v1{path}", b"{", **kind)
        api.keyed(method, path, b"\xff\xfe", **kind)
        api.keyed(method, path, b"[" * 3_000_000, **kind)
        api.keyed(method, path, b"a", Content_Type="image/png")
        api.keyed(method, path, b"[]", **kind)
    api.ask("DELETE", "/v1/links/x")
    api.create(D, slug="drawn")
    for query in ("", "?format=png", "?size=1"):
        api.keyed("GET", f"/links/drawn/qr{query}")
    api.keyed("GET", "/links/nope/qr")
    api.ask("GET", "/v1/links/drawn/qr")
    for status in (302, 301, 307, 308):
        api.create(D, slug=f"s{status}", status=status)
        for at in ("r", "v"):
            api.ask("GET", f"/{at}/s{status}")
            api.ask("HEAD", f"/{at}/s{status}")
    api.create(D, slug="s302")
    api.keyed("GET", "/links?limit=0")
    api.keyed("GET", "/links", If_None_Match=api.keyed("GET", "/links").headers["ETag"])
    api.keyed("GET", "/links/s302", If_None_Match='"v1"')
    for method in ("GET", "PATCH", "DELETE"):
        api.keyed(method, "/links/nope", {} if method == "PATCH" else None)
        body = {"title": "T"} if method == "PATCH" else None
        api.keyed(method, "/links/s302", body, If_Match='"v9"')
    api.keyed("PATCH", "/links/s302", {"title": "T"})
    api.keyed("DELETE", "/links/s302")
    api.keyed("POST", "/imports", b"destination\nhttps://example.com/\nx", **csv)
    for path in ("s301+", "s302", "nope"):
        for at in ("r", "v"):
            api.ask("GET", f"/{at}/{path}")
            api.ask("HEAD", f"/{at}/{path}")
    api.ask("GET", "/v1/health")
    api.ask("HEAD", "/v1/health")


def exercise_keys(api: Api) -> None:
    """Make, list, rotate and revoke keys, and ask everything with a key of the wrong scope."""
    made = api.keyed("POST", "/keys", {"name": "a", "scopes": ["admin"]}).json_body
    other = api.keyed("POST", "/keys", {"name": "b", "scopes": ["read"]}).json_body
    for path in ("", "?limit=0"):
        api.keyed("GET", f"/keys{path}")
    api.keyed("POST", "/keys", {})
    for wrong in (b"{", b"x" * 100_000):
        api.keyed("POST", f"/keys/{made['id']}/rotate", wrong)
        api.keyed("POST", "/keys", wrong)
    api.keyed("POST", "/keys", b"a", Content_Type="image/png")
    api.keyed("POST", f"/keys/{made['id']}/rotate", b"a", Content_Type="image/png")
    api.keyed("POST", f"/keys/{made['id']}/rotate", {"overlap_for": -1})
    api.keyed("POST", f"/keys/{made['id']}/rotate", {})
    api.keyed("POST", f"/keys/{made['id']}/rotate", {})
    api.keyed("POST", "/keys/nope/rotate", {})
    api.keyed("DELETE", "/keys/nope")
    api.keyed("DELETE", f"/keys/{other['id']}")
    reader = api.keyed("POST", "/keys", {"name": "c", "scopes": ["read"]}).json_body["key"]
    admin = api.keyed("POST", "/keys", {"name": "d", "scopes": ["admin"]}).json_body["key"]
    for path, method, operation in operations(api.contract.document):
        if not operation["security"]:
            continue
        kinds = operation.get("requestBody", {}).get("content", {"application/json": None})
        for key in ("", reader, admin):
            bearer = {"Authorization": f"Bearer {key}"} if key else {}
            target = path.replace("{slug}", "x").replace("{key_id}", "x").replace("{job_id}", "x")
            api.ask(method, target, b"{}", Content_Type=next(iter(kinds)), **bearer)


def exercise_wary(api: Api) -> None:
    """Change a link without saying which version."""
    api.made(slug="x")
    api.keyed("PATCH", "/links/x", {})
    api.keyed("DELETE", "/links/x")


def exercise_down(api: Api) -> None:
    """Call every operation while the store is down."""
    api.keyed("GET", "/links")
    api.create(D)
    for method in ("GET", "PATCH", "DELETE"):
        api.keyed(method, "/links/x", {} if method == "PATCH" else None)
    api.keyed("GET", "/links/x/qr")
    for method, path in (("POST", ""), ("GET", ""), ("DELETE", ID), ("POST", f"{ID}/rotate")):
        api.keyed(method, f"/keys{path}", {"name": "n"} if not path else {})
    for method in ("GET", "HEAD"):
        api.ask(method, "/v1/health")
        api.ask(method, "/r/x")
        api.ask(method, "/v/x")


def test_every_answer_it_promises_is_given() -> None:
    """Each status of each operation is really answered; the driver checks each against its schema."""
    strict = make_api(EVERHOP_REQUIRE_IF_MATCH="on")
    with (
        make_api(tools=working_tools()) as api,
        make_api(Down(), DownKeys(), counts=DownCounts(), tools=down_tools()) as down,
        strict as wary,
        make_api(claims=Busy()) as busy,
    ):
        exercise(api)
        exercise_jobs(api)
        ask_jobs(down)
        ask_jobs(wary)
        exercise_down(down)
        exercise_wary(wary)
        exercise_keys(api)
        exercise_locks(api)
        exercise_locks_down(down)
        exercise_stats(api)
        exercise_stats_down(down)
        exercise_bulk(api)
        exercise_bulk_down(down)
        exercise_bulk_wary(wary)
        exercise_busy(busy)
        with make_api(clock=SetClock(), EVERHOP_RATE_LIMIT="1") as limited:
            exercise_limited(limited)
        with make_api(EVERHOP_API_CACHE="on") as cached:
            exercise_hops(cached)
        promised = {
            (method, path, status)
            for path, method, operation in operations(api.contract.document)
            for status in operation["responses"]
            if status != "default"
        }
        seen = set().union(*(one.contract.seen for one in (api, down, wary, busy, limited, cached)))

    assert promised - seen == set()


def test_the_driver_would_notice(api: Api) -> None:
    """An answer with a field, a status or a type that the document lacks fails the test it is in."""
    link = api.made()
    components = api.contract.document["components"]
    schema = {**components["schemas"]["Link"], "components": components}

    assert accepts(schema, link)
    assert not accepts(schema, {**link, "secret": 1})
    assert not accepts(schema, {name: link[name] for name in link if name != "state"})
    assert not accepts(schema, {**link, "tags": None})


def test_examples_fit(api: Api) -> None:
    """Every example, of a body, an answer or a part of either, fits the schema it stands in."""
    document = api.contract.document
    count = 0
    for node in walk(document):
        for value in [
            *node.get("examples", ()),
            *([node["example"]] if "schema" in node and "example" in node else ()),
        ]:
            api.contract.validate(node.get("schema", node), value)
            count += 1

    assert count > 50


def walk(node: Any) -> Iterator[dict[str, Any]]:
    """Every object in the document, but the examples."""
    if isinstance(node, dict):
        yield node
        for name, part in node.items():
            if name not in ("example", "examples", "default"):
                yield from walk(part)
    elif isinstance(node, list):
        for part in node:
            yield from walk(part)


@pytest.mark.parametrize(
    "parameter", [*LIST_PARAMETERS, DRY_RUN, FIRST_ROW], ids=lambda one: one.name
)
def test_parameters_agree_with_their_parsers(parameter: Parameter) -> None:
    """A value that the schema takes is read, one that it refuses is not; a default is what it says."""
    values = [
        0,
        1,
        2,
        50,
        100,
        101,
        999_999_999,
        10**9,
        -1,
        1.5,
        True,
        False,
        "x" * 100,
        "y" * 101,
        "é",
        None,
    ]
    for value in values:
        text = value if isinstance(value, str) else json.dumps(value)
        if isinstance(value, str) or parameter.schema["type"] != "string":
            assert accepts(parameter.schema, value) == takes(parameter, text), value
    if "default" in parameter.schema:
        assert takes(parameter, parameter.default)
        assert parameter.default == str(parameter.schema["default"]).lower()


def takes(parameter: Parameter, text: str) -> bool:
    try:
        parameter.parse(text)
    except Refused:
        # That a cursor was given out by this list is not a matter of its form.
        return parameter.name == "cursor"
    return True
