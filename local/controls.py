"""The control channel: how `python -m local COMMAND` acts on the stack that is running.

A port of its own on loopback, behind no public door. Each request bears a token that is drawn at
every start and kept with the data, for its owner's eyes only: a web page can reach the port, under
whichever name, but neither read the token nor send it.
"""

import asyncio
import http.client
import json
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from local.data import CONTROL_FILE, DataError, write_secret
from local.servers import Handler


Json = dict[str, Any]
# What a command does, given its words; its JSON is the answer.
Act = Callable[[Mapping[str, Any]], Awaitable[Json]]
PREFIX = "/_control/"
STATUS = "status"  # the act that tells what is up
TOKEN = "LOCAL_CONTROL_TOKEN"  # noqa: S105 - the variable that a process learns its token by
_MOST = 64 * 1024
_WITHIN = 10.0


class ControlError(Exception):
    """What was asked can't be done; the text is the sentence to print."""


@dataclass(frozen=True, slots=True)
class Channel:
    """Where a process takes commands, and the token that it wants with them."""

    url: str
    token: str = field(repr=False)


def draw_token() -> str:
    """Another for each start."""
    return secrets.token_urlsafe(32)


def publish(data: Path, channel: Channel) -> None:
    """Let the owner of the data find the channel; DataError when the disk refuses."""
    text = json.dumps({"url": channel.url, "token": channel.token})
    try:
        write_secret(data / CONTROL_FILE, text + "\n")
    except OSError as error:
        raise DataError(f"EVERHOP_DATA: {data} can't be written ({error.strerror}).") from None


def withdraw(data: Path) -> None:
    """Let nobody find it any more."""
    (data / CONTROL_FILE).unlink(missing_ok=True)


def find_channel(data: Path) -> Channel:
    """The channel of the stack that has its data there; ControlError when none runs."""
    try:
        said = json.loads((data / CONTROL_FILE).read_text(encoding="utf-8"))
        return Channel(said["url"], said["token"])
    except (OSError, ValueError, KeyError):
        raise ControlError(_nobody(data)) from None


def _nobody(data: Path) -> str:
    return f"no Everhop that has its data in {data} is running; start it with `make run`."


def command(data: Path, act: str, *, within: float = _WITHIN, **words: Any) -> Json:
    """What the running stack answers to a command; ControlError when it can't or won't."""
    try:
        return ask(find_channel(data), act, words, within)
    except ConnectionRefusedError:  # it ended too suddenly to withdraw
        raise ControlError(_nobody(data)) from None
    except (OSError, http.client.HTTPException) as error:
        raise ControlError(f"the running Everhop does not answer ({error}).") from None


def ask(channel: Channel, act: str, words: Mapping[str, Any], within: float = _WITHIN) -> Json:
    """One command; OSError or HTTPException when the answer does not come (in so many seconds)."""
    where = urlsplit(channel.url)
    connection = http.client.HTTPConnection(str(where.hostname), where.port, timeout=within)
    try:
        headers = {"Authorization": f"Bearer {channel.token}", "Content-Type": "application/json"}
        connection.request("POST", PREFIX + act, json.dumps(words), headers)
        response = connection.getresponse()
        said = json.loads(response.read())
    except ValueError:
        raise ControlError("the answer is none of Everhop's.") from None
    finally:
        connection.close()
    if response.status != 200:
        raise ControlError(str(said.get("error", response.status)))
    return dict(said)


def control_handler(token: str, acts: Mapping[str, Act]) -> Handler:
    """Answers commands; everything else, and who has not the token, is refused."""

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        refused = _refuse(request, token)
        if refused:
            return refused
        act = acts.get(request.path.removeprefix(PREFIX))
        if act is None:
            return _error(404, f"there is no such command; there are {', '.join(sorted(acts))}.")
        try:
            words = json.loads(await request.read() or b"{}")
            if isinstance(words, dict):
                return web.json_response(await act(words))
        except (ValueError, web.HTTPException):
            pass
        except ControlError as error:
            return _error(409, str(error))
        return _error(400, "the command can't be read.")

    return handle


def _refuse(request: web.BaseRequest, token: str) -> web.Response | None:
    # Pages send an Origin with every POST, and a rebound name in Host; no command of ours does.
    host = request.headers.get("Host", "").rpartition(":")[0]
    given = request.headers.get("Authorization", "").encode("utf-8", "surrogateescape")
    if host != "127.0.0.1" or "Origin" in request.headers:
        return _error(403, "commands come from this machine's own shell.")
    if not secrets.compare_digest(given, f"Bearer {token}".encode()):
        return _error(403, "commands need the token of the data folder.")
    if request.method != "POST" or (request.content_length or 0) > _MOST:
        return _error(400, "the command can't be read.")
    return None


def _error(status: int, text: str) -> web.Response:
    return web.json_response({"error": text}, status=status)


def hand_on(channels: Mapping[str, Channel], act: str, within: float = _WITHIN) -> Act:
    """Have the region that the words name, the first if they name none, do what was asked."""

    async def forward(words: Mapping[str, Any]) -> Json:
        region = str(words.get("region") or next(iter(channels), ""))
        if region not in channels:
            have = "has" if len(channels) == 1 else "have"
            others = f"{', '.join(channels)} {have}" if channels else "no region has"
            raise ControlError(f"{region or 'what was named'} has no such part here; {others}.")
        try:
            said = await asyncio.to_thread(ask, channels[region], act, words, within)
        except (OSError, http.client.HTTPException) as error:
            raise ControlError(f"{region} does not answer ({error}).") from None
        return {"region": region, **said}

    return forward
