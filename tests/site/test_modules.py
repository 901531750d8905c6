"""The dashboard's own tests: its pure modules in Node, and its vendored files."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest


HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_modules_in_node() -> None:
    """Every fact that `node --test` checks about the modules and files holds."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node.js is not installed (apt-get install nodejs)")
    files = sorted(map(str, HERE.glob("*.test.mjs")))
    done = run(node, "--test", *files)

    assert files
    assert done.returncode == 0, done.stdout + done.stderr


def test_vendored_files() -> None:
    """The vendored files are byte for byte what VENDOR.toml records."""
    done = run(sys.executable, "-m", "tools.vendor_js", "--check")

    assert (done.returncode, done.stderr) == (0, "")


def test_a_changed_vendored_file_is_noticed(tmp_path: Path) -> None:
    """One more byte in a vendored module, or a module nobody pinned, is a fault."""
    vendor = tmp_path / "static_site" / "assets" / "vendor"
    shutil.copytree(ROOT / "static_site" / "assets" / "vendor", vendor)
    (tmp_path / "tools").mkdir()
    shutil.copy(ROOT / "tools" / "vendor_js.py", tmp_path / "tools")
    changed = next(vendor.glob("htm-*.mjs"))
    changed.write_text(changed.read_text() + " ")
    (vendor / "stray-1.0.0.mjs").write_text('import "bare";\n')
    command = [sys.executable, "-m", "tools.vendor_js", "--check"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert f"{changed.name} was changed" in done.stderr
    assert "stray-1.0.0.mjs is not in VENDOR.toml" in done.stderr
