"""`python -m bench.packages`: cold starts of real zips, and that a wrong answer is no figure."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT


HANDLER = """
import importlib.util, os

def handler(event, _context):
    there = importlib.util.find_spec("pytest") is not None
    return {"headers": {"Location": "leaks" if there else event["to"]}}
"""


def start(folder: Path, destination: str) -> subprocess.CompletedProcess[str]:
    """One cold start of a handler that redirects to /a."""
    (folder / "door.py").write_text(HANDLER)
    script = ROOT / "bench" / "zip_start.py"
    arguments = [str(folder), "door.handler", json.dumps({"to": "/a"}), destination]
    return subprocess.run(
        [sys.executable, "-I", "-S", "-B", str(script), *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def test_start_finds_the_folder_alone_and_leaves_it_as_it_was(tmp_path: Path) -> None:
    """No package of this environment is there to help, and no bytecode is kept for the next."""
    done = start(tmp_path, "/a")
    figures = json.loads(done.stdout)

    assert 0 < figures["import ms"] < figures["import + first redirect ms"]
    assert [path.name for path in tmp_path.iterdir()] == ["door.py"]


def test_start_refuses_a_wrong_answer(tmp_path: Path) -> None:
    """A handler that fails fast would have the best figures."""
    done = start(tmp_path, "/b")

    assert (done.returncode, done.stdout) == (1, "")
    assert "Wrong answer" in done.stderr


@pytest.mark.slow
@pytest.mark.stack
def test_run_prints_before_and_after() -> None:
    """Both builds of Everhop start beside the bare one; the packed one is the faster and smaller."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.packages", "--rounds", "3"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    ratios = {
        line.split(", ")[1].split("  ")[0]: float(line.split()[-4])
        for line in done.stdout.splitlines()
        if line.startswith("import + first redirect ms")
    }

    assert ratios["packed"] < ratios["as Chalice makes it"]
    assert "zips: packed " in done.stdout
