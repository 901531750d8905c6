"""The control channel does what its owner's shell says, and nothing that a web page can send."""

import asyncio
import http.client
import json
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from local.children import listen, url_of
from local.controls import (
    PREFIX,
    Channel,
    ControlError,
    Json,
    ask,
    command,
    control_handler,
    draw_token,
    find_channel,
    hand_on,
    publish,
    withdraw,
)
from local.servers import start_server


class Process:
    """A process that takes commands, in a thread of its own; what it was told to do is in `done`."""

    def __init__(self) -> None:
        self.done: list[Json] = []
        self.listener = listen()
        self.channel = Channel(url_of(self.listener), draw_token())
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self._serve)
        self.thread.start()

    async def _note(self, words: Mapping[str, Any]) -> Json:
        if words.get("impossible"):
            raise ControlError("that can't be done.")
        self.done.append(dict(words))
        return {"noted": len(self.done)}

    async def _hand_on(self, words: Mapping[str, Any]) -> Json:
        return await hand_on({"us-east-1": self.channel}, "note")(words)

    def _serve(self) -> None:
        acts = {"note": self._note, "forward": self._hand_on}
        handler = control_handler(self.channel.token, acts)
        runner = self.loop.run_until_complete(start_server(handler, self.listener))
        self.loop.run_forever()
        self.loop.run_until_complete(runner.cleanup())

    def close(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()


@pytest.fixture(scope="module")
def process() -> Iterator[Process]:
    running = Process()
    yield running
    running.close()


def test_the_owner_is_obeyed(process: Process, tmp_path: Path) -> None:
    """Who can read the data folder finds the channel, and only they can read it."""
    publish(tmp_path, process.channel)

    assert find_channel(tmp_path) == process.channel
    assert (tmp_path / "control.json").stat().st_mode & 0o077 == 0
    assert command(tmp_path, "note", region="x")["noted"] == len(process.done)
    assert process.done[-1] == {"region": "x"}
    assert process.channel.token not in repr(process.channel)
    with pytest.raises(ControlError, match=r"that can't be done\."):
        command(tmp_path, "note", impossible=True)
    with pytest.raises(ControlError, match="no such command; there are forward, note"):
        command(tmp_path, "nope")


def test_a_command_goes_on_to_its_region(process: Process) -> None:
    """The one that is named, or the first; one that does not run is told from those that do."""
    said = ask(process.channel, "forward", {"region": "us-east-1", "size": "6.1"})
    assert said["region"] == "us-east-1"
    assert process.done[-1]["size"] == "6.1"
    assert ask(process.channel, "forward", {})["region"] == "us-east-1"
    with pytest.raises(ControlError, match="mars-1 has no such part here; us-east-1 has"):
        ask(process.channel, "forward", {"region": "mars-1"})


def test_when_nothing_runs(process: Process, tmp_path: Path) -> None:
    """Before a start, after an end, and after an end that was too sudden to tidy up."""
    for _ in ("before", "after"):
        with pytest.raises(ControlError, match="start it with `make run`"):
            command(tmp_path, "note")
        publish(tmp_path, process.channel)
        withdraw(tmp_path)
    gone = listen()
    publish(tmp_path, Channel(url_of(gone), "any"))
    gone.close()
    with pytest.raises(ControlError, match="start it with `make run`"):
        command(tmp_path, "note")


def test_a_process_that_is_silent_is_not_waited_for(tmp_path: Path) -> None:
    """It is said so, in a sentence."""
    silent = listen()
    with pytest.raises(TimeoutError):
        ask(Channel(url_of(silent), "any"), "note", {}, within=0.1)
    silent.close()


PAGE = {"Content-Type": "text/plain", "Sec-Fetch-Site": "cross-site"}
SENT: list[tuple[str, dict[str, str], int]] = [
    ("a form or script of any page", {"Origin": "https://evil.test", **PAGE}, 403),
    ("one that guesses", {"Authorization": "Bearer guessed"}, 403),
    ("one with the token, from a page", {"Origin": "http://127.0.0.1:8080", "token": ""}, 403),
    ("a name that was bound to this machine", {"Host": "evil.test:80", "token": ""}, 403),
    ("one without a token", {}, 403),
    ("another scheme", {"Authorization": "Basic x"}, 403),
    ("no ASCII", {"Authorization": "Bearer \xe9"}, 403),
    ("too much", {"Content-Length": "70000", "token": ""}, 400),
]


@pytest.mark.parametrize(("who", "headers", "status"), SENT, ids=[who for who, *_ in SENT])
def test_others_are_refused(
    process: Process, who: str, headers: dict[str, str], status: int
) -> None:
    """Nothing is done, and no header lets a page read why."""
    before = len(process.done)
    sent = dict(headers)
    if sent.pop("token", None) is not None:
        sent["Authorization"] = f"Bearer {process.channel.token}"
    answered = raw(process, "POST", "note", sent)

    assert answered.status == status, who
    assert len(process.done) == before
    assert not [name for name in answered.headers if name.lower().startswith("access-control")]


def test_only_a_post_is_a_command(process: Process) -> None:
    """A picture or a link of a page can't be one, nor a preflight; and JSON must be JSON."""
    owner = {"Authorization": f"Bearer {process.channel.token}"}
    before = len(process.done)

    assert raw(process, "GET", "note", owner).status == 400
    assert raw(process, "OPTIONS", "note", {"Origin": "https://evil.test"}).status == 403
    assert raw(process, "POST", "note", owner, b"{").status == 400
    assert raw(process, "POST", "note", owner, b"[1]").status == 400
    assert len(process.done) == before


def raw(
    process: Process, method: str, act: str, headers: dict[str, str], body: bytes = b"{}"
) -> http.client.HTTPResponse:
    """One request as anybody on this machine can send it."""
    where = urlsplit(process.channel.url)
    connection = http.client.HTTPConnection(str(where.hostname), where.port, timeout=5)
    connection.request(method, PREFIX + act, body, headers)
    response = connection.getresponse()
    assert "error" in json.loads(response.read())
    connection.close()
    return response
