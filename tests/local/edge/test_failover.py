"""The first region's process frozen and then killed under load: visitors are still led on."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from local.children import listen, url_of
from tests.local.edge.kit import running, template


REGION = """
import asyncio, socket, sys
from aiohttp import web
from local.servers import serve_until_stopped
async def answer(request):
    said = "max-age=0, s-maxage=60" if request.path == "/kept" else "no-store"
    return web.Response(status=302, headers={"Location": sys.argv[2], "Cache-Control": said})
asyncio.run(serve_until_stopped(answer, socket.socket(fileno=int(sys.argv[1]))))
"""
RATE, SECONDS = 200, 0.8


@contextmanager
def region(name: str) -> Iterator[tuple[subprocess.Popen, str]]:
    """A region as a process of its own, that can be stopped from outside."""
    listener = listen()
    command = [sys.executable, "-c", REGION, str(listener.fileno()), f"https://{name}.test/"]
    process = subprocess.Popen(command, pass_fds=[listener.fileno()])
    try:
        url = url_of(listener)
        with socket.create_connection(listener.getsockname(), timeout=20) as wire:
            wire.sendall(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            assert wire.recv(100)  # it is up
        listener.close()  # when the process is gone, so is who listens
        yield process, url
    finally:
        process.kill()
        process.wait()


async def load(site, names: str) -> list[tuple[int, str, str, bool]]:
    """So many requests a second, each begun at its own time, every tenth for what is kept."""

    async def one(number: int):
        await asyncio.sleep(number / RATE)
        is_kept = number % 10 == 0
        target = "/kept" if is_kept else f"/{names}{number}"
        status, headers, _ = await site.ask(target)
        return status, headers.get("location", ""), headers["x-cache"], is_kept

    return await asyncio.gather(*(one(number) for number in range(round(RATE * SECONDS))))


def test_every_redirect_is_answered_while_the_first_region_is_frozen_and_after_it_is_killed():
    async def scenario(first: subprocess.Popen, addresses: dict[str, str]) -> None:
        async with running(template(), {}, addresses=addresses) as site:
            assert (await site.ask("/kept"))[1]["location"] == "https://one.test/"
            healthy = await load(site, "a")
            os.kill(first.pid, signal.SIGSTOP)
            frozen = await load(site, "b")
            first.kill()
            first.wait()
            killed = await load(site, "c")
        every = healthy + frozen + killed
        assert [one for one in every if one[0] != 302] == []
        assert {to for _, to, _, is_kept in healthy if not is_kept} == {"https://one.test/"}
        for faulty in (frozen, killed):
            assert {to for _, to, _, is_kept in faulty if not is_kept} == {"https://two.test/"}
        # What is kept waits for no region: it is answered where it lies.
        assert {how for _, _, how, is_kept in every if is_kept} == {"Hit from cloudfront"}
        assert {to for _, to, _, is_kept in every if is_kept} == {"https://one.test/"}

    with region("one") as (first, one), region("two") as (_, two):
        asyncio.run(scenario(first, {"one": one, "two": two}))
