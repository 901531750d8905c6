"""What a deploy does about the edge beside its stacks: its secret, and asking it what visitors ask."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from tools import edge_runs, origin_secrets
from tools.client import CannotRun
from tools.edge_runs import SECRETS, Edge
from tools.edge_trials import try_edge
from tools.stages import Group, Stage, find_group


POLICY = {"Content-Security-Policy": "default-src 'none'"}
HEALTHY = b'{"status": "ok", "release": "r1", "checks": []}'
HTML = {"Content-Type": "text/html; charset=utf-8"}
WELL: dict[str, tuple[int, dict[str, str], bytes]] = {
    "/": (403, POLICY, b""),
    "/api/v1/health": (200, {"Content-Type": "application/json"}, HEALTHY),
    "else": (404, HTML, b"<h1>No such link</h1>"),
}


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """A parameter store of one group."""
    store: dict[str, str] = {}
    monkeypatch.setattr(origin_secrets, "read_secrets", lambda group: store.get(group, ""))
    monkeypatch.setattr(origin_secrets, "keep_secrets", store.__setitem__)
    return iter([store])


def test_a_secret_is_changed_in_two_deploys(kept: Iterator[dict[str, str]]) -> None:
    """First both, the new one in front, which the edge says; only then the new one alone."""
    store = next(kept)
    with pytest.raises(CannotRun, match="has no secret yet"):
        origin_secrets.begin_change("prod")
    store["prod"] = "old"

    origin_secrets.begin_change("prod")
    new, _, old = store["prod"].partition(",")
    assert (len(new) >= 32, old) == (True, "old")
    with pytest.raises(CannotRun, match="being changed already"):
        origin_secrets.begin_change("prod")

    origin_secrets.end_change("prod")
    assert store["prod"] == new
    with pytest.raises(CannotRun, match="not being changed"):
        origin_secrets.end_change("prod")


def edge_of(monkeypatch: pytest.MonkeyPatch, group: Group, outputs: dict[str, str]) -> Edge:
    """A group's edge whose distribution tells this."""
    monkeypatch.setattr(edge_runs, "read_secrets", lambda _: "s" * 43)
    monkeypatch.setattr(Edge, "outputs", outputs)
    return Edge(group, lambda _: "", is_on=True)


def test_regions_are_told_when_the_edge_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not before: a region that asks for a proof which nobody sends answers 403."""
    group, _ = find_group("prod")
    name = group.stages[0].name

    assert edge_of(monkeypatch, group, {}).handed(name) == {}
    stands = edge_of(monkeypatch, group, {"PublicUrl": "https://sho.rt"})
    assert stands.handed(name) == {"EVERHOP_PUBLIC_URL": "https://sho.rt", SECRETS: "s" * 43}


def test_a_secret_in_a_tracked_file_is_refused() -> None:
    """And told which, and where it belongs."""
    environment = {SECRETS: "s" * 43, "EVERHOP_STAGE": "prod"}
    stage = Stage("prod-us-east-1", "us-east-1", {"environment_variables": environment})

    with pytest.raises(CannotRun, match="take it out, as a secret in a tracked file") as caught:
        Edge(Group("prod", (stage,)), lambda _: "", is_on=True)
    assert "s" * 43 not in str(caught.value)


def asked(answers: dict[str, tuple[int, dict[str, str], bytes]]) -> list[str]:
    """What is found wrong with an edge that answers so."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers, body = answers.get(self.path, answers["else"])
            self.send_response(status)
            for name, text in headers.items():
                self.send_header(name, text)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        found = try_edge(f"http://127.0.0.1:{server.server_port}", "r1", 0)
        server.shutdown()
        thread.join()
    return found


def test_an_edge_that_is_well() -> None:
    """Nothing is published yet, and all else answers."""
    assert asked(WELL) == []


@pytest.mark.parametrize(
    ("path", "answer", "said"),
    [
        ("/", (403, {}, b""), "without the Content-Security-Policy"),
        ("/", (502, POLICY, b""), "is 502"),
        ("/api/v1/health", (403, {}, b"{}"), "is 403"),
        ("/api/v1/health", (200, {}, HEALTHY.replace(b"r1", b"r0")), "by the release r0"),
        ("/api/v1/health", (200, {"Age": "3"}, HEALTHY), "was kept for 3 s"),
        ("else", (404, {**HTML, "Everhop-Edge": "p"}, b"<h1>"), "shows visitors how the edge"),
        ("else", (403, {}, b""), "is 403"),
    ],
)
def test_what_is_wrong_with_an_edge(
    path: str, answer: tuple[int, dict[str, str], bytes], said: str
) -> None:
    """Each fault is one line, with the address that has it."""
    (line,) = asked({**WELL, path: answer})
    assert said in line
