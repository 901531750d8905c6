"""Fixtures that every room's tests share: real processes, on free ports, that end by themselves."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest


ROOT = Path(__file__).resolve().parent.parent
API_KEY = "eh_key_of_the_tests"


def free_port() -> int:
    """A port that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Answer:
    """An HTTP answer as it came over the wire."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class RunningStack:
    """A local stack in processes of its own."""

    url: str
    api_key: str
    data: Path
    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)

    def ask(self, method: str, target: str, body: Any = None, **headers: str) -> Answer:
        """One request, byte for byte as given; a body that is not bytes is sent as JSON."""
        parts = urlsplit(self.url)
        connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=30)
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if data is not None and "content-type" not in {name.lower() for name in sent}:
            sent["Content-Type"] = "application/json"
        try:
            connection.request(method, target, data, sent)
            response = connection.getresponse()
            return Answer(response.status, dict(response.getheaders()), response.read())
        finally:
            connection.close()

    def api(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """One keyed request to the REST API."""
        bearer = {"Authorization": f"Bearer {self.api_key}"}
        return self.ask(method, f"/api/v1{path}", body, **bearer, **headers)

    def stop(self, number: int = signal.SIGINT) -> int:
        """End it as Ctrl-C does; the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(20)


# Most tests want few processes, and to see each edit at once.
ONE_REGION = {
    "EVERHOP_REGIONS": "us-east-1",
    "EVERHOP_EDGE": "off",
    "EVERHOP_API_CACHE": "off",
}


def start_stack(data: Path, root: Path = ROOT, **environ: str) -> RunningStack:
    """Start `python -m local` and wait for the line that says it is ready.

    One region without caches, unless `environ` says otherwise.
    """
    port = free_port()
    inherited = {name: value for name, value in os.environ.items() if "EVERHOP" not in name}
    process = subprocess.Popen(
        [sys.executable, "-m", "local"],
        cwd=root,
        env={
            **inherited,
            "EVERHOP_PORT": str(port),
            "EVERHOP_DATA": str(data),
            "EVERHOP_API_KEY": API_KEY,
            **ONE_REGION,
            **environ,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    stack = RunningStack(f"http://127.0.0.1:{port}", API_KEY, data, process)
    ready = threading.Event()
    threading.Thread(target=_collect, args=(stack, ready), daemon=True).start()
    if not ready.wait(40) or process.poll() is not None:
        process.kill()
        pytest.fail("The stack did not get ready:\n" + "".join(stack.lines))
    return stack


def _collect(stack: RunningStack, ready: threading.Event) -> None:
    assert stack.process.stdout is not None
    with stack.process.stdout as lines:
        for line in lines:
            stack.lines.append(line)
            if line.startswith("Everhop is ready:"):
                ready.set()
    ready.set()


@pytest.fixture(autouse=True)
def execution_environment() -> Iterator[None]:
    """Each Chalice app adds its name to this variable, and every AWS client sends all of it.

    botocore's sessions keep what they first read, so it is emptied after each test: thousands of
    names are a header that no server takes.
    """
    yield
    os.environ.pop("AWS_EXECUTION_ENV", None)


@pytest.fixture(autouse=True)
def boto3_session(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test's `boto3.client` reads the environment of that test.

    Chalice's test client swaps `os.environ` for a copy while it handles a request. boto3's default
    session, made in such a request, would look for credentials in that copy in every later test.
    """
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    """One running stack for the whole test run; tests make their own slugs."""
    running = start_stack(tmp_path_factory.mktemp("everhop"))
    yield running
    running.stop()
