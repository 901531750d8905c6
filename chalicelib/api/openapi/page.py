"""The documentation as one page, made of the OpenAPI document: no script, one hashed style."""

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from chalicelib.api.openapi.operation_html import (
    Called,
    operation_html,
    pairs_html,
    properties_html,
)
from chalicelib.api.openapi.parts import code, curl, inline, prose, sections
from chalicelib.api.openapi.problems import codes
from chalicelib.api.openapi.style import ICON, LOGO, STYLE
from chalicelib.api.openapi.words import FIELD_CODES


Document = Mapping[str, Any]
# Creating comes before reading what was created.
_ORDER = ("post", "get", "put", "patch", "delete")
_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_HASH}'; img-src data:; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
}


def reference_page(document: Document, address: str) -> tuple[str, dict[str, str]]:
    """The page and its headers; `address` is the URL below which the API is."""
    groups = [(tag, list(_operations(document, tag["name"]))) for tag in document["tags"]]
    main = "".join(
        [
            _intro(document, address),
            *(_group(tag, listed, document, address) for tag, listed in groups),
            _models(document),
            _errors(),
        ]
    )
    nav = _contents(groups)
    title = f"{escape(document['info']['title'])} API"
    html = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta name="color-scheme" content="light dark"><meta name="robots" content="noindex">'
        f'<title>{title}</title><link rel="icon" href="{ICON}"><style>{STYLE}</style></head><body>'
        f'<a class="skip" href="#main">Skip to the content</a>{_top(document)}'
        f'<div class="page"><nav class="aside" id="contents" aria-label="Contents">{nav}</nav>'
        f'<main id="main">{main}</main></div></body></html>'
    )
    return html, dict(HEADERS)


def _operations(document: Document, group: str) -> Iterator[Called]:
    for path, methods in document["paths"].items():
        for method in _ORDER:
            if method in methods and group in methods[method]["tags"]:
                yield Called(path, method, methods[method])


def _top(document: Document) -> str:
    info = document["info"]
    return (
        f'<header class="top"><span class="brand">{LOGO}{escape(info["title"])} <b>API</b></span>'
        f'<span class="version">{escape(info["version"])}</span>'
        '<a class="button" href="v1/openapi.json"><code>openapi.json</code></a>'
        '<a class="button menu" href="#contents">Contents</a></header>'
    )


def _contents(groups: list[Any]) -> str:
    parts = [("Start here", [("#start", "First request")])]
    parts += [
        (tag["name"], [(f"#{one.name}", one.operation["summary"]) for one in listed])
        for tag, listed in groups
    ]
    parts.append(("Reference", [("#models", "Models"), ("#errors", "Errors")]))
    # On a small screen the contents are shown while they are the target: any link closes them.
    close = '<a class="button close" href="#start">Close</a>'
    return close + "".join(_content_list(heading, links) for heading, links in parts)


def _content_list(heading: str, links: list[tuple[str, str]]) -> str:
    items = "".join(f'<li><a href="{escape(to)}">{escape(text)}</a></li>' for to, text in links)
    return f"<h2>{escape(heading)}</h2><ul>{items}</ul>"


def _intro(document: Document, address: str) -> str:
    (_, lead), *rest = sections(document["info"]["description"])
    cards = "".join(
        f"<section><h3>{escape(name)}</h3>{prose(text)}</section>" for name, text in rest
    )
    commands = "KEY=eh_...\n" + curl(f"{address}/v1/links", "GET", keyed=True)
    return (
        '<section class="intro" id="start"><div><h1>The REST API</h1>'
        f'<div class="lead">{prose(lead)}</div>'
        f'<p class="base"><span>Base URL</span><code>{escape(address)}</code></p></div>'
        f'{code("A first request", commands)}</section><div class="cards">{cards}</div>'
    )


def _group(tag: Mapping[str, str], listed: list[Any], document: Document, address: str) -> str:
    operations = "".join(operation_html(one, document, address) for one in listed)
    return (
        f'<section class="group"><h2>{escape(tag["name"])}</h2>'
        f'<div class="lead">{prose(tag["description"])}</div>{operations}</section>'
    )


def _models(document: Document) -> str:
    models = document["components"]["schemas"]
    # A body is shown where it is sent; here only when it is a part of another one.
    bodies, parts = _bodies(document), json.dumps(models)
    shown = "".join(
        f'<section class="model" id="{name}"><h3>{name}</h3>{properties_html(schema)}</section>'
        for name, schema in models.items()
        if name not in bodies or f'"#/components/schemas/{name}"' in parts
    )
    return (
        '<section class="group" id="models"><h2>Models</h2><div class="lead"><p>What is answered, '
        "or sent as a part. A field is always there unless it says otherwise; in what is also "
        f"sent, those that are required are.</p></div>{shown}</section>"
    )


def _bodies(document: Document) -> set[str]:
    """The models of whole bodies, which are told where they are sent."""
    operations = [one for methods in document["paths"].values() for one in methods.values()]
    contents = [one["requestBody"]["content"] for one in operations if "requestBody" in one]
    schemas = [content["schema"] for one in contents for content in one.values()]
    return {str(schema.get("$ref", "")).rpartition("/")[2] for schema in schemas}


def _errors() -> str:
    rows = [(code, f"<b>{status}</b> {inline(said)}") for code, (status, said) in codes().items()]
    fields = [(code, inline(said)) for code, said in FIELD_CODES.items()]
    return (
        '<section class="group" id="errors"><h2>Errors</h2><div class="lead"><p>Every error is a '
        '<a href="#Problem">Problem</a>, <code>application/problem+json</code> (RFC 9457). '
        "<code>code</code> is stable and for programs, <code>detail</code> for people.</p></div>"
        f"<h3>Codes</h3>{pairs_html(rows)}<h3>Codes of fields</h3>"
        "<p>In <code>errors[].code</code>, beside the pointer to the field.</p>"
        f"{pairs_html(fields)}</section>"
    )
