"""The API's document held against what the API does: every answer in these tests is looked up."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from chalice.app import Chalice
from chalice.test import HTTPResponse

from chalicelib.api.openapi.document import make_document
from tests.json_schema import Validator


@dataclass
class Contract:
    """The document of one app; `seen` are the operations and statuses that were looked up."""

    app: Chalice
    seen: set[tuple[str, str, str]] = field(default_factory=set)

    @cached_property
    def document(self) -> dict[str, Any]:
        """The document, closed: what it does not name may not be there."""
        document: dict[str, Any] = json.loads(json.dumps(make_document(self.app.routes, "/api")))
        for schema in document["components"]["schemas"].values():
            close(schema)
        return document

    def check(self, method: str, target: str, answer: HTTPResponse) -> None:
        """Fail when the answer is not one that the document has for this request."""
        path = self.path_of(urlsplit(target).path, method)
        operation = self.document["paths"].get(path, {}).get(method.lower())
        if operation is None:
            assert answer.status_code in (204, 404, 405), (method, target, answer.status_code)
            return
        status = str(answer.status_code)
        responses = operation["responses"]
        assert status in responses or answer.status_code >= 400, f"{status} {method} {path} is new"
        self.seen.add((method, path, status))
        described = self.resolve(responses.get(status, responses["default"]))
        # A HEAD's body, where there is one, is dropped by whoever speaks HTTP.
        self._check_answer(described, answer, body=method != "HEAD")

    def path_of(self, path: str, method: str) -> str | None:
        """The document's path that a path is one of; one that has the method comes first."""
        shapes = {
            one: re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(one)) for one in self.document["paths"]
        }
        found = [one for one, shape in shapes.items() if re.fullmatch(shape, path)]
        found.sort(key=lambda one: method.lower() not in self.document["paths"][one])
        return found[0] if found else None

    def resolve(self, node: Mapping[str, Any]) -> Mapping[str, Any]:
        """The node, or what it refers to."""
        if "$ref" not in node:
            return node
        *_, kind, name = node["$ref"].split("/")
        found: Mapping[str, Any] = self.document["components"][kind][name]
        return found

    def _check_answer(
        self, described: Mapping[str, Any], answer: HTTPResponse, *, body: bool
    ) -> None:
        headers = {name.lower() for name in answer.headers}
        assert {name.lower() for name in described.get("headers", {})} <= headers
        contents = described.get("content", {}) if body else {}
        if not contents:
            assert not body or answer.body == b""
            return
        kind = answer.headers["Content-Type"].partition(";")[0]
        assert kind in contents
        if kind.endswith("json"):
            self.validate(contents[kind]["schema"], json.loads(answer.body))

    def validate(self, schema: Mapping[str, Any], value: Any) -> None:
        """Fail when the value does not fit the schema."""
        whole = {**schema, "components": self.document["components"]}
        Validator(whole).validate(value)


def close(schema: Any) -> None:
    """Let no object in the schema have a field that is not named."""
    if isinstance(schema, dict):
        if "properties" in schema:
            schema.setdefault("additionalProperties", False)
        for part in schema.values():
            close(part)
