"""The local stack as a person runs it: its start, its end, its memory, its error sentences."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from local.controls import ControlError, command
from tests.conftest import ROOT, RunningStack, free_port, start_stack


pytestmark = pytest.mark.stack
LINK = {"destination": "https://example.com/kept", "slug": "kept"}


def processes_of(folder: Path) -> list[str]:
    """The processes of the stack that keeps its data there: all have it in their environment."""
    named = f"EVERHOP_DATA={folder}\0".encode()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if named in (process / "environ").read_bytes():
                found.append((process / "cmdline").read_text().replace("\0", " "))
    return found


def run_refused(tmp_path: Path, **environ: str) -> str:
    """What a start says that can't succeed."""
    done = subprocess.run(
        [sys.executable, "-m", "local"],
        cwd=ROOT,
        env={**os.environ, "EVERHOP_DATA": str(tmp_path / "data"), **environ},
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    return done.stderr.strip().splitlines()[-1]


def test_it_prints_what_a_person_needs(stack: RunningStack) -> None:
    """The URLs, the key, and one line that says it is ready."""
    printed = "".join(stack.lines)

    assert f"{stack.url}/#key={stack.api_key}" in printed
    assert f"{stack.url}/api/v1" in printed
    assert sum(line.startswith("Everhop is ready:") for line in stack.lines) == 1


def test_status_names_what_is_up(stack: RunningStack) -> None:
    """Every address in the status answers."""
    region = stack.ask("GET", "/_local/status").json["regions"][0]
    port = int(region["api_url"].removesuffix("/api").rpartition(":")[2])
    direct = RunningStack(f"http://127.0.0.1:{port}", stack.api_key, stack.data, stack.process)

    assert region["name"] == "us-east-1"
    assert direct.ask("GET", "/api/v1/health").json["region"] == "us-east-1"
    assert region["dynamodb_endpoint"].startswith("http://127.0.0.1:")
    assert "api_cache" not in region  # there is none by default


def test_a_command_for_a_cache_that_is_not_there(stack: RunningStack) -> None:
    """It says how to have one."""
    with pytest.raises(ControlError, match="start with EVERHOP_API_CACHE=on"):
        command(stack.data, "flush")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_links_survive_and_processes_do_not(tmp_path: Path, number: int) -> None:
    """However the stack ends, no process stays and no acknowledged link is lost."""
    first = start_stack(tmp_path)
    assert first.api("POST", "/links", LINK).status == 201
    assert first.api("PATCH", "/links/kept", {"title": "Edited"}).status == 200
    assert first.api("POST", "/links", {**LINK, "slug": "gone"}).status == 201
    assert first.api("DELETE", "/links/gone").status == 204
    assert len(processes_of(tmp_path)) == 5

    first.stop(number)
    deadline = time.monotonic() + 30
    while processes_of(tmp_path) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert processes_of(tmp_path) == []

    second = start_stack(tmp_path)
    try:
        assert second.ask("GET", "/kept").headers["Location"] == "https://example.com/kept"
        assert second.api("GET", "/links/kept").json["title"] == "Edited"
        assert second.ask("GET", "/gone").status == 410
        assert len(second.api("GET", "/links").json["links"]) == 1
    finally:
        assert second.stop() == 0


def test_the_drawn_key_is_kept(tmp_path: Path) -> None:
    """Without EVERHOP_API_KEY the key is drawn once, for this user's eyes only."""
    for _ in range(2):
        running = start_stack(tmp_path, EVERHOP_API_KEY="")
        running.stop()
    file = tmp_path / "api_key"
    key = file.read_text().strip()

    assert key.startswith("eh_")
    assert len(key) >= 30
    assert file.stat().st_mode & 0o077 == 0
    assert f"#key={key}" in "".join(running.lines)


def test_a_busy_port(tmp_path: Path) -> None:
    """A port that is in use is named, with the variable that changes it."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = run_refused(tmp_path, EVERHOP_PORT=str(port))

    assert said == (
        f"Everhop can't run: port {port} is in use; stop what uses it or set EVERHOP_PORT."
    )


@pytest.mark.parametrize(
    ("name", "value", "part"),
    [
        ("EVERHOP_PORT", "eighty", "a number from 1 to 65535"),
        ("EVERHOP_PORT", "70000", "a number from 1 to 65535"),
        ("EVERHOP_REGIONS", "mars", "us-east-1,eu-west-1"),
        ("EVERHOP_REGIONS", "us-east-1,us-east-1", "us-east-1 twice"),
        ("EVERHOP_REGIONS", "us-east-1,xx-nowhere-1", "nobody knows where that is"),
        ("EVERHOP_API_KEY", "a b", "8 to 200 visible"),
        ("EVERHOP_SLUG_CASE", "maybe", "'insensitive', 'sensitive'"),
        ("EVERHOP_EXTRA_SCHEMES", "javascript", "schemes other than"),
        ("EVERHOP_PUBLIC_URL", "sho.rt", "an address like https://sho.rt"),
        ("EVERHOP_PUBLIC_URL", "https://sho.rt/#a", "an address like https://sho.rt"),
        ("EVERHOP_PUBLIC_URL", "https://u:p@sho.rt", "an address like https://sho.rt"),
        ("EVERHOP_PUBLIC_URL", "http://[x", "an address like https://sho.rt"),
        ("EVERHOP_HOSTS", "https://a.b", "host names alone"),
        ("EVERHOP_EXTRA_SCHEMES", "ht!tp", "schemes other than"),
        ("EVERHOP_DATA", "~nosuchuser/x", "no such home folder"),
        ("EVERHOP_ACCESS_LOG", "loud", "'on' or 'off'"),
    ],
)
def test_a_wrong_variable(tmp_path: Path, name: str, value: str, part: str) -> None:
    """A wrong value is one sentence that names the variable and what would do."""
    said = run_refused(tmp_path, **{"EVERHOP_PORT": str(free_port()), name: value})

    assert said.startswith("Everhop can't run: ")
    assert name in said
    assert part in said


def test_a_misspelled_variable(tmp_path: Path) -> None:
    """A variable that nothing reads is pointed out, with the one that was meant."""
    running = start_stack(tmp_path, EVERHOP_PROT="8081")
    running.stop()

    assert (
        "EVERHOP_PROT is not a setting of Everhop and is ignored. Did you mean EVERHOP_PORT?"
        in ("".join(running.lines))
    )


def test_two_stacks_never_share_data(stack: RunningStack, tmp_path: Path) -> None:
    """A second stack on the same data is refused before it touches anything."""
    del tmp_path
    done = subprocess.run(
        [sys.executable, "-m", "local"],
        cwd=ROOT,
        env={**os.environ, "EVERHOP_DATA": str(stack.data), "EVERHOP_PORT": str(free_port())},
        capture_output=True,
        text=True,
        timeout=30,
    )

    assert done.returncode == 1
    assert "another Everhop is using" in done.stderr


def child_of(running: RunningStack, module: str) -> int:
    """The process id of one of the stack's children."""
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            words = (process / "cmdline").read_text().split("\0")
            environ = (process / "environ").read_bytes()
            if module in words and f"EVERHOP_DATA={running.data}\0".encode() in environ:
                return int(process.name)
    raise AssertionError(module)


def test_a_database_that_dies_comes_back(tmp_path: Path) -> None:
    """When DynamoDB's process is killed it starts again, with every acknowledged link."""
    running = start_stack(tmp_path)
    try:
        assert running.api("POST", "/links", LINK).status == 201
        os.kill(child_of(running, "local.database"), signal.SIGKILL)
        wait_for(lambda: any("starts again; no link is lost" in it for it in running.lines))
        wait_for(lambda: running.ask("GET", "/kept").status == 302)
    finally:
        running.stop()


def test_a_database_that_hangs_is_503(tmp_path: Path) -> None:
    """While DynamoDB does not answer, visitors and programs get 503 in time, each in their form."""
    running = start_stack(tmp_path)
    database = child_of(running, "local.database")
    try:
        os.kill(database, signal.SIGSTOP)
        page = running.ask("GET", "/kept")
        answer = running.api("GET", "/links/kept")
        assert (page.status, answer.status) == (503, 503)
        assert b"The link is safe" in page.body
        assert answer.json["code"] == "unavailable"
        assert "Retry-After" in page.headers
    finally:
        os.kill(database, signal.SIGCONT)
        running.stop()


def test_hot_reload(tmp_path: Path) -> None:
    """A change of the app's code is live soon; a broken one is reported, and mending it helps."""
    copy = tmp_path / "clone"
    ignored = shutil.ignore_patterns(".venv", ".git", ".everhop", "__pycache__", "node_modules")
    shutil.copytree(ROOT, copy, ignore=ignored)
    running = start_stack(
        tmp_path / "data", root=copy, EVERHOP_REGIONS="us-east-1,eu-west-1", EVERHOP_EDGE="off"
    )
    page = copy / "chalicelib" / "api" / "pages.py"
    good = page.read_text()
    try:
        page.write_text(good.replace("There is no link here", "Nothing lives here"))
        wait_for(lambda: b"Nothing lives here" in running.ask("GET", "/nope").body)
        said = "The API runs the new code in us-east-1, eu-west-1."
        wait_for(lambda: any(said in line for line in running.lines))
        page.write_text("this is not Python")
        wait_for(lambda: running.ask("GET", "/nope").status == 503)
        assert running.api("GET", "/links").json["code"] == "unavailable"
        assert running.ask("HEAD", "/nope").body == b""
        wait_for(lambda: any("ended; what it said is above" in line for line in running.lines))
        page.write_text(good)
        wait_for(lambda: b"There is no link here" in running.ask("GET", "/nope").body)
    finally:
        running.stop()


def wait_for(true: object, within: float = 40.0) -> None:
    """Wait until `true()` is."""
    assert callable(true)
    deadline = time.monotonic() + within
    while not true():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.2)


