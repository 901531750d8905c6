"""`make fuzz`: schemathesis as either of two workspaces, for as long as is asked, with its progress.

Ends with 1 when anything was found. Every run draws other requests; what it prints of a failure
has the seed and the command that repeats it. The folder it names has every request and answer.
"""

import sys
import tempfile
from pathlib import Path

from tests.conftest import start_stack
from tests.fuzz.runs import (
    ALL_PHASES,
    MARKER,
    SLUG,
    answers,
    ask,
    make_workspace,
    plant,
    run,
)


def fuzz(seconds: int, folder: Path) -> list[str]:
    """Run as B, then as A; what is wrong."""
    wrong: list[str] = []
    stack = start_stack(folder / "stack", EVERHOP_ACCESS_LOG="off")
    try:
        a, b = make_workspace(stack, "a"), make_workspace(stack, "b")
        link = plant(stack, a)
        for known in ((b,), (a, b)):
            at = folder / known[0].name
            at.mkdir()
            print(f"fuzz: as workspace {known[0].name}", flush=True)
            done = run(stack, at, known, ALL_PHASES, f"--max-time={seconds}")
            if done.returncode:
                wrong.append(f"failures as {known[0].name}")
            if known == (b,) and ask(stack, a, "GET", f"/links/{SLUG}").json != link:
                wrong.append("B changed A's link")
    finally:
        stack.stop()
    for asked, _, body in answers(folder / "b"):
        if MARKER.encode() in body or a.key_id.encode() in body:
            wrong.append(f"B was told of A: {asked}")
    return wrong


def main(seconds: str = "300") -> None:
    """Run, and say in the end what was found."""
    folder = Path(tempfile.mkdtemp(prefix="everhop-fuzz-"))
    wrong = fuzz(int(seconds), folder)
    print(f"fuzz: {'; '.join(wrong) or 'nothing found'}. Every request is in {folder}.")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main(*sys.argv[1:])
