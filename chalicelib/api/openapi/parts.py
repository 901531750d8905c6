"""The small parts of the documentation page: prose, code, commands, and types in words."""

import json
import re
from collections.abc import Mapping
from html import escape
from typing import Any


_CODE = re.compile(r"`([^`]+)`")
_UNBROKEN = 24
_STRONG = re.compile(r"\*([^*]+)\*")
_JSON = re.compile(
    r'(?P<k>"(?:[^"\\]|\\.)*")(?=:)|(?P<s>"(?:[^"\\]|\\.)*")|(?P<n>true|false|null|-?\d[\d.]*)'
)
_FORMATS = {"date-time": "time", "uri": "URL"}
_WORDS = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "object": "object",
    "array": "list",
}


def inline(text: str) -> str:
    """A line of the document's prose: `code` and *stress*, everything else as it is."""
    return _STRONG.sub(r"<em>\1</em>", _CODE.sub(_inline_code, escape(text)))


def _inline_code(match: re.Match[str]) -> str:
    long = ' class="long"' if len(match[1]) > _UNBROKEN else ""
    return f"<code{long}>{match[1]}</code>"


def prose(text: str) -> str:
    """Paragraphs of the document's prose."""
    parts = [part.strip() for part in text.split("\n\n")]
    return "".join(f"<p>{inline(part)}</p>" for part in parts if part)


def sections(text: str) -> list[tuple[str, str]]:
    """The prose below each `## ` heading; what is before the first has no heading."""
    first, *rest = re.split(r"^## ", text, flags=re.MULTILINE)
    pairs = (part.partition("\n")[::2] for part in rest)
    return [("", first), *((heading.strip(), below) for heading, below in pairs)]


def code(title: str, text: str, *, is_json: bool = False) -> str:
    """A block of code that a keyboard can scroll, with its title above."""
    shown = _coloured(text) if is_json else escape(text)
    return (
        f'<figure class="code"><figcaption>{inline(title)}</figcaption>'
        f'<pre tabindex="0" aria-label="{escape(title)}"><code>{shown}</code></pre></figure>'
    )


def _coloured(text: str) -> str:
    end, parts = 0, []
    for match in _JSON.finditer(text):
        parts.append(escape(text[end : match.start()], quote=False))
        marked = escape(match[0], quote=False)
        parts.append(f'<span class="{match.lastgroup}">{marked}</span>')
        end = match.end()
    return "".join([*parts, escape(text[end:], quote=False)])


def sample(value: Any) -> str:
    """A JSON value as people read it: short lists stay on their line."""
    text = json.dumps(value, ensure_ascii=False, indent=2)
    return re.sub(r"\[\s+([^\[\]{}]{0,60}?)\s+\]", _one_line, text)


def _one_line(match: re.Match[str]) -> str:
    return "[" + re.sub(r",\s+", ", ", match[1]) + "]"


def curl(url: str, method: str, *, keyed: bool, body: Any = None, media_type: str = "") -> str:
    """A command that makes the request; `$KEY` is the key. FOLLOW shows the headers of a GET."""
    flags = {"GET": "", "FOLLOW": "-i "}.get(method, f"-X {method} ")
    lines = [f"curl {flags}{quoted(url)}"]
    if keyed:
        lines.append('-H "Authorization: Bearer $KEY"')
    if media_type:
        lines.append(f"-H 'Content-Type: {media_type}'")
    if body is not None:
        data = body if isinstance(body, str) else sample(body).replace("\n", "\n  ")
        lines.append(f"--data-binary {quoted(data, always=True)}")
    return " \\\n  ".join(lines)


def quoted(text: str, *, always: bool = False) -> str:
    """The text as one word of a shell."""
    if not always and re.fullmatch(r"[A-Za-z0-9_./:-]+", text):
        return text
    return "'" + text.replace("'", "'\\''") + "'"


def type_of(schema: Mapping[str, Any]) -> str:
    """What a value is, in words and in HTML."""
    if "$ref" in schema:
        return link_to(schema["$ref"])
    types = schema.get("type", "object")
    names = [types] if isinstance(types, str) else types
    first = _first_type(names[0], schema)
    return f"{first} or null" if "null" in names else first


def link_to(reference: str) -> str:
    """The name of a model, which leads to it."""
    name = reference.rpartition("/")[2]
    return f'<a href="#{name}">{name}</a>'


def _first_type(name: str, schema: Mapping[str, Any]) -> str:
    if "enum" in schema:
        shown = [json.dumps(one) for one in schema["enum"] if one is not None]
        return " · ".join(f"<code>{escape(one.strip(chr(34)))}</code>" for one in shown)
    if name == "array":
        most = f"up to {schema['maxItems']}: " if "maxItems" in schema else ""
        return f"list of {most}{type_of(schema['items'])}"
    word = _FORMATS.get(schema.get("format", ""), _WORDS[name])
    return word + _limits(schema)


def _limits(schema: Mapping[str, Any]) -> str:
    if "maxLength" in schema:
        return f" of up to {schema['maxLength']:,}"
    if "maximum" in schema and schema["maximum"] < 1_000_000:
        return f" from {schema['minimum']} to {schema['maximum']}"
    return f" from {schema['minimum']}" if schema.get("minimum") else ""
