"""The doctor without an account: what it says, how it ends, and that one screen has room for it."""

import os
import re
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from tests.conftest import ROOT, free_port
from tools.client import CannotRun
from tools.doctor import Check, Work, begin, examine
from tools.doctor_checks import CHECKS
from tools.findings import Finding, exit_status, lines_for, ok, warn, wrong
from tools.work_facts import ask_port


def doctor(*words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """`python -m tools doctor` with nothing known of any account, or of Chalice on the path."""
    kept = {name: it for name, it in os.environ.items() if not name.startswith(("AWS_", "EVERHOP"))}
    nothing = {
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    return subprocess.run(
        [sys.executable, "-m", "tools", "doctor", *words],
        cwd=ROOT,
        env={**kept, **nothing, **environ},
        capture_output=True,
        text=True,
        check=False,
    )


def test_without_credentials_the_rest_is_looked_at() -> None:
    """One screen: what needs no account, what is missing for the others, and where to get it."""
    ran = doctor(EVERHOP_PORT=str(free_port()))

    assert (ran.returncode, ran.stderr) == (2, "")
    assert ran.stdout.count("\n") <= 24
    for check in ("python", "disk", "port", "settings", "regions", "freshness", "timeouts"):
        assert f" {check} " in ran.stdout
    (line,) = [line for line in ran.stdout.splitlines() if "not checked " in line]
    assert (
        "functions, clicks, tables, API cache: There are no AWS credentials: set AWS_ACCESS" in line
    )


def test_a_profile_that_is_not_there() -> None:
    """It is named, and nothing breaks; a setting that can't be used is wrong."""
    ran = doctor("dev", AWS_PROFILE="nobody", EVERHOP_PORT="eighty")

    assert (ran.returncode, ran.stderr) == (1, "")
    assert "not checked credentials" in ran.stdout
    assert "AWS_PROFILE must name one" in ran.stdout
    assert "EVERHOP_PORT is 'eighty', but it must be a number" in ran.stdout
    assert "fix: unset EVERHOP_PORT" in ran.stdout
    assert "prod" not in ran.stdout


def test_a_stage_that_is_not_there() -> None:
    """The stages that there are are named; that of `chalice local` is none of them."""
    for name in ("nope", "local"):
        with pytest.raises(CannotRun, match=r"There is no stage .* has dev, prod-us-east-1, prod-"):
            begin(name)
    assert [stage.name for stage in begin("dev").stages] == ["dev"]


def test_every_check_is_documented() -> None:
    """The table of docs/doctor.md has them all, in their order."""
    rows = re.findall(r"^\| `([^`]+)`", (ROOT / "docs" / "doctor.md").read_text(), re.MULTILINE)

    assert rows == list(dict.fromkeys(check.name for check in CHECKS))


@pytest.mark.parametrize(
    ("findings", "status"),
    [
        ([ok("a"), warn("b", "c")], 0),
        ([ok("a"), Finding("not checked", "b")], 2),
        ([wrong("a", "b"), Finding("not checked", "c")], 1),
    ],
)
def test_the_exit_status(findings: list[Finding], status: int) -> None:
    """A warning is no fault; a fault is one whatever could not be checked."""
    assert exit_status(findings) == status


def test_what_is_alike_is_said_once() -> None:
    """One line for several subjects; a fix that differs says whose it is."""
    findings = [
        Finding("not checked", "no account", check="quotas"),
        Finding("ok", "fine", "", "dev", "settings"),
        Finding("ok", "fine", "", "prod", "settings"),
        Finding("warn", "lacks", "mend dev", "dev", "settings"),
        Finding("warn", "lacks", "mend prod", "prod", "settings"),
        Finding("wrong", "lost", "find it", "", "table"),
        Finding("not checked", "no account", check="drift"),
    ]
    lines = lines_for(findings, colour=False)

    assert [" ".join(line.split()) for line in lines] == [
        "ok settings dev, prod: fine",
        "warn settings dev, prod: lacks",
        "fix for dev: mend dev",
        "wrong table lost",
        "fix: find it",
        "not checked quotas, drift: no account",
        "2 well, 2 to look at, 1 wrong, 2 not checked.",
    ]
    assert "\x1b[31mwrong      \x1b[0m" in lines_for(findings, colour=True)[3]


def test_a_check_that_cannot_ask_stops_no_other() -> None:
    """What it was told is the reason; a terminal's commands in it are not obeyed."""

    def fail(work: Work, _: object) -> list[object]:
        raise CannotRun(f"\x1b[2J{len(work.stages)} silent")

    def break_down(_work: Work, _: object) -> list[object]:
        return [{}["missing"]]

    one = begin("dev")
    checks = [
        Check("first", lambda _: [""], fail, lambda _: iter([])),
        Check("broken", lambda _: [""], break_down, lambda _: iter([])),
        Check("second", lambda _: [""], lambda *_: [1], lambda _: iter([ok("fine")])),
    ]
    first, broken, second = examine(one, checks)

    assert (first.state, first.text) == ("not checked", "�[2J1 silent")
    assert broken.text == "the check failed (KeyError: 'missing')"
    assert (second.check, second.state) == ("second", "ok")


def test_who_has_the_port(monkeypatch: pytest.MonkeyPatch) -> None:
    """A running Everhop is told from another server, and from a free port."""

    class Answers(BaseHTTPRequestHandler):
        said = b'{"regions": []}'

        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(self.said)

        def log_message(self, *_: object) -> None:
            pass

    monkeypatch.setenv("EVERHOP_PORT", str(free_port()))
    assert ask_port().owner == "nobody"
    with HTTPServer(("127.0.0.1", 0), Answers) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        monkeypatch.setenv("EVERHOP_PORT", str(server.server_port))
        found = [ask_port().owner]
        Answers.said = b"<html>"
        found.append(ask_port().owner)
        server.shutdown()
        thread.join()
    assert found == ["everhop", "another"]
