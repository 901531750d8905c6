"""The stack with its API cache: through the front, links lead where they should, and tell how."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from local.controls import Channel, ControlError, ask, command, find_channel
from local.replication.commands import LOOK
from tests.conftest import ROOT, RunningStack, start_stack


D = "https://example.com/"


@pytest.fixture(scope="module")
def cached(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    """A stack of its own, whose stage caches."""
    running = start_stack(tmp_path_factory.mktemp("everhop"), EVERHOP_API_CACHE="on")
    yield running
    running.stop()


def test_redirects_are_kept_by_slug_and_query(cached: RunningStack) -> None:
    """A hundred links asked twice: the second answer is a hit, and each has its own destination."""
    rows = [
        {"destination": f"{D}{number}", "slug": f"c{number}", "forward_query": True}
        for number in range(100)
    ]
    cached.api("POST", "/links/batch", {"links": rows})
    for query in ("", "?a=1", ""):
        for number in range(100):
            answer = cached.ask("GET", f"/c{number}{query}")
            assert answer.headers["Location"] == f"{D}{number}{query}"
    assert answer.headers["Cache-Status"].startswith('"API cache"; hit; ttl=')


def test_what_depends_on_the_visitor_is_answered_apart(cached: RunningStack) -> None:
    """A link with a rule hops to its own address, where everybody gets their own redirect."""
    rules = [{"if": {"countries": ["DE"]}, "destination": f"{D}de"}]
    cached.api("POST", "/links", {"destination": f"{D}all", "slug": "geo", "rules": rules})
    for country, to in (("DE", "de"), ("FR", "all"), ("DE", "de")):
        told = {"CloudFront_Viewer_Country": country}
        hop = cached.ask("GET", "/geo?x=1", **told)
        assert hop.headers["Location"] == f"{cached.url}/geo~?x=1"
        answer = cached.ask("GET", "/geo~?x=1", **told)
        assert (answer.status, answer.headers["Location"]) == (302, f"{D}{to}")
        assert "API cache" not in answer.headers["Cache-Status"]


def test_a_password_is_asked_behind_the_hop(cached: RunningStack) -> None:
    """The form of the page that nobody keeps opens the link; nothing of it is kept."""
    link = {"destination": f"{D}secret", "slug": "locked", "password": "sesame"}
    cached.api("POST", "/links", link)
    assert cached.ask("GET", "/locked").headers["Location"] == f"{cached.url}/locked~"
    page = cached.ask("GET", "/locked~")
    assert (page.status, page.headers["Cache-Control"]) == (200, "no-store")
    assert b'<form method="post">' in page.body

    form = {"Content_Type": "application/x-www-form-urlencoded"}
    opened = cached.ask("POST", "/locked~", b"password=sesame", **form)
    assert (opened.status, opened.headers["Location"]) == (303, f"{D}secret")


def act(stack: RunningStack, *words: str) -> subprocess.CompletedProcess[str]:
    """`python -m local WORDS`, as in another terminal."""
    return subprocess.run(
        [sys.executable, "-m", "local", *words],
        cwd=ROOT,
        env={**os.environ, "EVERHOP_DATA": str(stack.data)},
        capture_output=True,
        text=True,
        check=False,
    )


def told(stack: RunningStack) -> dict[str, object]:
    """What the status says of the region's cache."""
    cache: dict[str, object] = stack.ask("GET", "/_local/status").json["regions"][0]["api_cache"]
    return cache


def test_its_settings_are_told(cached: RunningStack) -> None:
    """When it starts, and in its status."""
    (line,) = [line for line in cached.lines if line.startswith("  API cache ")]

    assert "0.5 GB: " in line
    assert "GET /r/{slug} 20 s" in line
    assert "python -m local flush" in line
    assert (told(cached)["size"], told(cached)["state"]) == ("0.5", "AVAILABLE")


def wait_for_purges(stack: RunningStack) -> None:
    """Until the stream has handed on all that was written: a purge fills the cache anew."""
    until = time.monotonic() + 40
    while (stream := command(stack.data, LOOK)["stream"])["behind"] or not stream["pumped"]:
        assert time.monotonic() < until, stream
        time.sleep(0.1)


def test_the_running_cache_is_flushed_and_resized(cached: RunningStack) -> None:
    """It has nothing of before a flush; another size empties it too, and both take a while."""
    cached.api("POST", "/links", {"destination": f"{D}before", "slug": "kept"})
    wait_for_purges(cached)
    for _ in range(2):
        answer = cached.ask("GET", "/kept")
    assert "hit" in answer.headers["Cache-Status"]

    flushed = act(cached, "flush")
    assert flushed.returncode == 0, flushed.stderr
    assert "us-east-1: FLUSH_IN_PROGRESS; it forgets " in flushed.stdout
    assert flushed.stdout.endswith("us-east-1: AVAILABLE, 0.5 GB.\n")
    assert '"API cache"; fwd=uri-miss; stored' in cached.ask("GET", "/kept").headers["Cache-Status"]
    assert told(cached)["answers"] == 1

    resized = act(cached, "resize", "1.6", "us-east-1")
    assert resized.stdout == (
        "us-east-1: CREATE_IN_PROGRESS; it forgets 1 answers.\nus-east-1: AVAILABLE, 1.6 GB.\n"
    )
    assert (told(cached)["size"], told(cached)["answers"]) == ("1.6", 0)


def test_commands_that_can_not_be_done(cached: RunningStack) -> None:
    """A size that API Gateway has not, a region that does not run."""
    assert "there is no size 7; API Gateway has 0.5, 1.6, 6.1" in act(cached, "resize", "7").stderr
    refused = act(cached, "flush", "eu-west-1")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == (
        "Everhop can't flush: eu-west-1 has no such part here; us-east-1 has.\n"
    )


def test_no_page_can_send_a_command(cached: RunningStack) -> None:
    """Not through the door, by whatever path, nor to the processes behind it without the token."""
    for path in ("/_control/flush", "/api/_control/flush", "/api/../_control/flush"):
        assert cached.ask("POST", path, {}).status >= 400
        assert cached.ask("POST", f"{path}/").status >= 400
    region = cached.ask("GET", "/_local/status").json["regions"][0]
    channel = find_channel(cached.data)
    assert channel.token not in json.dumps(cached.ask("GET", "/_local/status").json)
    for url in (channel.url, region["api_url"].removesuffix("/api")):
        with pytest.raises(ControlError, match="need the token"):
            ask(Channel(url, "guessed"), "flush", {})
