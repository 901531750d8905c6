"""The stack with the edge in front: the whole road, the real template and the real functions."""

import gzip
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest

from local.cache_commands import RESIZE
from local.controls import command
from tests.conftest import ROOT, RunningStack, start_stack
from tests.service.fold_world import line, pack


pytestmark = pytest.mark.stack
D = "https://example.com/"


@pytest.fixture(scope="module")
def edged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    """A stack of its own, with every cache that there is."""
    data = tmp_path_factory.mktemp("everhop")
    running = start_stack(data, EVERHOP_EDGE="on", EVERHOP_API_CACHE="on")
    yield running
    running.stop()


def make(stack: RunningStack, slug: str, **more: object) -> None:
    assert (
        stack.api("POST", "/links", {"destination": f"{D}{slug}", "slug": slug, **more}).status
        == 201
    )


def child_of(stack: RunningStack, module: str) -> int:
    """The process that runs this module."""
    listed = subprocess.run(
        ["ps", "-o", "pid=,args=", "--ppid", str(stack.process.pid)], capture_output=True, text=True
    )
    return next(
        int(line.split()[0]) for line in listed.stdout.splitlines() if module in line.split()
    )


def test_a_link_is_a_miss_once_and_then_a_hit(edged: RunningStack) -> None:
    """The road from the edge to the table, and what each tier says of it."""
    make(edged, "road")
    first, second = edged.ask("GET", "/ROAD"), edged.ask("GET", "/road")
    assert {one.headers["Location"] for one in (first, second)} == {f"{D}road"}
    assert re.match(
        r'DAX; (hit|fwd=\w+), "API cache"; fwd=uri-miss; stored, edge; fwd=uri-miss',
        first.headers["Cache-Status"],
    )
    # One spelling at the edge: what another wrote was kept for this one.
    assert second.headers["Cache-Status"].startswith("edge; hit; ttl=")
    line = "302 /road  edge HIT · api – · dax – · IAD89-C1 · "
    deadline = time.monotonic() + 3
    while not any(line in one for one in edged.lines) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert any(line in one for one in edged.lines)


def test_status_names_the_edge(edged: RunningStack) -> None:
    """Programs find it where they find the regions."""
    edges = edged.ask("GET", "/_local/status").json["edges"]
    assert edges == [{"name": "IAD89-C1", "url": edged.url}]
    assert edged.ask("GET", "/_local/status", Host="evil.example").status == 421


def test_status_tells_what_is_now(edged: RunningStack) -> None:
    """Not what was when the edge started: the cache has another size, and says what it is at."""
    caches = [edged.ask("GET", "/_local/status").json["regions"][0]["api_cache"]]
    command(edged.data, RESIZE, size="1.6")
    caches.append(edged.ask("GET", "/_local/status").json["regions"][0]["api_cache"])
    assert [one["size"] for one in caches] == ["0.5", "1.6"]
    assert [one["state"] for one in caches] == ["AVAILABLE", "CREATE_IN_PROGRESS"]


def test_a_region_can_be_asked_by_itself(edged: RunningStack) -> None:
    """By this machine's own clients, as the status says where; a proof that is made up is refused."""
    make(edged, "direct")
    region = edged.ask("GET", "/_local/status").json["regions"][0]
    direct = RunningStack(
        region["api_url"].removesuffix("/api"), edged.api_key, edged.data, edged.process
    )
    assert direct.ask("GET", "/api/r/direct").headers["Location"] == f"{D}direct"
    assert direct.api("GET", "/links/direct").status == 200
    assert direct.ask("GET", "/api/r/direct", Everhop_Edge="made-up").status == 403
    assert direct.ask("GET", "/api/v1/health").status == 200


def test_a_rule_is_kept_for_each_kind_of_visitor(edged: RunningStack) -> None:
    """By country and device at the address apart, and nobody gets another one's redirect."""
    rules = [{"if": {"countries": ["DE"]}, "destination": f"{D}de"}]
    make(edged, "ruled", rules=rules)
    assert edged.ask("GET", "/ruled").headers["Location"] == f"{edged.url}/ruled~"
    for _ in range(2):
        for country, to in (("DE", "de"), ("FR", "ruled")):
            answer = edged.ask("GET", "/ruled~", CloudFront_Viewer_Country=country)
            assert answer.headers["Location"] == f"{D}{to}"
    assert "edge; hit" in answer.headers["Cache-Status"]


def test_a_password_opens_behind_the_edge(edged: RunningStack) -> None:
    """The form goes where the edge takes it, and nothing of it is kept."""
    make(edged, "locked", password="sesame")
    page = edged.ask("GET", "/locked~")
    assert (page.status, page.headers["Cache-Control"]) == (200, "no-store")
    assert b'action="/api/v/locked"' in page.body
    form = {"Content_Type": "application/x-www-form-urlencoded"}
    opened = edged.ask("POST", "/api/v/locked", b"password=sesame", **form)
    assert (opened.status, opened.headers["Location"]) == (303, f"{D}locked")
    assert edged.ask("POST", "/locked", b"password=sesame", **form).status == 403


