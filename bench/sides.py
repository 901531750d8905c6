"""The two sides, running: a fresh stack as `make run` starts it, and the floor beside it."""

import http.client
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from bench.events import REDIRECTS, create_body, slug_of
from bench.processes import children_of
from local.children import Child, listen, url_of
from local.environments import API, DATABASE, Shared, app_environment
from local.settings import ROOT, read_settings


KEY = "eh_key_of_the_bench"
READY_WITHIN = 40.0


class BenchError(RuntimeError):
    """The bench can't give figures; the text is the sentence to print."""


@dataclass(frozen=True, slots=True)
class Side:
    """Where one side answers and which processes do its work; both use the same DynamoDB."""

    name: str
    api_port: int
    front_port: int
    api_pid: int
    front_pid: int
    database_pid: int

    @property
    def pids(self) -> tuple[int, ...]:
        """All of its processes."""
        return self.api_pid, self.front_pid, self.database_pid


@dataclass(frozen=True, slots=True)
class Pair:
    """Both sides, and the environment in which either's handler runs."""

    everhop: Side
    bare: Side
    environment: Mapping[str, str]

    @property
    def sides(self) -> tuple[Side, Side]:
        """Everhop first."""
        return self.everhop, self.bare


@contextmanager
def run_pair(data: Path, inherited: Mapping[str, str]) -> Iterator[Pair]:
    """Start both sides over the same DynamoDB, with the same links in it; stop them at the end."""
    with listen() as probe:
        port = probe.getsockname()[1]
    own = {"EVERHOP_PORT": str(port), "EVERHOP_DATA": str(data), "EVERHOP_API_KEY": KEY}
    # What is measured is the app: its answers are not to come out of a cache.
    alone = {"EVERHOP_REGIONS": "us-east-1", "EVERHOP_EDGE": "off", "EVERHOP_API_CACHE": "off"}
    given = {**inherited, **own, **alone, "EVERHOP_ACCESS_LOG": "off"}
    with ExitStack() as running:
        stack = running.enter_context(_running_stack(data, given))
        status = json.loads(ask_once(port, "/_local/status")[2])["regions"][0]
        environment = _environment(given, status["dynamodb_endpoint"])
        everhop = _everhop(stack, port, _port_of(status["api_url"]))
        bare = _start_floor(running, environment, everhop.database_pid)
        for side in (everhop, bare):
            _make_links(side)
        yield Pair(everhop, bare, environment)


def _environment(given: Mapping[str, str], dynamodb_url: str) -> dict[str, str]:
    urls = dict.fromkeys((API, DATABASE), dynamodb_url)  # links are all that is measured
    settings = read_settings(given)
    shared = Shared(KEY, "", dynamodb_url, "", {settings.first: dynamodb_url})
    derived = app_environment(settings, given, shared, settings.first, urls)
    # Lambda sets both; boto3 reads the second one.
    return {**derived, "AWS_DEFAULT_REGION": derived["AWS_REGION"]}


@contextmanager
def _running_stack(data: Path, environ: Mapping[str, str]) -> Iterator[int]:
    printed = data.with_suffix(".log")
    with printed.open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "local"],
            cwd=ROOT,
            env=environ,
            stdout=log,
            stderr=log,
        )
    try:
        _wait_until_ready(process, printed)
        yield process.pid
    except BenchError as error:
        # A change of the code, say, restarts the API in the middle of a round; the stack says so.
        raise BenchError(f"{error}\nThe stack said:\n{printed.read_text()}") from None
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()  # its children see that it is gone, and end


def _wait_until_ready(process: subprocess.Popen[bytes], printed: Path) -> None:
    until = time.monotonic() + READY_WITHIN
    while "Everhop is ready:" not in printed.read_text():
        if process.poll() is not None or time.monotonic() > until:
            raise BenchError("the stack did not get ready.")
        time.sleep(0.05)


def _everhop(stack: int, front_port: int, api_port: int) -> Side:
    children = children_of(stack)

    def find(module: str) -> int:
        return next(pid for pid, command in children.items() if f" -m {module} " in command)

    return Side(
        "Everhop", api_port, front_port, find("local.region"), stack, find("local.database")
    )


def _start_floor(running: ExitStack, environment: Mapping[str, str], database: int) -> Side:
    api, front = listen(), listen()
    api_url, front_url = url_of(api), url_of(front)
    api_pid = _start(running, Child("bench.floor", api, environ=environment))
    front_pid = _start(running, Child("bench.floor", front, [api_url], environ=environment))
    return Side("bare boto3", _port_of(api_url), _port_of(front_url), api_pid, front_pid, database)


def _start(running: ExitStack, child: Child) -> int:
    child.start()
    running.callback(child.stop)
    # The child alone holds its socket, so that asking one that ended fails at once.
    child.listener.close()
    if child.process is None:
        raise BenchError(f"{child.module} did not start")
    return child.process.pid


def _port_of(url: str) -> int:
    return urlsplit(url).port or 80


def ask_once(port: int, path: str, body: str = "") -> tuple[int, str, bytes]:
    """The status, Location and body of the answer to a GET, or to a POST when there is a body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=READY_WITHIN)
    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
    try:
        connection.request("POST" if body else "GET", path, body or None, headers)
        response = connection.getresponse()
        return response.status, response.headers.get("Location", ""), response.read()
    except OSError as error:
        raise BenchError(f"{path} was not answered: {error!r}") from None
    finally:
        connection.close()


def _make_links(side: Side) -> None:
    for number in range(REDIRECTS):
        body = create_body(number, slug=slug_of(number))
        status, _, answer = ask_once(side.api_port, "/api/v1/links", body)
        if status != 201:
            raise BenchError(f"{side.name} answered {status} to a create: {answer[:200]!r}")


def check_made(side: Side, slugs: tuple[str, ...], destination: str) -> None:
    """BenchError unless these new slugs lead where they were made to lead."""
    for slug in slugs:
        status, location, _ = ask_once(side.front_port, f"/{slug}")
        if (status, location) != (302, destination):
            raise BenchError(f"{side.name} answered {status} {location!r} for its new /{slug}")
