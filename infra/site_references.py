"""What the dashboard's files say of each other: where a reference stands, and what it means.

A text's references are found by its kind. What can't be followed to a file is refused, not
guessed at: a page that asks for a name which is nowhere fails for visitors alone.
"""

import posixpath
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple


class SiteError(ValueError):
    """The site can't be published; the text names the file, and what is wrong with it."""


class Reference(NamedTuple):
    """Where a text names another file, and which: a path below the site's root."""

    start: int
    end: int
    path: str


# The middle group of each is what is written; what stands around it is left alone.
_MODULES = (
    # `import x from "y"`, `export * from "y"`, and minified: `import{x}from"y"`.
    re.compile(r"""\b(?:from|import)\s*(["'])([^"'\s]+)\1"""),
    re.compile(r"""\bimport\s*\(\s*(["'])([^"'\s]+)\1\s*\)"""),
    re.compile(r"""\bnew\s+URL\(\s*(["'])([^"'\s]+)\1\s*,\s*import\.meta\.url\s*\)"""),
)
_SHEETS = (
    re.compile(r"""\burl\(\s*(["']?)([^"')\s]+)\1\s*\)"""),
    re.compile(r"""@import\s+(["'])([^"']+)\1"""),
)
_PAGES = (re.compile(r"""\s(?:href|src)\s*=\s*(["'])([^"']+)\1"""),)
_KINDS = {
    ".js": _MODULES,
    ".mjs": _MODULES,
    ".css": _SHEETS,
    ".html": _PAGES,
    ".svg": (*_PAGES, *_SHEETS),
}
_ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:|//|#", re.IGNORECASE)
_IMPORT_MAP = re.compile(r"""<script[^>]*\btype\s*=\s*["']?importmap""", re.IGNORECASE)
_UNFOLLOWED = re.compile(r"""["'`(=]((?:\.{0,2}/)+assets/[^"'`)\s?#]*)""")


def find_references(path: str, text: str) -> tuple[Reference, ...]:
    """The files that a text refers to, in their order; what lies elsewhere is none of them."""
    if _IMPORT_MAP.search(text):
        raise SiteError(f"{path} has an import map: it is inline, and the CSP lets nothing inline.")
    found = (
        (match.start(2), match.end(2), match[2])
        for pattern in _KINDS.get(suffix_of(path), ())
        for match in pattern.finditer(text)
    )
    return tuple(
        sorted(Reference(start, end, _target(path, written)) for start, end, written in found
               if not _ELSEWHERE.match(written))
    )  # fmt: skip


def suffix_of(path: str) -> str:
    """How a path ends, like `.js`."""
    return posixpath.splitext(path)[1]


def is_text(path: str) -> bool:
    """Whether a file is one that may refer to others."""
    return suffix_of(path) in _KINDS


def _target(path: str, written: str) -> str:
    bare = re.split(r"[?#]", written)[0]
    if suffix_of(path) in (".js", ".mjs") and not bare.startswith(("./", "../", "/")):
        raise SiteError(f"{path} imports {written}: browsers need it to begin with ./, ../ or /.")
    if bare.startswith("/"):
        return posixpath.normpath(bare).lstrip("/") or "."
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), bare))


def rename(path: str, text: str, name_of: Callable[[str], str]) -> str:
    """The text with each reference as the address that `name_of` gives its path.

    What follows the path, a query or a fragment, stays.
    """
    parts, done = [], 0
    for start, end, target in find_references(path, text):
        written = text[start:end]
        rest = written[len(re.split(r"[?#]", written)[0]) :]
        parts += [text[done:start], name_of(target) + rest]
        done = end
    return "".join([*parts, text[done:]])


def find_unfollowed(text: str) -> Iterator[str]:
    """Addresses of assets in a text, in whatever way it came by them."""
    yield from (match[1] for match in _UNFOLLOWED.finditer(text))
