"""The documents tell the truth: settings, commands and links in them exist."""

import re
import subprocess

import pytest

from chalicelib.config import SETTINGS
from local.settings import LOCAL_SETTINGS
from tests.conftest import ROOT


DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])


def test_every_setting_is_documented() -> None:
    """Each setting has a row in docs/settings.md, and no row is left over."""
    text = (ROOT / "docs" / "settings.md").read_text()
    rows = set(re.findall(r"^\| `(EVERHOP_\w+)`", text, re.MULTILINE))

    assert rows == set(SETTINGS) | set(LOCAL_SETTINGS)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(path: object) -> None:
    """A relative link in a document names a file that is there."""
    text = path.read_text()
    targets = re.findall(r"\]\((?!https?:|#)([^)#]+)", text)

    assert [target for target in targets if not (path.parent / target).exists()] == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_make_targets_exist(path: object) -> None:
    """A `make` target that a document names is one."""
    listed = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    targets = set(re.findall(r"make ([a-z-]+)", listed.stdout))
    named = set(re.findall(r"`make ([a-z-]+)", path.read_text()))

    assert {"run", "test", "install", "clean-data"} <= targets
    assert named <= targets
