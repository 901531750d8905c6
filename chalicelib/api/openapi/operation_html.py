"""One operation on the documentation page: what it takes, what it answers, how to call it."""

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any, NamedTuple

from chalicelib.api.openapi.operations import LIMIT_HEADERS
from chalicelib.api.openapi.parts import code, curl, inline, link_to, prose, sample, type_of


Schema = Mapping[str, Any]


class Called(NamedTuple):
    """An operation of the document, and how it is called."""

    path: str
    method: str
    operation: Schema

    @property
    def name(self) -> str:
        """Where it is on the page."""
        return escape(self.operation["operationId"])


def operation_html(called: Called, document: Schema, address: str) -> str:
    """The operation as a section: prose at the start of the line, code at its end."""
    operation = called.operation
    return (
        f'<section class="operation" id="{called.name}"><div class="told">'
        f'<h3><a href="#{called.name}">{escape(operation["summary"])}</a></h3>'
        f"{_route(called, document)}{prose(operation['description'])}"
        f"{_parameters(operation)}{_body(operation, document)}{_answers(operation, document)}"
        f'</div><div class="shown">{_samples(called, address)}</div></section>'
    )


def properties_html(schema: Schema) -> str:
    """The fields of an object."""
    required = schema.get("required", ())
    sent = schema.get("additionalProperties") is False
    # Sent, a field may be left out unless it is marked; answered, it is there unless it is marked.
    mark = "required" if sent else "may be missing"
    return fields_html(
        _field(name, part, mark if sent == (name in required) else "", _default(part))
        for name, part in schema["properties"].items()
    )


def fields_html(fields: Iterable[str]) -> str:
    """A list of fields, or nothing."""
    shown = "".join(fields)
    return f'<dl class="fields">{shown}</dl>' if shown else ""


def pairs_html(pairs: Iterable[tuple[str, str]]) -> str:
    """A list of codes and what they mean."""
    shown = "".join(f"<dt><code>{escape(name)}</code></dt><dd>{text}</dd>" for name, text in pairs)
    return f'<dl class="pairs">{shown}</dl>'


def _field(name: str, schema: Schema, mark: str, default: str) -> str:
    marked = f'<span class="required">{mark}</span>' if mark else ""
    about = inline(str(schema.get("description", "")).partition("\n")[0])
    return (
        f'<div><dt><code>{escape(name)}</code><span class="type">{type_of(schema)}</span>{marked}'
        f"</dt><dd>{about}{default}</dd></div>"
    )


def _default(schema: Schema) -> str:
    value = schema.get("default")
    return (
        f" <span>Default: <code>{escape(sample(value))}</code></span>" if value is not None else ""
    )


def _route(called: Called, document: Schema) -> str:
    also = ["head"] if "head" in document["paths"][called.path] else []
    methods = "".join(
        f'<b class="method {one}">{one.upper()}</b>' for one in [called.method, *also]
    )
    key = "" if called.operation["security"] else '<span class="open">no key</span>'
    return f'<p class="route">{methods}<code>{escape(called.path)}</code>{key}</p>'


def _parameters(operation: Schema) -> str:
    titles = {"path": "In the path", "query": "In the query", "header": "Headers"}
    return "".join(
        _titled(title, [one for one in operation["parameters"] if one["in"] == where])
        for where, title in titles.items()
    )


def _titled(title: str, parameters: list[Schema]) -> str:
    shown = fields_html(
        _field(
            one["name"],
            {**one["schema"], "description": one["description"]},
            "required" if one["required"] else "",
            _default(one["schema"]),
        )
        for one in parameters
    )
    return f"<h4>{title}</h4>{shown}" if shown else ""


def _body(operation: Schema, document: Schema) -> str:
    if "requestBody" not in operation:
        return ""
    content = operation["requestBody"]["content"]
    (schema, *_) = (one["schema"] for one in content.values())
    types = " or ".join(f"<code>{escape(name)}</code>" for name in content)
    if "$ref" not in schema:
        return f"<h4>Body</h4><p><small>{types}</small></p>"
    model = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return f"<h4>Body <small>{types}</small></h4>{properties_html(model)}"


def _answers(operation: Schema, document: Schema) -> str:
    shown = "".join(
        f'<li><b class="status s{status[0]}">{status}</b>'
        f"<span>{_answer(answer, document)}</span></li>"
        for status, answer in operation["responses"].items()
        if status != "default"
    )
    return f'<h4>Answers</h4><ul class="answers">{shown}</ul>'


def _answer(answer: Schema, document: Schema) -> str:
    if "$ref" in answer:
        answer = document["components"]["responses"][answer["$ref"].rpartition("/")[2]]
        return inline(answer["description"])
    model = ""
    for content in answer.get("content", {}).values():
        model = f" {link_to(content['schema']['$ref'])}" if "$ref" in content["schema"] else ""
    headers = "".join(
        f"<small><code>{escape(name)}</code> {inline(header['description'])}</small>"
        for name, header in _headers(answer).items()
    )
    return f"{inline(answer['description'])}{model}{headers}"


def _headers(answer: Schema) -> dict[str, Any]:
    # What every keyed answer has is told once, in the prose above.
    headers = answer.get("headers", {})
    return {name: one for name, one in headers.items() if name not in LIMIT_HEADERS}


def _samples(called: Called, address: str) -> str:
    path, operation = called.path, called.operation
    for parameter in operation["parameters"]:
        if parameter["in"] == "path":
            path = path.replace(f"{{{parameter['name']}}}", parameter["schema"]["examples"][0])
    shown = [one for one in operation["parameters"] if one["in"] == "query"]
    query = "&".join(map(_sample_parameter, filter(_has_example, shown)))
    contents = operation.get("requestBody", {}).get("content", {"": {"example": None}})
    media_type, content = next(iter(contents.items()))
    command = curl(
        f"{address}{path}" + (f"?{query}" if query else ""),
        "FOLLOW" if "302" in operation["responses"] else called.method.upper(),
        keyed=bool(operation["security"]),
        body=content["example"],
        media_type=media_type,
    )
    return code("Request", command) + _sample_answer(operation["responses"])


def _has_example(parameter: Schema) -> bool:
    return "examples" in parameter["schema"]


def _sample_parameter(parameter: Schema) -> str:
    value = parameter["schema"]["examples"][0]
    return f"{parameter['name']}={value if isinstance(value, str) else sample(value)}"


def _sample_answer(responses: Schema) -> str:
    status = "302" if "302" in responses else next(iter(responses))
    answer = responses[status]
    title = f"Answer, {status}"
    if "application/json" in answer.get("content", {}):
        return code(title, sample(answer["content"]["application/json"]["example"]), is_json=True)
    lines = [f"HTTP/2 {status}"]
    lines += [f"{name}: {one['example']}" for name, one in _headers(answer).items()]
    return code(title, "\n".join(lines))
