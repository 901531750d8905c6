"""Keeping the edge warm, against a real HTTP server that stands for the edge.

What could break for a user: a click that is counted for it, a link's destination that is asked, an
edge that is asked without end or by hundreds at once, a schedule that fails and is called again.
"""

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from chalicelib.config import Config, ConfigError, load
from chalicelib.core.access import OPERATOR
from chalicelib.core.counts import REST, CountRow, RowKey, begin_of, workspace_subject
from chalicelib.core.errors import Unavailable
from chalicelib.service.warming import AT_ONCE, WITHIN, assets_of, choose, warm
from chalicelib.store.edge_calls import EdgeCall
from chalicelib.store.memory_counts import CountMemory
from chalicelib.warm_wiring import keep_warm
from infra.keep_warm import cost_of
from infra.site_builds import ENTRY, build_site, read_site


SITE = build_site(read_site())
SECRET = "s" * 40
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@dataclass
class Edge:
    """What was asked of it, and how it answers."""

    asked: list[tuple[str, str, str]] = field(default_factory=list)
    status: dict[str, int] = field(default_factory=dict)
    slow: float = 0.0
    now: int = 0
    most: int = 0
    port: int = 0

    def config(self, **environ: str) -> Config:
        """A deployment before which it stands."""
        return load(
            {
                "EVERHOP_STORE": "memory",
                "EVERHOP_PUBLIC_URL": f"http://127.0.0.1:{self.port}",
                "EVERHOP_ORIGIN_SECRETS": SECRET,
                "EVERHOP_KEEP_WARM": "2",
                "EVERHOP_WARM_SLUGS": "home, pre\u00df third",
                **environ,
            }
        )


@pytest.fixture
def edge() -> Iterator[Edge]:
    """The published dashboard, and a redirect for each link."""
    said, lock = Edge(), threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            with lock:
                said.now += 1
                said.most = max(said.most, said.now)
                agent, taken = (self.headers[it] for it in ("User-Agent", "Accept-Encoding"))
                said.asked.append((self.path, agent, taken))
            time.sleep(said.slow)
            file = SITE.by_key.get(self.path.lstrip("/") or ENTRY)
            with lock:
                said.now -= 1
            self.send_response(said.status.get(self.path, 200 if file else 302))
            self.send_header("Location", f"http://127.0.0.1:{said.port}/destination")
            self.end_headers()
            self.wfile.write(file.body if file else b"")

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    said.port = server.server_port
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield said
    server.shutdown()
    server.server_close()


def told(config: Config) -> dict[str, object]:
    """The line that a round writes."""
    lines: list[str] = []
    keep_warm(config, lines.append)
    (line,) = lines
    said: dict[str, object] = json.loads(line)
    return said


def test_a_round_asks_for_what_visitors_ask_for(edge: Edge) -> None:
    """The page, all its assets and so many links, once each, as a robot, and nothing further.

    The picture of the world is no part of the page: it is fetched by who looks at countries.
    """
    said = told(edge.config())
    paths = [path for path, _, _ in edge.asked]
    hashed = {f"/{it.key}" for it in SITE.files if it.is_hashed and not it.key.endswith(".json")}
    assert sorted(paths) == sorted({"/", "/home", "/pre%C3%9F"} | hashed)
    assert {agent for _, agent, _ in edge.asked} == {"Everhop-keep-warm/1 (bot)"}
    assert {taken for path, _, taken in edge.asked if path != "/"} == {"gzip, br"}
    assert (said["level"], said["asked"], said["failed"]) == ("INFO", len(paths), 0)


def test_few_are_asked_at_once(edge: Edge) -> None:
    """However many there are."""
    edge.slow = 0.01
    told(edge.config())
    assert 1 < edge.most <= AT_ONCE


def test_what_fails_is_said_and_not_raised(edge: Edge) -> None:
    """An error of one address stops no other; nobody there at all is no exception either."""
    edge.status = {"/home": 503}
    said = told(edge.config())
    assert (said["level"], said["failures"]) == ("WARNING", ["/home: 503"])
    gone = told(edge.config(EVERHOP_PUBLIC_URL="http://127.0.0.1:1"))
    assert (gone["failed"], gone["level"]) == (3, "WARNING")


def test_a_round_ends() -> None:
    """What was not asked in its time waits for the next one."""
    now = [0.0]

    def ask(_path: str, _is_read: bool) -> tuple[int, bytes]:
        now[0] += WITHIN / 5
        return 302, b""

    warmed = warm(ask, [str(number) for number in range(100)], lambda: now[0])
    assert warmed.late > 80
    assert warmed.asked + warmed.late == 101


