"""The zip of the edge's functions: the modules that they import, and their settings as data."""

import ast
import base64
import hashlib
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from infra.edge.settings import FILE, Settings, as_json
from packing.zips import write_zip
from tools.stages import ROOT


HANDLERS = ("viewer_request", "origin_request", "origin_response")
MOST = 1_000_000  # bytes that a function for viewers may have
# Ours; all else that travelling code may import is in every Python.
_OURS = ("chalicelib", "infra")


def write_edge_zip(settings: Settings, target: Path, root: Path = ROOT) -> None:
    """Write the zip: the same bytes for the same code and settings."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=target.parent, prefix="edge-") as work:
        folder = Path(work, "task")
        for path in modules(root):
            copy = folder / path
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes((root / path).read_bytes())
        (folder / FILE.relative_to(ROOT)).write_text(as_json(settings), encoding="utf-8")
        made = Path(work, target.name)
        write_zip(folder, made)
        made.replace(target)


def modules(root: Path = ROOT) -> list[Path]:
    """The files that the handlers import, and what those import, from `root`."""
    waiting = [Path("infra", "edge", f"{name}.py") for name in HANDLERS]
    found: set[Path] = set()
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            waiting += imported_by(path, root)
            waiting += [folder / "__init__.py" for folder in path.parents if folder != Path()]
    return sorted(found)


def imported_by(path: Path, root: Path) -> Iterator[Path]:
    """The files of ours that one imports, also inside its functions."""
    for node in ast.walk(ast.parse((root / path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            yield from _files_of(str(node.module), root)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                yield from _files_of(alias.name, root)


def _files_of(module: str, root: Path) -> Iterator[Path]:
    parts = module.split(".")
    if parts[0] in _OURS:
        path = Path(*parts)
        yield path / "__init__.py" if (root / path).is_dir() else path.with_suffix(".py")


def digest_of(path: Path) -> str:
    """What Lambda calls the zip's CodeSha256."""
    return base64.b64encode(hashlib.sha256(path.read_bytes()).digest()).decode()
