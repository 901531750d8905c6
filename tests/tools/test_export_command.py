"""`python -m tools export` against a running stack: a file that is whole, or a sentence that says why.

What could break for a user: half a file that looks whole; their old file overwritten by nothing.
"""

import csv
import io
import json
from typing import Any

import pytest

from tests.conftest import RunningStack, free_port
from tests.tools.conftest import Tools


pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def filled(stack: RunningStack) -> RunningStack:
    for number in range(5):
        body = {"destination": f"https://e.test/{number}", "slug": f"ex{number}", "title": "=1"}
        stack.api("POST", "/links", {**body, "tags": ["even"] if number % 2 == 0 else []})
    stack.api(
        "POST", "/links", {"destination": "https://e.test/a", "slug": "exa", "archived": True}
    )
    return stack


def export(tools: Tools, stack: RunningStack, *words: str, **environ: str) -> Any:
    environ = {"EVERHOP_API_KEY": stack.api_key, **environ}
    return tools.run("export", *words, "--url", stack.url, **environ)


def test_csv(tools: Tools, filled: RunningStack) -> None:
    """The links that the filters find are in the file; it says how many."""
    done = export(tools, filled, "out.csv", "--q", "e.test", "--tag", "even")
    text = (tools.folder / "out.csv").read_bytes().decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text, "")))

    assert done.returncode == 0, done.stderr
    assert sorted(row["slug"] for row in rows) == ["ex0", "ex2", "ex4"]
    assert {row["title"] for row in rows} == {"'=1"}
    assert f"Done: 3 links, {(tools.folder / 'out.csv').stat().st_size:,} bytes" in done.stderr
    assert [path.name for path in tools.folder.iterdir()] == ["out.csv"]


@pytest.mark.parametrize(("archived", "count"), [("all", 6), ("only", 1), ("none", 5)])
def test_json_to_standard_output(tools: Tools, filled: RunningStack, archived, count) -> None:
    """`-` writes the file alone to standard output."""
    done = export(tools, filled, "-", "--format", "json", "--q", "e.test/", "--archived", archived)
    found = [link["slug"] for link in json.loads(done.stdout) if link["slug"].startswith("ex")]

    assert done.returncode == 0, done.stderr
    assert len(found) == count
    assert done.stderr.endswith("bytes, to standard output.\n")


def test_json_by_its_name_goes_back_in(tools: Tools, filled: RunningStack) -> None:
    """FILE.json is JSON, and the import reads it: all of it is there already."""
    done = export(tools, filled, "out.json", "--q", "e.test/", "--tag", "even")
    again = tools.run(
        "import", "out.json", "--url", filled.url, "--json", EVERHOP_API_KEY=filled.api_key
    )

    assert (done.returncode, again.returncode) == (0, 0)
    assert json.loads(again.stdout)["counts"] == {"exists": 3}


@pytest.mark.parametrize("name", ["back.csv", "back.json"])
def test_going_back_in_tells_what_is_lacking(tools: Tools, stack: RunningStack, name) -> None:
    """Rules that differ by now, and a password that no file has, are rows to look at."""
    tag = name.replace(".", "-")
    rule = {"if": {"countries": ["DE"]}, "destination": "https://e.test/de"}
    body = {"destination": "https://e.test/back", "tags": [tag], "utm": {"term": "é|="}}
    more = {"edited": {"rules": [rule]}, "same": {"rules": [rule]}, "shut": {"password": "sesame"}}
    for slug, fields in more.items():
        stack.api("POST", "/links", {**body, "slug": f"{slug}-{tag}", **fields})
    export(tools, stack, name, "--tag", tag)
    stack.api("PATCH", f"/links/edited-{tag}", {"rules": None})
    again = tools.run(
        "import", name, "--dry-run", "--json", "--url", stack.url, EVERHOP_API_KEY=stack.api_key
    )
    told = json.loads(again.stdout)
    found = {row["slug"]: (row["status"], row["errors"][0]["pointer"]) for row in told["attention"]}

    assert (again.returncode, told["counts"]) == (1, {"exists": 2, "invalid": 1})
    assert found == {
        f"edited-{tag}": ("exists", "/rules"),
        f"shut-{tag}": ("invalid", "/haspassword"),
    }


def test_what_goes_wrong_leaves_the_old_file(tools: Tools, filled: RunningStack) -> None:
    """A key that opens nothing, nobody there, no such folder, a bad filter: told, and nothing else."""
    tools.write("old.csv", "mine")
    wrong = export(tools, filled, "old.csv", EVERHOP_API_KEY="eh_wrong_key_of_nobody")
    nowhere = f"http://127.0.0.1:{free_port()}"
    away = tools.run("export", "old.csv", "--patience", "0", "--url", nowhere, EVERHOP_API_KEY="k")
    folder = export(tools, filled, "none/out.csv")
    bad = export(tools, filled, "old.csv", "--tag", "x" * 40)

    assert [one.returncode for one in (wrong, away, folder, bad)] == [1, 2, 2, 1]
    for one in (wrong, away, folder, bad):
        assert one.stderr.startswith("Nothing was exported. "), one.stderr
        assert "Traceback" not in one.stderr
    assert f"Nothing answers at {nowhere}" in away.stderr
    assert (tools.folder / "old.csv").read_text() == "mine"
    assert [path.name for path in tools.folder.iterdir()] == ["old.csv"]
