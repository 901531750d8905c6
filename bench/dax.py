"""`python -m bench.dax`: what a GetItem through the local DAX takes, against a bare socket."""

import argparse
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

from amazondax import AmazonDaxClient
from botocore.config import Config

from bench.figures import Figure, percentile, write_table
from local.dax.cbor import dumps


ROUNDS = 9
BAR = 2.5
BARRED = "GetItem, its bytes, p50 ms"  # AWS's client spends most of its call on its own Python
TABLE = "links"
KEY = {"pk": {"S": "link#promo"}, "sk": {"S": "link"}}
REQUEST = dumps(1, 263244906, TABLE.encode(), dumps("link#promo") + b"link", None)
GREETING = dumps("J7yne5G", 0, None, {"UserAgent": "bench"}, 0)
Call = Callable[[], object]


@contextmanager
def servers() -> Iterator[tuple[int, int]]:
    """The ports of a bare server and of a DAX, in one process of their own."""
    command = [sys.executable, "-m", "bench.dax_servers"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    if not process.stdin or not process.stdout:
        sys.exit("bench: no servers.")
    bare, dax = process.stdout.readline().split()
    yield int(bare), int(dax)
    process.stdin.close()
    process.wait(10)


def socket_call(port: int, greeting: bytes) -> tuple[Call, socket.socket]:
    """Sends the request's bytes, and waits for an answer of any bytes."""
    connection = socket.create_connection(("127.0.0.1", port))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.sendall(greeting)

    def call() -> bytes:
        connection.sendall(REQUEST)
        return connection.recv(65536)

    return call, connection


def client(port: int) -> Any:
    """AWS's client for Python."""
    return AmazonDaxClient(
        endpoint_url=f"dax://127.0.0.1:{port}",
        region_name="us-east-1",
        aws_access_key_id="bench",
        aws_secret_access_key="bench",  # noqa: S106 - no server here knows any
        config=Config(retries={"max_attempts": 0}),
    )


def p50(call: Call, seconds: float) -> float:
    """The median of as many calls as fit, in milliseconds."""
    taken, until = [], time.perf_counter() + seconds
    while (started := time.perf_counter()) < until:
        call()
        taken.append(time.perf_counter() - started)
    return 1000 * percentile(taken, 50)


def measure(seconds: float) -> list[Figure]:
    """The figures, each round of all three in turn."""
    with servers() as (bare_port, dax_port), closing(client(dax_port)) as dax:
        bare, one = socket_call(bare_port, b"")
        wire, other = socket_call(dax_port, GREETING)
        calls: dict[str, Call] = {
            "bare socket": bare,
            BARRED: wire,
            "GetItem, AWS's client, p50 ms": lambda: dax.get_item(TableName=TABLE, Key=KEY),
        }
        for call in calls.values():
            p50(call, 0.2)  # the cache is filled, and Python has met the code
        share = seconds / ROUNDS / len(calls)
        rounds = [{name: p50(call, share) for name, call in calls.items()} for _ in range(ROUNDS)]
        one.close()
        other.close()
    floor = tuple(one["bare socket"] for one in rounds)
    return [Figure(name, tuple(one[name] for one in rounds), floor) for name in [*calls][1:]]


def main() -> None:
    """Measure and print; exit 1 when the bar is missed."""
    parser = argparse.ArgumentParser(prog="python -m bench.dax", description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0, help="how long to measure (10)")
    figures = measure(parser.parse_args().seconds)
    print(write_table(figures, ("local DAX", "bare socket")))
    print(f"ratio = local DAX / bare socket, median of pairs. The server may take {BAR}x.")
    if any(one.name == BARRED and (one.ratio or 0) > BAR for one in figures):
        sys.exit(f"bench: over the bar: {BARRED}")


if __name__ == "__main__":
    main()
