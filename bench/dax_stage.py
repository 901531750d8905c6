"""What `bench.dax` reads from: a table with one link, a cluster before it, and a socket's floor.

Each is a process of its own, so that CPU time is the reader's alone.
"""

import json
import os
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from chalicelib.core.links import Link
from chalicelib.store.links import LinkTable
from chalicelib.store.models import bind
from local.children import Child, listen, url_of
from local.settings import ROOT


REGION, TABLE, SLUG = "us-east-1", "everhop-bench", "bench"


class Stage(NamedTuple):
    """Where everything is."""

    endpoint: str  # of DAX
    controls: str
    floor: socket.socket

    def behave(self, fault: str) -> None:
        """Have all nodes of the cluster be wrong in this way."""
        body = json.dumps({"fault": fault}).encode()
        with urllib.request.urlopen(f"{self.controls}/faults", body) as answer:  # noqa: S310 - ours
            answer.read()


def getitem_over(endpoint: str) -> tuple[socket.socket, bytes]:
    """A bare connection to DAX, greeted, and the bytes that ask it for the link."""
    host, _, port = endpoint.removeprefix("dax://").partition(":")
    connection = socket.create_connection((host, int(port)))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    # Magic, no layering, no session, an empty map of who asks, no client mode.
    connection.sendall(b"\x67J7yne5G" + bytes.fromhex("00 f6 a0 00"))
    key = _cbor(3, f"link#{SLUG}".encode()) + b"link"
    return connection, GET_ITEM + _cbor(2, TABLE.encode()) + _cbor(2, key) + b"\xf6"


# The service, and the method's number; then come the table, the key, and no options.
GET_ITEM = b"\x01\x1a" + (263244906).to_bytes(4, "big")


def _cbor(kind: int, content: bytes) -> bytes:
    return bytes([kind << 5 | 24, len(content)]) + content


@contextmanager
def run_stage(folder: Path) -> Iterator[Stage]:
    """Start it all, with this process told where the table is; stop it at the end."""
    with ExitStack() as running:
        running.callback(os.environ.update, dict(os.environ))
        running.callback(os.environ.clear)
        table = _start(running, "local.database", str(folder), REGION, TABLE)
        os.environ |= {
            "AWS_ENDPOINT_URL_DYNAMODB": table,
            "AWS_ACCESS_KEY_ID": "bench",
            "AWS_SECRET_ACCESS_KEY": "bench",
            "AWS_DEFAULT_REGION": REGION,
        }
        _make_link()
        endpoint, controls = _start_dax(running, table)
        address = _start(running, "bench.dax_floor").removeprefix("http://").split(":")
        floor = running.enter_context(socket.create_connection((address[0], int(address[1]))))
        floor.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield Stage(endpoint, controls, floor)


def _make_link() -> None:
    now = datetime.now(UTC)
    made = {"created_at": now, "updated_at": now}
    link = Link(workspace="w", slug=SLUG, destination="https://example.com/spring", **made)
    LinkTable(bind(TABLE, REGION)).create(SLUG, link)


def _start(running: ExitStack, module: str, *words: str) -> str:
    listener = running.enter_context(listen())
    child = Child(module, listener, words)
    child.start()
    running.callback(child.stop)
    return url_of(listener)


def _start_dax(running: ExitStack, table: str) -> tuple[str, str]:
    command = [sys.executable, "-m", "local.dax", table, "--ports", "0", "0", "0"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    running.enter_context(process)
    running.callback(process.terminate)
    assert process.stdout  # noqa: S101 - for the type checker
    words = process.stdout.readline().split()  # DAX is ready: dax://..., controls http://...
    return words[3].rstrip(","), words[5]
