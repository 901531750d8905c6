"""`chalice local` by itself: no stack, no account, no table; the real command over a socket."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from chalicelib.config import DEVELOPMENT_KEY
from tests.conftest import ROOT, RunningStack, free_port


CHALICE = Path(sys.executable).parent / "chalice"


@pytest.fixture(params=[[], ["--stage", "local"]], ids=["no stage named", "stage local"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RunningStack]:
    """The command as a developer types it for another port, without any AWS setting."""
    port = free_port()
    environ = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AWS_", "EVERHOP"))
    }
    process = subprocess.Popen(
        [str(CHALICE), "local", "--port", str(port), *request.param],
        cwd=ROOT,
        env={
            **environ,
            "HOME": str(tmp_path),
            "EVERHOP_PUBLIC_URL": f"http://127.0.0.1:{port}/r",
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    running = RunningStack(f"http://127.0.0.1:{port}", DEVELOPMENT_KEY, tmp_path, process)
    wait_until_up(running)
    yield running
    os.killpg(process.pid, signal.SIGTERM)
    process.communicate(timeout=10)


def wait_until_up(server: RunningStack) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            assert server.ask("GET", "/v1/health").status == 200
        except ConnectionError:
            assert time.monotonic() < deadline, "chalice local did not answer"
            time.sleep(0.1)
        else:
            return


def test_links_work(server: RunningStack) -> None:
    """Create, list and follow a link, with the key that the README gives."""
    bearer = {"Authorization": f"Bearer {DEVELOPMENT_KEY}"}
    body = {"destination": "https://example.com/x", "slug": "mine"}
    created = server.ask("POST", "/v1/links", body, **bearer)

    assert created.status == 201
    assert created.json["short_url"] == f"{server.url}/r/mine"
    assert server.ask("GET", "/r/mine").headers["Location"] == "https://example.com/x"
    assert server.ask("HEAD", "/r/mine").status == 302
    assert [link["slug"] for link in server.ask("GET", "/v1/links", **bearer).json["links"]] == [
        "mine"
    ]
    drawn = server.ask("GET", "/v1/links/mine/qr?format=png", **bearer)
    assert drawn.body.startswith(b"\x89PNG\r\n")
    assert server.ask("GET", "/v1/links").status == 401
    assert server.ask("GET", "/r/none").status == 404
