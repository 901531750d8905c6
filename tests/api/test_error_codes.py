"""The codes of errors and of fields: each is explained, in the document and in docs/api.md."""

import ast

from chalicelib.api.openapi.problems import codes, kinds
from chalicelib.api.openapi.words import FIELD_CODES
from chalicelib.core.errors import EverhopError
from tests.api.driver import Api
from tests.conftest import ROOT


def test_codes_are_all_there(api: Api) -> None:
    """The codes of problems are those of our errors, and what only the gateway says."""
    document = api.ask("GET", "/v1/openapi.json").json_body
    said = set(document["components"]["schemas"]["Problem"]["properties"]["code"]["enum"])

    assert said == {kind.code for kind in kinds()} | {EverhopError.code, "too_many_requests"}
    assert list(codes()) == sorted(codes(), key=lambda code: codes()[code])


def test_codes_of_fields_are_all_there() -> None:
    """Every code that the app refuses a field with is explained, and no other is."""
    assert set(FIELD_CODES) == codes_in_source() | {"slug_taken", "unavailable"}


def codes_in_source() -> set[str]:
    """The first texts handed to Refused and refuse_file, and the second to Problem."""
    places = {"Refused": 0, "refuse_file": 0, "Problem": 1}
    return {
        str(argument.value)
        for path in (ROOT / "chalicelib").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in places
        for argument in node.args[places[node.func.id] :][:1]
        if isinstance(argument, ast.Constant)
    }


def test_the_written_documentation_has_the_same_codes() -> None:
    """docs/api.md lists the codes that the document has."""
    text = (ROOT / "docs" / "api.md").read_text()

    assert {code for code in [*FIELD_CODES, *codes()] if f"`{code}`" not in text} == set()