def run_clean(data: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "local", "clean-data"],
        cwd=ROOT,
        env={**os.environ, "EVERHOP_DATA": str(data)},
        capture_output=True,
        text=True,
        timeout=30,
    )


def test_clean_data_forgets_links_and_nothing_else(tmp_path: Path) -> None:
    """The links and the key are gone; a file that is not the stack's stays."""
    running = start_stack(tmp_path, EVERHOP_API_KEY="")
    running.stop()
    (tmp_path / "mine.txt").write_text("keep me")

    assert run_clean(tmp_path).returncode == 0
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
    assert "nothing of Everhop to forget" in run_clean(tmp_path / "none").stdout


def test_clean_data_knows_its_own(tmp_path: Path) -> None:
    """A folder that no stack has used is left alone, whatever its files are called."""
    for name in ("photos.sqlite", "lock", "api_key", "everhop-x.sqlite"):
        (tmp_path / name).write_text("mine")

    assert "nothing of Everhop" in run_clean(tmp_path).stdout
    assert len(list(tmp_path.iterdir())) == 4


def test_a_key_cut_short_is_drawn_again(tmp_path: Path) -> None:
    """An empty key file, left by a full disk, does not lock its owner out."""
    (tmp_path / "api_key").write_text("")
    running = start_stack(tmp_path, EVERHOP_API_KEY="")
    running.stop()

    assert (tmp_path / "api_key").read_text().startswith("eh_")


def test_a_data_file_that_is_none(tmp_path: Path) -> None:
    """A file that is not the stack's is named, and nothing is thrown away."""
    (tmp_path / "data").mkdir()
    file = tmp_path / "data" / "everhop-us-east-1.sqlite"
    file.write_bytes(b"rubbish" * 1000)
    done = subprocess.run(
        [sys.executable, "-m", "local"],
        cwd=ROOT,
        env={
            **os.environ,
            "EVERHOP_DATA": str(tmp_path / "data"),
            "EVERHOP_PORT": str(free_port()),
        },
        capture_output=True,
        text=True,
        timeout=30,
    )

    assert done.returncode == 1
    assert f"The links in {file} can't be read" in done.stderr
    assert "Traceback" not in done.stderr
    assert file.read_bytes() == b"rubbish" * 1000


def test_clean_data_leaves_a_running_stack_alone(stack: RunningStack) -> None:
    """Data in use is not taken from under a running stack."""
    done = run_clean(stack.data)

    assert done.returncode == 1
    assert "another Everhop is using" in done.stderr
    assert stack.ask("GET", "/api/v1/health").status == 200