def test_the_dashboard_comes_out_of_its_bucket(edged: RunningStack) -> None:
    """With the policy's headers, compressed for who takes that, and 304 for who has it."""
    page = edged.ask("GET", "/", Accept_Encoding="gzip")
    said = {name.lower(): value for name, value in page.headers.items()}
    assert b"<html" in gzip.decompress(page.body)
    assert "trusted-types" in said["content-security-policy"]
    assert said["strict-transport-security"] == "max-age=31536000"
    again = edged.ask("GET", "/", Accept_Encoding="gzip", If_None_Match=said["etag"])
    assert (again.status, again.body) == (304, b"")
    assert edged.ask("GET", "/assets/nothing.js").status == 403
    # As `publish` names them, and so kept for good.
    assets = re.findall(rb'"(/assets/[0-9a-f]{16}-[^"]+)"', gzip.decompress(page.body))
    assert len(assets) > 60
    for asset in (assets[0], assets[0], assets[-1]):
        found = edged.ask("GET", asset.decode())
        said = {name.lower(): value for name, value in found.headers.items()}
        assert (found.status, "immutable" in said["cache-control"]) == (200, True)
        assert "trusted-types" in said["content-security-policy"]
    assert "hit" in edged.ask("GET", assets[0].decode()).headers["Cache-Status"]


@pytest.mark.parametrize(
    "path",
    [
        "/%",
        "/%zz",
        "/%00",
        "/..%2fapp.py",
        "/wp-login.php",
        "/.env",
        "/%256f",
        "/api",
        "/" + "a" * 4000,
    ],
)
def test_odd_paths_are_404_each_time(edged: RunningStack, path: str) -> None:
    """What can be no link is never an error of the edge's, nor of the region's."""
    assert [edged.ask("GET", path).status for _ in range(2)] == [404, 404]


def test_dirty_headers_leave_a_clean_answer(edged: RunningStack) -> None:
    """Through the real functions and the real region: whoever is first, all get the same."""
    make(edged, "clean", forward_query=True)
    evil = [
        *(
            {name: "evil.example"}
            for name in (
                "X_Forwarded_Host",
                "X_Forwarded_For",
                "Forwarded",
                "X_Original_URL",
                "X_Host",
            )
        ),
        *(
            {name: "redir=evil"}
            for name in (
                "Everhop_Query",
                "EVERHOP_PATH",
                "Everhop_Device",
                "Everhop_Edge",
                "Everhop_Address",
            )
        ),
        {"Range": "bytes=0-0"},
        {"If_None_Match": "*"},
        {"Accept_Language": "x" * 5000},
        {"User_Agent": "\u00ff"},
        {"Cookie": "a=b"},
        {"Cache_Control": "no-cache"},
        {"Accept_Encoding": "br"},
        {"X_HTTP_Method_Override": "DELETE"},
    ]
    queries = [
        "",
        "x=1",
        "%00=1",
        "x=1&x=2",
        "a;b",
        "??",
        "cb=" + "z" * 99,
        "%C3%A4",
        "redir=evil",
        "=",
        "&",
    ]
    clean = {}
    for query in queries:
        make(edged, f"q{queries.index(query)}", forward_query=True)
        clean[query] = edged.ask("GET", f"/clean?{query}").headers["Location"]
    differences = 0
    for number, (headers, query) in enumerate((one, query) for one in evil for query in queries):
        # Each is the first to ask for its own spelling of the query.
        target = f"/clean?{query}&n={number}" if query else f"/clean?n={number}"
        edged.ask("GET", target, **headers)
        said = edged.ask("GET", target).headers["Location"]
        own = f"{query}&n={number}" if query else f"n={number}"
        differences += not (said.startswith(f"{D}clean") and "evil" not in said.replace(own, ""))
        differences += said != edged.ask("GET", target).headers["Location"]
    assert differences == 0


def test_hits_go_on_while_the_region_is_frozen(edged: RunningStack) -> None:
    """A miss waits for its time-out and is an error; a hit does not notice."""
    make(edged, "frozen")
    edged.ask("GET", "/frozen")
    region = child_of(edged, "local.region")
    os.kill(region, signal.SIGSTOP)
    try:
        assert {edged.ask("GET", "/frozen").status for _ in range(50)} == {302}
        assert edged.ask("GET", "/not-kept").status == 504
    finally:
        os.kill(region, signal.SIGCONT)
    deadline = time.monotonic() + 40
    while edged.ask("GET", "/not-kept").status != 404 and time.monotonic() < deadline:
        time.sleep(0.1)
    assert edged.ask("GET", "/not-kept").status == 404


