"""The rooms' import rules: this table is the architecture, and a module in no room fails."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest


ROOT = Path(__file__).resolve().parent.parent
STDLIB = sys.stdlib_module_names
# What a pure room may not have: input, output, clocks and chance.
IMPURE = frozenset(
    "os io time random secrets socket logging http threading subprocess pathlib asyncio uuid "
    "tempfile shutil signal select ssl sqlite3".split()
)
# room (a file, or a folder with all below it) -> what it may import besides stdlib and itself
MAY_IMPORT: dict[str, set[str]] = {
    "chalicelib.core": set(),
    "chalicelib.service": {"chalicelib.core"},
    "chalicelib.store": {"chalicelib.core", "chalicelib.service.ports"}
    | {"pynamodb", "botocore", "amazondax"},
    "chalicelib.api": {"chalicelib.core", "chalicelib.service", "chalice.app"},
    "chalicelib.urls": {"chalicelib.core", "ada_url"},
    "chalicelib.time_zones": set(),
    "chalicelib.config": {"chalicelib.core", "chalicelib.policies", "chalicelib.setting_kinds"},
    "chalicelib.setting_kinds": {"chalicelib.core"},
    "chalicelib.policies": {"chalicelib.core"},
    "chalicelib.qr_codes": {"chalicelib.core", "segno"},
    "chalicelib.entrance": {"chalicelib", "chalice.app"},
    "chalicelib.wiring": {"chalicelib", "chalice.app"},
    "chalicelib.job_wiring": {"chalicelib"},
    "chalicelib.link_wiring": {"chalicelib"},
    "chalicelib.keeper_wiring": {"chalicelib"},
    "chalicelib.region_wiring": {"chalicelib"},
    "chalicelib.warm_wiring": {"chalicelib"},
    "chalicelib.change_wiring": {"chalicelib", "botocore"},
    "chalicelib.click_wiring": {"chalicelib"},
    "app": {
        "chalicelib.config",
        "chalicelib.entrance",
        "chalicelib.warm_wiring",
        "chalicelib.change_wiring",
        "chalicelib.click_wiring",
        "packing.hook",
        "infra.chalice_hooks",
    },
    "packing": {"chalice"},
    "infra": {"chalicelib", "chalice"},
    "infra.edge": {"chalicelib.core"},
    "local": {"app", "chalicelib", "chalice", "infra", "botocore.auth", "botocore.awsrequest"}
    | {"botocore.credentials"}
    | set("moto aiohttp yarl watchfiles werkzeug flask yaml brotli".split()),
    "tools": {"local", "infra", "packing.zips", "chalicelib.core", "chalicelib.config"}
    # The one item that operators write; how it is found, the store alone knows.
    | {"chalicelib.store.absences", "chalicelib.store.models"}
    | {"boto3", "botocore"},
    "tools.drills": {"tools", "local", "chalicelib.core", "aiohttp", "boto3"},
    "bench": {"local", "tools", "infra", "chalicelib", "app", "chalice"}
    | set("aiohttp amazondax boto3 botocore pynamodb".split()),
}
READS_ENVIRONMENT = {"chalicelib/config.py"}


def modules() -> list[Path]:
    """Every Python file of the project but the tests."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.py"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    paths = [Path(line) for line in listed.stdout.splitlines()]
    return [path for path in paths if path.parts[0] != "tests" and (ROOT / path).exists()]


def name_of(path: Path) -> str:
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room_of(module: str) -> str | None:
    inside = [room for room in MAY_IMPORT if module == room or module.startswith(room + ".")]
    return max(inside, key=len, default=None)


def imported_by(source: str) -> Iterator[str]:
    """The modules that a source names, also inside its functions; `from a import b` is a.b."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def is_within(module: str, allowed: str) -> bool:
    return module == allowed or module.startswith(allowed + ".")


def broken_rules(module: str, source: str) -> list[str]:
    """What a module imports against the table."""
    room = room_of(module)
    if room is None:
        return ["it is in no room of the table"] if module not in ("chalicelib", "infra") else []
    allowed = MAY_IMPORT[room] | {room}
    return [
        f"it imports {name}"
        for name in imported_by(source)
        if not any(is_within(name, one) for one in allowed)
        and (name.split(".")[0] not in STDLIB or (room == "chalicelib.core" and _impure(name)))
    ]


def _impure(name: str) -> bool:
    return name.split(".", maxsplit=1)[0] in IMPURE or name.startswith("urllib.request")


@pytest.mark.parametrize("path", modules(), ids=str)
def test_imports(path: Path) -> None:
    """A module imports only what its room may."""
    assert broken_rules(name_of(path), (ROOT / path).read_text()) == []


@pytest.mark.parametrize("path", modules(), ids=str)
def test_environment_has_one_reader(path: Path) -> None:
    """In what ships, only config reads the environment; core never asks what time it is."""
    text = (ROOT / path).read_text()
    if path.parts[0] == "chalicelib" and str(path) not in READS_ENVIRONMENT:
        assert "os.environ" not in text
        assert "getenv" not in text
    if path.parts[:2] == ("chalicelib", "core"):
        assert ".now(" not in text
        assert ".today(" not in text


@pytest.mark.parametrize("path", modules(), ids=str)
def test_house_numbers(path: Path) -> None:
    """A file says what it is for in its first line, and is under 400 lines."""
    text = (ROOT / path).read_text()

    assert ast.get_docstring(ast.parse(text))
    assert text.count("\n") <= 400


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("chalicelib.core.links", "import os"),
        ("chalicelib.core.links", "def f():\n    import secrets"),
        ("chalicelib.core.links", "from urllib.request import urlopen"),
        ("chalicelib.core.links", "import botocore"),
        ("chalicelib.service.links", "from chalicelib.store.links import LinkTable"),
        ("chalicelib.store.links", "from chalicelib.service.links import LinkService"),
        ("chalicelib.api.links", "from chalicelib.store.models import bind"),
        ("chalicelib.api.links", "from chalicelib import store"),
        ("app", "import local"),
        ("app", "import packing.zips"),
        ("packing.zips", "import chalicelib.config"),
        ("chalicelib.wiring", "from packing.hook import install"),
        ("chalicelib.wiring", "from local import settings"),
        ("local.stack", "import tools.client"),
        ("infra.edge.origin_request", "from chalicelib.api.pages import refusal_page"),
        ("infra.edge.origin_request", "import chalicelib.config"),
        ("infra.edge.origin_request", "from infra.caches import read_caches"),
        ("infra.edge.origin_request", "import boto3"),
        ("stray", "x = 1"),
    ],
)
def test_the_checker_catches(module: str, source: str) -> None:
    """The rules fail on planted breaks, so that their silence means something."""
    assert broken_rules(module, source) != []
