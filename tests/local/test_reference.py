"""The documentation at the front door: its commands work, and answer what it says they answer."""

import json
import re
import subprocess
from collections.abc import Iterator
from html import unescape

import pytest

from tests.conftest import RunningStack, start_stack


pytestmark = pytest.mark.stack
KEYS = ("create_key", "list_keys", "rotate_key", "revoke_key")
JOBS = ("start_export", "read_export")
STATS = ("read_workspace_stats", "read_link_stats")
OWN = {"created_at", "updated_at", "short_url", "instance", "release", "took_ms"}


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    """A stack without any link: the examples say what is in it."""
    running = start_stack(tmp_path_factory.mktemp("everhop"))
    yield running
    running.stop()


def examples(html: str) -> dict[str, tuple[str, str]]:
    """The command and the answer of each operation on the page, by its name."""
    found = {}
    for name, section in re.findall(
        r'<section class="operation" id="(\w+)">(.*?)</section>', html, re.DOTALL
    ):
        blocks = re.findall(r"<pre[^>]*><code>(.*?)</code></pre>", section, re.DOTALL)
        found[name] = tuple(unescape(re.sub(r"<[^>]+>", "", block)) for block in blocks)
    return found


def run(command: str, key: str) -> str:
    """What the command prints, in a plain shell."""
    done = subprocess.run(
        ["sh", "-c", f"KEY={key}; {command.replace('curl ', 'curl -sS --fail-with-body ', 1)}"],
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.returncode == 0, (command, done.stdout, done.stderr)
    return done.stdout


def same_shape(said: object, given: object) -> object:
    """The answer that was given, with what differs in every deployment as the page has it."""
    if isinstance(said, dict) and isinstance(given, dict):
        return {
            name: said.get(name) if name in OWN else same_shape(said.get(name), value)
            for name, value in given.items()
        }
    if isinstance(said, list) and isinstance(given, list) and len(said) == len(given):
        return [same_shape(one, other) for one, other in zip(said, given, strict=True)]
    return given


def test_every_command_works_as_it_says(fresh: RunningStack) -> None:
    """Run in the page's order, deleting last, each command answers what stands below it."""
    shown = examples(fresh.ask("GET", "/api/docs").body.decode())
    last = ("follow_link", "follow_apart", "unlock_link", "unlock_apart", "delete_link")

    assert {"create_link", "list_links", "import_links", *last} <= set(shown)
    for name in [*(one for one in shown if one not in {*last, *KEYS, *JOBS, "read_import"}), *last]:
        command, said = shown[name]
        if name == "unlock_link":
            fresh.api("PATCH", "/links/spring-sale", {"password": "open sesame"})
        given = run(command, fresh.api_key)
        assert f"{fresh.url}/api/" in command
        if name in ("follow_link", "follow_apart"):
            assert re.search(r"^HTTP/\S+ 302", given)
            assert "Location: https://example.com/spring\n" in given
        elif name in ("unlock_link", "unlock_apart"):
            assert (given, said) == ("", "HTTP/2 303\nLocation: https://example.com/spring")
        elif name in ("delete_link", "erase_link_stats"):
            assert (given, said) == ("", "HTTP/2 204")
        elif name == "draw_qr_code":
            assert "<svg" in given
        elif name == "read_openapi":
            assert json.loads(given)["servers"] == [{"url": "/api"}]
        elif name in STATS:  # of clicks that this stack has not counted
            assert set(json.loads(given)) == set(json.loads(said)), name
        elif name != "read_docs":
            assert same_shape(json.loads(said), json.loads(given)) == json.loads(said), name


def test_every_command_of_keys_works(fresh: RunningStack) -> None:
    """A key is made, listed, rotated and revoked by the page's commands, with its own id in them."""
    shown = examples(fresh.ask("GET", "/api/docs").body.decode())
    assert set(KEYS) <= set(shown)
    made: dict[str, str] = {}
    for name in KEYS:
        command, said = shown[name]
        given = run(re.sub("/keys/[^/' ]+", f"/keys/{made.get('id')}", command), fresh.api_key)
        if name == "revoke_key":
            assert (given, said) == ("", "HTTP/2 204")
        else:
            assert set(json.loads(given)) == set(json.loads(said)), name
        made = made or json.loads(given)


def test_every_command_of_jobs_works(fresh: RunningStack) -> None:
    """An export is begun and looked at by the page's commands, with its own id in them."""
    shown = examples(fresh.ask("GET", "/api/docs").body.decode())
    made: dict[str, str] = {}
    for name in JOBS:
        command, said = shown[name]
        given = run(
            re.sub("/exports/[^/' ]+", f"/exports/{made.get('id')}", command), fresh.api_key
        )
        assert set(json.loads(given)) == set(json.loads(said)), name
        made = made or json.loads(given)


def test_it_is_where_people_are_told(fresh: RunningStack) -> None:
    """The stack prints where the documentation is, and the document is beside it."""
    assert f"{fresh.url}/api/docs" in "".join(fresh.lines)
    page = fresh.ask("GET", "/api/docs")
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert fresh.ask("HEAD", "/api/docs").body == b""
    assert fresh.ask("GET", "/api/v1/openapi.json").json["openapi"] == "3.1.0"
