"""`python -m bench` from start to end, and that it refuses to count wrong answers."""

import asyncio
import json
import math
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

from bench.load import Ask, Plan
from tests.conftest import ROOT


FIGURES = {
    "redirects/s, API",
    "redirects/s, front",
    "creates/s, API",
    "CPU ms/redirect, API process",
    "CPU ms/redirect, all processes",
    "CPU ms/invocation, redirect",
    "import ms",
}


def run(module: str, *arguments: str, text: str = "") -> subprocess.CompletedProcess[str]:
    """Run a module of the bench."""
    return subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        input=text,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


@pytest.mark.stack
def test_short_run_prints_every_figure(tmp_path: Path) -> None:
    """It ends with 0, a line for each figure and one about the machine; the file has the same."""
    file = tmp_path / "figures.json"
    done = run("bench", "--seconds", "6", "--json", str(file))
    assert done.returncode == 0, done.stderr
    figures = json.loads(file.read_text())["figures"]
    heading, *lines, last = done.stdout.splitlines()

    assert "bare boto3" in heading
    assert [one["figure"] for one in figures] == [line.partition("  ")[0] for line in lines]
    assert {one["figure"] for one in figures} >= FIGURES
    assert all(math.isfinite(one["everhop"]) and one["everhop"] >= 0 for one in figures)
    assert "cores" in last


def test_load_ends_at_the_first_wrong_answer() -> None:
    """A server that redirects elsewhere gets no figures but a sentence."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(
            b"HTTP/1.1 302 Found\r\nLocation: https://b.test/\r\nContent-Length: 0\r\n\r\n"
        )
        await writer.drain()
        writer.close()

    async def ask() -> subprocess.CompletedProcess[str]:
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        plan = Plan(port, 1, 0.2, (Ask("GET / HTTP/1.1\r\n\r\n", 302, "https://a.test/"),))
        async with server:
            return await asyncio.to_thread(run, "bench.load", text=json.dumps(asdict(plan)))

    done = asyncio.run(ask())

    assert (done.returncode, done.stdout) == (1, "")
    assert "https://b.test/" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("words", [["--seconds", "0"], ["--seconds", "soon"]])
def test_unusable_arguments_are_refused(words: list[str]) -> None:
    """Before anything is started."""
    done = run("bench", *words)

    assert done.returncode == 2
    assert "--seconds" in done.stderr
