"""schemathesis over the whole document, as two workspaces: every check, every phase, no failure.

B runs first, knowing its own key alone, while A has a link under the slug that the document's
examples use. Then A runs, and all that it reads is asked for with B's key too (object-level
authorization). `make fuzz` does the same for longer.
"""

import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from tests.conftest import ROOT, RunningStack, start_stack
from tests.fuzz.runs import (
    ALL_PHASES,
    MARKER,
    SLUG,
    Workspace,
    answers,
    ask,
    make_workspace,
    plant,
    run,
)


pytestmark = [pytest.mark.stack, pytest.mark.slow]
# The same requests each time, few of them: what is new is found by `make fuzz`.
BOUNDED = ("--max-examples=3", "--seed=1", "--generation-deterministic", "--no-shrink")


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory):
    """A stack of its own: schemathesis makes hundreds of links and keys."""
    running = start_stack(tmp_path_factory.mktemp("fuzz"), EVERHOP_ACCESS_LOG="off")
    yield running
    running.stop()


@pytest.fixture(scope="module")
def pair(quiet: RunningStack) -> tuple[Workspace, Workspace]:
    return make_workspace(quiet, "a"), make_workspace(quiet, "b")


def fuzz(
    stack: RunningStack, folder: Path, known: tuple[Workspace, ...], *more: str
) -> tuple[int, str]:
    """Run within bounds; the exit status, and what was printed."""
    folder.mkdir()
    piped = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    done = run(stack, folder, known, *BOUNDED, *more, **piped)
    return done.returncode, done.stdout


def test_two_workspaces(
    quiet: RunningStack, pair: tuple[Workspace, Workspace], tmp_path: Path
) -> None:
    """No failure, no 5xx, and no byte of A's for B, whose requests leave A's link as it was."""
    a, b = pair
    link = plant(quiet, a)
    status, printed = fuzz(quiet, tmp_path / "b", (b,), ALL_PHASES)
    assert (status, "No issues found" in printed) == (0, True), printed
    said = [(asked, body) for asked, _, body in answers(tmp_path / "b")]
    told = [asked for asked, body in said if MARKER.encode() in body or a.key_id.encode() in body]

    assert any(f"/links/{SLUG}" in asked for asked, _ in said), "B never asked for A's link"
    assert told == []
    assert ask(quiet, a, "GET", f"/links/{SLUG}").json == link

    # What coverage asks is the same for every key.
    status, printed = fuzz(quiet, tmp_path / "a", (a, b), "--phases=examples,fuzzing,stateful")
    assert (status, "No issues found" in printed) == (0, True), printed
    seen = Counter(status for name in "ab" for _, status, _ in answers(tmp_path / name))
    assert [status for status in seen if status >= 500] == []
    assert min(seen[200], seen[201], seen[422]) > 10


# A bug by file: what is replaced, with what, and how schemathesis calls what it then finds.
PLANTED = {
    "api/qr_codes.py": ("link = links.read(", "1 // 0; link = links.read(", "Server error"),
    "api/links.py": (
        'return Response("", dict(NO_STORE), 204)',
        "return json_answer({}, 202)",
        "status_is_named",
    ),
    "service/links.py": (" or link.workspace != workspace:", ":", "Object-level"),
}


def test_it_would_notice(tmp_path: Path) -> None:
    """Bugs planted in a copy of the code are found: a crash, an answer not in the document, a leak."""
    copy = tmp_path / "clone"
    ignored = shutil.ignore_patterns(".venv", ".git", ".everhop", "__pycache__", ".*_cache")
    shutil.copytree(ROOT, copy, ignore=ignored)
    for file, (good, bad, _) in PLANTED.items():
        path = copy / "chalicelib" / file
        assert good in path.read_text()
        path.write_text(path.read_text().replace(good, bad))
    running = start_stack(tmp_path / "data", copy, EVERHOP_ACCESS_LOG="off")
    try:
        known = make_workspace(running, "a"), make_workspace(running, "b")
        plant(running, known[0])
        links = "--include-path-regex=^/v1/links"
        status, printed = fuzz(
            running, tmp_path / "found", known, links, "--phases=examples,fuzzing,stateful"
        )
    finally:
        running.stop()

    assert status == 1
    assert {what for _, _, what in PLANTED.values() if what not in printed} == set(), printed