def test_the_log_lands_in_s3(edged: RunningStack) -> None:
    """Within seconds, under the name that CloudFront would give it."""
    make(edged, "logged")
    assert [edged.ask("GET", "/logged").status for _ in range(2)] == [302, 302]
    url = edged.ask("GET", "/_local/status").json["s3_endpoint"]
    keys = {"aws_access_key_id": "local", "aws_secret_access_key": "local"}
    client = boto3.client("s3", endpoint_url=url, region_name="us-east-1", **keys)
    deadline = time.monotonic() + 40
    rows: list[list[str]] = []
    while len(rows) < 2 and time.monotonic() < deadline:
        time.sleep(0.5)
        rows = [row for row in logged(client) if "/logged" in row]
    assert [len(row) for row in rows] == [34, 34]
    assert sorted(row[13] for row in rows) == ["Hit", "Miss"]
    client.close()


def test_clicks_are_counted_from_the_log(edged: RunningStack) -> None:
    """Hits of the edge too; a hop and its end are one; robots, HEAD and previews are apart."""
    rules = [{"if": {"countries": ["DE"]}, "destination": f"{D}de"}]
    make(edged, "counted")
    make(edged, "hopping", rules=rules)
    agent = {"User_Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Firefox/127.0"}
    for _ in range(3):
        edged.ask("GET", "/counted?utm_source=mail", **agent)
    edged.ask("GET", "/counted", User_Agent="Googlebot/2.1")
    edged.ask("HEAD", "/counted", **agent)
    edged.ask("GET", "/counted+", **agent)
    told = {**agent, "CloudFront_Viewer_Country": "DE"}
    assert edged.ask("GET", "/hopping", **told).status == 303
    assert edged.ask("GET", "/hopping~", **told).headers["Location"] == f"{D}de"

    hopping = counted(edged, "hopping", 1)
    stats = counted(edged, "counted", 3)

    assert (stats["clicks"], hopping["clicks"]) == (3, 1)
    countries = [one["top"]["countries"][0]["value"] for one in (hopping, stats)]
    assert countries == ["DE", "(unknown)"]
    assert (stats["bots"], stats["heads"], stats["previews"]) == (1, 1, 1)
    assert stats["complete_as_of"]


def test_variants_are_counted_from_the_log(edged: RunningStack) -> None:
    """As many of each side as visitors were sent there, by the name that its owner gave it."""
    sides = [
        {"name": "Blue", "destination": f"{D}blue", "weight": 1},
        {"destination": f"{D}green", "weight": 1},
    ]
    make(edged, "sided", rules=[{"variants": sides}])
    sent = Counter(
        edged.ask("GET", "/sided~", User_Agent=f"Mozilla/5.0 Firefox/{n}.0").headers["Location"]
        for n in range(12)
    )

    stats = counted(edged, "sided", 12)

    told = {one["value"]: one["clicks"] for one in stats["top"]["variants"]}
    assert told == {"Blue": sent[f"{D}blue"], f"{D}green": sent[f"{D}green"]}


def test_logs_are_replayed_once(edged: RunningStack, tmp_path: Path) -> None:
    """Files of elsewhere are counted by the same function; a second replay changes nothing."""
    make(edged, "replayed")
    edged.ask("GET", "/replayed")
    assert counted(edged, "replayed", 1)["clicks"] == 1  # and so there is a bucket
    now = datetime.now(UTC)
    good, bad = tmp_path / "E9.2026-11-23-19.abcd.gz", tmp_path / "bad.gz"
    good.write_bytes(pack([line(now, "/replayed"), "no line", line(now, "/replayed")]))
    bad.write_bytes(b"<html>")
    command = [sys.executable, "-m", "tools", "replay-logs", "--stage", "local", str(good)]
    environ = {**os.environ, "EVERHOP_PORT": edged.url.rpartition(":")[2]}

    def replay(*more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*command, *more], cwd=ROOT, env=environ, capture_output=True, text=True, timeout=120
        )

    first = replay()
    assert first.returncode == 0, first.stderr
    assert counted(edged, "replayed", 3)["clicks"] == 3
    second = replay(str(bad))
    assert second.returncode == 1
    assert f"1/2 {good.name}: known" in second.stdout
    assert "2/2 bad.gz: refused, it is no gzip" in second.stdout
    assert counted(edged, "replayed", 3)["clicks"] == 3


def counted(stack: RunningStack, slug: str, clicks: int) -> Any:
    """A link's stats as soon as there are so many clicks."""
    deadline = time.monotonic() + 90
    while True:
        stats = stack.api("GET", f"/links/{slug}/stats").json
        if stats["clicks"] >= clicks or time.monotonic() > deadline:
            return stats
        time.sleep(0.5)


def logged(client: Any) -> list[list[str]]:
    """The rows of all files of the log, or none as long as there is no bucket."""
    try:
        listed = client.list_objects_v2(Bucket="everhop-local-logs").get("Contents", [])
    except client.exceptions.NoSuchBucket:
        return []
    keys = [one["Key"] for one in listed]
    bodies = [
        client.get_object(Bucket="everhop-local-logs", Key=key)["Body"].read() for key in keys
    ]
    lines = [line for body in bodies for line in gzip.decompress(body).decode().splitlines()]
    return [line.split("\t") for line in lines]
