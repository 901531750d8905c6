"""The stack's DAX: redirects are read from it, and go on without it."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

import local.__main__
from chalicelib.store.breakers import OPEN_FOR
from infra.settings_files import SettingsFileError
from local.controls import command
from local.dax.controls import BEHAVE, LOOK
from local.replication.commands import LOOK as STREAM
from tests.conftest import ROOT, RunningStack, start_stack


D = "https://example.com/"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    """A stack of its own, whose DAX the tests may break."""
    stack = start_stack(tmp_path_factory.mktemp("everhop"))
    yield stack
    stack.stop()


def tier(stack: RunningStack, slug: str, to: str) -> str:
    """Who a redirect was read from, as its Server-Timing says; it must lead where it should."""
    answer = stack.ask("GET", f"/{slug}")
    assert (answer.status, answer.headers.get("Location")) == (302, to)
    return answer.headers["Server-Timing"].split(", ")[1].rpartition(";dur=")[0]


def wait_for_hit(stack: RunningStack, slug: str, to: str) -> None:
    until = time.monotonic() + OPEN_FOR + 10
    while tier(stack, slug, to) != 'dax;desc="hit"':
        assert time.monotonic() < until
        time.sleep(0.1)


def wait_for_stream(stack: RunningStack) -> None:
    """Until it has handed on all that was written."""
    until = time.monotonic() + 40
    while (said := command(stack.data, STREAM)["stream"])["behind"] or not said["pumped"]:
        assert time.monotonic() < until, said
        time.sleep(0.1)


def chaos(stack: RunningStack, *words: str) -> subprocess.CompletedProcess[str]:
    """`python -m local chaos ...` from another shell."""
    return subprocess.run(
        [sys.executable, "-m", "local", "chaos", *words],
        cwd=ROOT,
        env={**os.environ, "EVERHOP_DATA": str(stack.data)},
        capture_output=True,
        text=True,
        check=False,
    )


def hits(stack: RunningStack) -> int:
    return sum(one["item_cache"]["hits"] for one in command(stack.data, LOOK)["nodes"])


def test_redirects_are_read_from_dax(running: RunningStack) -> None:
    """What was written through it is a hit, as DAX itself counts; an edit is seen at once."""
    assert (
        running.ask("GET", "/_local/status").json["regions"][0]["dax_endpoint"].startswith("dax:")
    )
    running.api("POST", "/links", {"destination": f"{D}a", "slug": "kept"})
    wait_for_stream(running)  # it has DAX read anew what was changed
    until = time.monotonic() + 40
    while not five_are_hits(running):  # each node has to read it once
        assert time.monotonic() < until

    running.api("PATCH", "/links/kept", {"destination": f"{D}b"})
    assert tier(running, "kept", f"{D}b").startswith("dax;")


def five_are_hits(stack: RunningStack) -> bool:
    before = hits(stack)
    told = [tier(stack, "kept", f"{D}a") for _ in range(5)]
    return told == ['dax;desc="hit"'] * 5 and hits(stack) == before + 5


def test_a_miss_that_is_kept_is_no_404(running: RunningStack) -> None:
    """A slug that was asked for before it was made leads on as soon as it is."""
    assert [running.ask("GET", "/early").status for _ in range(3)] == [404] * 3
    running.api("POST", "/links", {"destination": D, "slug": "early"})

    assert running.ask("GET", "/early").status == 302


@pytest.mark.parametrize("fault", ["dax-silent", "dax-slow", "dax-gone", "dax-cut"])
def test_redirects_go_on_without_it(running: RunningStack, fault: str) -> None:
    """Whatever is wrong with all nodes, no redirect fails; healed, they are read from DAX again."""
    slug = fault
    running.api("POST", "/links", {"destination": D, "slug": slug})
    wait_for_hit(running, slug, D)

    assert f"is {fault[4:].replace('gone', 'refusing')}; " in chaos(running, fault).stdout
    assert {tier(running, slug, D).partition(";")[0] for _ in range(20)} == {"table"}
    edited = running.api("PATCH", f"/links/{slug}", {"destination": f"{D}new"})
    assert edited.status == 200
    assert tier(running, slug, f"{D}new").startswith("table")
    assert "is healthy" in chaos(running, "heal").stdout
    wait_for_hit_of(running, slug, f"{D}new")


def wait_for_hit_of(stack: RunningStack, slug: str, to: str) -> None:
    """Once healed, DAX may still have the link from before it was away, for its share of time."""
    until = time.monotonic() + OPEN_FOR + 20
    while True:
        answer = stack.ask("GET", f"/{slug}")
        assert answer.status == 302
        if answer.headers["Location"] == to and "hit" in answer.headers["Server-Timing"]:
            return
        assert time.monotonic() < until
        time.sleep(0.2)


def test_what_can_not_be_broken(running: RunningStack) -> None:
    """A region or fault that is not there is one sentence, and nothing changes."""
    elsewhere = chaos(running, "dax-silent", "eu-west-1")
    assert elsewhere.returncode == 1
    assert elsewhere.stderr == (
        "Everhop can't chaos: eu-west-1 has no such part here; us-east-1 has.\n"
    )
    assert "invalid choice" in chaos(running, "rain").stderr
    assert {one["fault"] for one in command(running.data, LOOK)["nodes"]} == {"healthy"}
    with pytest.raises(Exception, match="DAX can't be made so"):
        command(running.data, BEHAVE, fault="silent", node=9)


def test_a_setting_that_can_not_be_used_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """As dax.toml is anyone's to edit, the stack names what is wrong in it in place of a trace."""

    def refuse(*_: object) -> None:
        raise SettingsFileError("infra/regional/dax.toml: [dev] nodes is 0.")

    monkeypatch.setattr(local.__main__, "run", refuse)
    monkeypatch.setattr(sys, "argv", ["local"])
    with pytest.raises(SystemExit, match=r"Everhop can't run: infra/regional/dax.toml: \[dev\]"):
        local.__main__.main()