def test_any_error_is_a_failure_and_no_exception() -> None:
    """Of whatever kind it is."""

    def ask(path: str, _is_read: bool) -> tuple[int, bytes]:
        raise Unavailable(path)

    assert warm(ask, ["a"]).failed == ("/: Unavailable", "/a: Unavailable")


@pytest.mark.parametrize("missing", ["EVERHOP_ORIGIN_SECRETS"])
def test_without_an_edge_nothing_is_asked(edge: Edge, missing: str) -> None:
    """A link with a limit would lose a click by it."""
    said = told(edge.config(**{missing: ""}))
    assert "there is no edge" in str(said["skipped"])
    assert edge.asked == []


def test_the_most_followed_come_after_those_chosen_by_hand() -> None:
    """Each once, summed over days; what stands for all others is no link, and clicks are none."""
    days = [
        {"clicks": 900, "link:home": 5, "link:b": 3, f"link:{REST}": 99, "country:DE": 50},
        {"link:b": 4, "link:c": 6, "link:a": 6},
    ]
    rows = [CountRow(NOW, counts) for counts in days]
    assert choose(["home"], rows, 4) == ["home", "b", "a", "c"]
    assert choose([], rows, 1) == ["b"]
    assert choose(["x", "y"], rows, 1) == ["x"]


def test_a_round_asks_for_what_was_counted(edge: Edge) -> None:
    """Of yesterday as well, as logs come late, and of the workspaces that are named."""
    counts = CountMemory()
    for days, slug, workspace in ((0, "now", OPERATOR), (1, "then", OPERATOR), (0, "its", "acme")):
        at = begin_of("day", NOW - timedelta(days=days))
        row = RowKey(workspace_subject(workspace), "day", at)
        receipt = counts.receipt(slug)
        assert counts.fold({slug: receipt}, "", {row: {f"link:{slug}": 9 - days}}) is not None
    asked = edge.config(EVERHOP_KEEP_WARM="9", EVERHOP_WARM_SLUGS="home")
    keep_warm(asked, lambda _: None, counts, lambda: NOW)
    paths = [path for path, _, _ in edge.asked if path != "/" and "assets" not in path]
    assert sorted(paths) == ["/home", "/now", "/then"]

    edge.asked.clear()
    both = edge.config(
        EVERHOP_KEEP_WARM="2", EVERHOP_WARM_SLUGS="", EVERHOP_WARM_WORKSPACES="acme default"
    )
    keep_warm(both, lambda _: None, counts, lambda: NOW)
    paths = [path for path, _, _ in edge.asked if path != "/" and "assets" not in path]
    assert sorted(paths) == ["/its", "/now"]


def test_without_counts_those_chosen_by_hand_are_asked(edge: Edge) -> None:
    """A table that does not answer is no reason to let the edge forget."""

    class Away(CountMemory):
        def read(self, *_: object, **__: object) -> list[CountRow]:
            raise Unavailable("away")

    keep_warm(edge.config(EVERHOP_KEEP_WARM="9"), lambda _: None, Away())
    assert "/home" in [path for path, _, _ in edge.asked]


def test_a_path_in_the_public_url_is_kept(edge: Edge) -> None:
    """The address is asked below it, as visitors do."""
    EdgeCall(f"http://127.0.0.1:{edge.port}/below")("/x", False)
    assert edge.asked[0][0] == "/below/x"


def test_only_assets_of_the_page_are_taken() -> None:
    """And not what lies elsewhere, however many there are."""
    page = b'<link href="/assets/a.css"><a href="/x"><img src="https://e.org/assets/b.png">'
    assert assets_of(page * 2) == ["/assets/a.css"]
    many = b"".join(b'<img src="/assets/%d">' % number for number in range(1000))
    assert len(assets_of(many)) == 500


def test_it_is_off_unless_it_is_asked_for() -> None:
    """And the setting takes a number alone."""
    assert load({"EVERHOP_STORE": "memory"}).keep_warm == 0
    for name, value in (("EVERHOP_KEEP_WARM", "on"), ("EVERHOP_WARM_WORKSPACES", "Acme!")):
        with pytest.raises(ConfigError, match=name):
            load({"EVERHOP_STORE": "memory", name: value})


def test_its_cost() -> None:
    """Twelve rounds an hour, each with a request for the page, each asset and each link."""
    cost = cost_of(10, 60)
    assert (cost.calls, cost.requests) == (8760, 8760 * 71)
    assert cost.monthly == pytest.approx(0.62 + 0.44 + 0.05, abs=0.02)
    assert cost_of(0, 60) == (0, 0, 0.0)
