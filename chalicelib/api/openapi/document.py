"""The OpenAPI 3.1 document, made of what the routes say of themselves."""

import inspect
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from chalice.app import RouteEntry

from chalicelib.api.cursors import Parameter
from chalicelib.api.openapi import vocabulary
from chalicelib.api.openapi.operations import (
    LIMIT_HEADERS,
    UNLISTED,
    Answer,
    Body,
    Model,
    Operation,
)
from chalicelib.api.openapi.problems import header, other_answer, problem_answer
from chalicelib.api.openapi.words import ABOUT, GROUPS
from chalicelib.core import errors
from chalicelib.core.errors import EverhopError


API_VERSION = "1.0"
Routes = Mapping[str, Mapping[str, RouteEntry]]
_KEY_ERRORS = (errors.Unauthorized, errors.Forbidden, errors.RateLimited, errors.Unavailable)
_BODY_ERRORS = (errors.BadRequest, errors.TooLarge, errors.UnsupportedMediaType)


class Listed(NamedTuple):
    """A route that is in the document."""

    path: str
    method: str
    entry: RouteEntry
    operation: Operation


def listed_routes(routes: Routes) -> Iterator[Listed]:
    """The routes that say what they are for, in the order in which they were registered."""
    for path, methods in routes.items():
        for method, entry in methods.items():
            describe = getattr(entry.view_function, "describe", None)
            operation = describe(vocabulary) if describe else UNLISTED
            if operation.group:
                yield Listed(path, method, entry, operation)


def make_document(routes: Routes, base: str) -> dict[str, Any]:
    """The document of these routes, which are served below the path `base`."""
    listed = list(listed_routes(routes))
    paths: dict[str, dict[str, Any]] = {}
    for one in listed:
        paths.setdefault(one.path, {})[one.method.lower()] = _describe(one)
    kinds = {kind.__name__: kind for one in listed for kind in errors_of(one.operation)}
    answers = {name: problem_answer(kind) for name, kind in kinds.items()}
    models: dict[str, Any] = {}
    content = _refer({"paths": paths, "responses": {**answers, "Other": other_answer()}}, models)
    return {
        "openapi": "3.1.0",
        "info": _INFO,
        "servers": [{"url": base or "/"}],
        "tags": _groups(listed),
        "paths": content["paths"],
        "components": {
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
            "schemas": dict(sorted(models.items())),
            "responses": content["responses"],
        },
    }


_INFO = {
    "title": "Everhop",
    "version": API_VERSION,
    "summary": "Short links.",
    "description": ABOUT,
    "license": {"name": "MIT", "identifier": "MIT"},
}


def _groups(listed: Sequence[Listed]) -> list[dict[str, str]]:
    there = dict.fromkeys(one.operation.group for one in listed)
    names = [name for name in GROUPS if name in there] + [
        name for name in there if name not in GROUPS
    ]
    return [{"name": name, "description": GROUPS.get(name, "")} for name in names]


def errors_of(operation: Operation) -> list[type[EverhopError]]:
    """The errors that an operation names, and those that come with its key and its body."""
    implied = [*(_KEY_ERRORS if operation.keyed else ()), *(_BODY_ERRORS if operation.body else ())]
    return sorted({*implied, *operation.errors}, key=lambda kind: kind.status)


def _describe(one: Listed) -> dict[str, Any]:
    operation, head = one.operation, one.method == "HEAD"
    name = one.entry.view_function.__name__
    summary, _, about = (inspect.getdoc(one.entry.view_function) or name).partition("\n")
    described = {
        "operationId": f"{name}_head" if head else name,
        "summary": summary.rstrip(".") + (", headers only" if head else ""),
        "description": about.strip(),
        "tags": [operation.group],
        "security": [{"key": []}] if operation.keyed else [],
        "parameters": [_parameter(parameter) for parameter in operation.parameters],
        "responses": _responses(operation, head=head),
    }
    cache = getattr(one.entry.view_function, "cache", None)
    if cache and not head:
        described["x-everhop-cache"] = {"fresh_for": cache.fresh_for, "keys": list(cache.keys)}
    if operation.body:
        described["requestBody"] = _body(operation.body, one.entry.content_types)
    return described


def _parameter(parameter: Parameter) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "in": parameter.where,
        "required": parameter.required or parameter.where == "path",
        "description": parameter.about,
        "schema": parameter.schema,
    }


def _body(body: Body, media_types: Sequence[str]) -> dict[str, Any]:
    content = {"schema": body.schema, "example": body.example}
    return {"required": body.is_required, "content": dict.fromkeys(media_types, content)}


def _responses(operation: Operation, *, head: bool) -> dict[str, Any]:
    limits = LIMIT_HEADERS if operation.keyed else {}
    answers = {
        str(status): _answer(answer._replace(headers={**answer.headers, **limits}), head=head)
        for status, answer in operation.answers.items()
    }
    by_status: dict[str, list[type[EverhopError]]] = {}
    for kind in errors_of(operation):
        by_status.setdefault(str(kind.status), []).append(kind)
    problems = {status: _problem(kinds) for status, kinds in by_status.items()}
    return {
        **dict(sorted({**problems, **answers}.items())),
        "default": _component("responses", "Other"),
    }


def _problem(kinds: list[type[EverhopError]]) -> dict[str, Any]:
    if len(kinds) == 1:
        return _component("responses", kinds[0].__name__)
    answers = list(map(problem_answer, kinds))
    said = " ".join(answer["description"] for answer in answers)
    return {"description": said, "content": answers[0]["content"]}


def _answer(answer: Answer, *, head: bool) -> dict[str, Any]:
    described: dict[str, Any] = {"description": answer.about}
    if answer.headers:
        described["headers"] = {name: header(one) for name, one in answer.headers.items()}
    if answer.media_type and not head:
        content = {"schema": answer.schema, "example": answer.example or example_of(answer.schema)}
        described["content"] = {
            **dict.fromkeys(answer.media_type.split(", "), content),
            **answer.others,
        }
    return described


def example_of(schema: Any) -> Any:
    """A value that fits the schema, out of the examples of its parts."""
    if isinstance(schema, Model):
        return example_of(schema.schema)
    for given in ("examples", "enum"):
        if given in schema:
            return schema[given][0]
    if "properties" in schema:
        return {name: example_of(part) for name, part in schema["properties"].items()}
    if "items" in schema:
        return [example_of(schema["items"])]
    return {"integer": 1, "boolean": False, "object": {}}.get(schema["type"], "")


def _component(kind: str, name: str) -> dict[str, str]:
    return {"$ref": f"#/components/{kind}/{name}"}


def _refer(node: Any, models: dict[str, Any]) -> Any:
    """The node with each Model in it as a reference; the models end up in `models`."""
    if isinstance(node, Model):
        if node.name not in models:
            models[node.name] = {}
            models[node.name] = _refer(node.schema, models)
        return _component("schemas", node.name)
    if isinstance(node, Mapping) and isinstance(node.get("title"), str) and "properties" in node:
        return _refer_to_titled(node, models)
    if isinstance(node, Mapping):
        return {name: _refer(part, models) for name, part in node.items()}
    return [_refer(part, models) for part in node] if isinstance(node, list) else node


def _refer_to_titled(node: Mapping[str, Any], models: dict[str, Any]) -> dict[str, Any]:
    # What is said of it in this one place stays there, beside the reference.
    beside = {name: node[name] for name in ("description", "examples", "default") if name in node}
    rest = {name: part for name, part in node.items() if name not in beside}
    model = Model(rest.pop("title"), rest)
    return {**_refer(model, models), **beside}
