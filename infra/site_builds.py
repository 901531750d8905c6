"""The dashboard as it is published: names that begin with a hash of what is in the file.

Pure of clocks and chance: the same files give the same names, wherever and whenever they are built.
"""

import hashlib
import mimetypes
import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from infra.site_references import (
    SiteError,
    find_references,
    find_unfollowed,
    is_text,
    rename,
    suffix_of,
)


SITE = Path(__file__).resolve().parent.parent / "static_site"
ENTRY = "index.html"
ASSETS = "assets/"
FOR_GOOD = "public, max-age=31536000, immutable"
ASK_FIRST = "no-cache"
_DIGITS = 16  # 64 bits: two of some thousand files meet once in 10^12 sites
_TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".ico": "image/x-icon",
    ".js": "text/javascript",
    ".json": "application/json",
    ".mjs": "text/javascript",
    ".svg": "image/svg+xml",
    ".toml": "text/plain",
    ".txt": "text/plain",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}


@dataclass(frozen=True, slots=True)
class SiteFile:
    """A file under the name that it is published by, with what it is sent with."""

    key: str
    body: bytes
    kind: str
    kept: str  # its Cache-Control

    @property
    def sha256(self) -> str:
        """The hash of what is in it, hexadecimal."""
        return hashlib.sha256(self.body).hexdigest()

    @property
    def is_hashed(self) -> bool:
        """Whether its name says what is in it, so that it never changes."""
        return self.kept == FOR_GOOD


@dataclass(frozen=True)
class Site:
    """The files of one state of the dashboard, by name."""

    files: tuple[SiteFile, ...]

    @cached_property
    def by_key(self) -> Mapping[str, SiteFile]:
        """Each file by its key."""
        return {it.key: it for it in self.files}


def read_site(folder: Path = SITE) -> dict[str, bytes]:
    """The files of a folder by their paths in it; hidden ones are no files of it."""
    paths = (it for it in sorted(folder.rglob("*")) if it.is_file())
    named = ((it.relative_to(folder), it) for it in paths)
    return {
        name.as_posix(): path.read_bytes()
        for name, path in named
        if not any(part.startswith(".") for part in name.parts)
    }


def build_site(sources: Mapping[str, bytes]) -> Site:
    """The site that these files make; SiteError when a name of them leads nowhere.

    What is under assets/ and is referred to gets a hashed name. All else keeps its own, as those
    who look for it know no other: the entry page, favicon.ico, robots.txt, licences.
    """
    if ENTRY not in sources:
        raise SiteError(f"There is no {ENTRY}.")
    targets = {path: list(_targets(path, sources)) for path in sources}
    referred = {it for found in targets.values() for it in found}
    built: dict[str, SiteFile] = {}
    for path in _leaves_first(targets):
        body = _renamed(path, sources[path], built)
        is_hashed = path in referred and path.startswith(ASSETS)
        built[path] = _file(path, body, is_hashed=is_hashed)
    site = Site(
        tuple(sorted({it.key: it for it in built.values()}.values(), key=lambda it: it.key))
    )
    _check(site)
    return site


def _targets(path: str, sources: Mapping[str, bytes]) -> Iterator[str]:
    if not is_text(path):
        return
    for reference in find_references(path, _text(path, sources[path])):
        if reference.path not in sources and reference.path != ".":
            raise SiteError(f"{path} refers to {reference.path}, and there is no such file.")
        if reference.path != ".":
            yield reference.path


def _text(path: str, body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError:
        raise SiteError(f"{path} is not UTF-8, as which it would be sent.") from None


def _leaves_first(targets: Mapping[str, list[str]]) -> list[str]:
    """So that the hash of a file covers the names in it, and by them all that it refers to."""
    sorter = TopologicalSorter({path: targets[path] for path in sorted(targets)})
    try:
        return list(sorter.static_order())
    except CycleError as error:
        circle = " > ".join(reversed(error.args[1]))
        raise SiteError(
            f"{circle} refer to each other in a circle, so none has a hash before the other: "
            "put what both need into a file of its own."
        ) from None


def _renamed(path: str, body: bytes, built: Mapping[str, SiteFile]) -> bytes:
    if not is_text(path):
        return body
    return rename(path, _text(path, body), lambda it: _address(it, built)).encode()


def _address(path: str, built: Mapping[str, SiteFile]) -> str:
    return "/" if path == "." else f"/{built[path].key}"


def _file(path: str, body: bytes, *, is_hashed: bool) -> SiteFile:
    if not is_hashed:
        return SiteFile(path, body, type_of(path), ASK_FIRST)
    name = f"{hashlib.sha256(body).hexdigest()[:_DIGITS]}-{posixpath.basename(path)}"
    return SiteFile(ASSETS + name, body, type_of(path), FOR_GOOD)


def type_of(path: str) -> str:
    """The Content-Type of a file by its name, the same on every machine."""
    kind = _TYPES.get(suffix_of(path)) or mimetypes.guess_type(path, strict=True)[0]
    is_words = kind is not None and (kind.startswith("text/") or kind.endswith(("json", "+xml")))
    return f"{kind}; charset=utf-8" if is_words else kind or "application/octet-stream"


def _check(site: Site) -> None:
    """No text may name an asset that is not there, in whatever way it does: fetch("/assets/x")."""
    for file in site.files:
        if is_text(file.key):
            for written in find_unfollowed(_text(file.key, file.body)):
                if written.lstrip("./") not in site.by_key:
                    raise SiteError(f"{file.key} names {written}, and no such file is published.")
