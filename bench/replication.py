"""`python -m bench.replication`: what the log of changes costs, and how fast regions follow.

Writes go straight to a region's DynamoDB: what the API adds would hide what the log costs.
"""

import argparse
import http.client
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from bench.figures import Figure, write_table
from local.children import Child, free_ports, listen, url_of
from local.controls import TOKEN, Channel, ask, draw_token
from local.replication.commands import LOOK, SET


HERE, THERE, TABLE = "us-east-1", "eu-west-1", "everhop-bench"
# Short rounds in turn: what else the machine does falls on both of a pair.
ROUNDS, WRITES = 100, 20
_SIGNED = f"AWS4-HMAC-SHA256 Credential=b/20260101/{HERE}/dynamodb/aws4_request, SignedHeaders=host"
_HEADERS = {
    "X-Amz-Target": "DynamoDB_20120810.PutItem",
    "Content-Type": "application/x-amz-json-1.0",
    "Authorization": f"{_SIGNED}, Signature=0",
}


class Database:
    """A region's DynamoDB, and one connection to it."""

    def __init__(self, folder: Path, region: str, token: str) -> None:
        folder.mkdir(exist_ok=True)
        self.listener = listen()
        self.region, self.folder = region, folder
        self.channel = Channel(url_of(self.listener), token)
        self.connection = http.client.HTTPConnection(*self.listener.getsockname(), timeout=60)
        self._next = 0

    @contextmanager
    def run(self, *peers: str) -> Iterator[None]:
        """Run it with these peers, REGION=URL."""
        words = [word for peer in peers for word in ("--peer", peer)]
        arguments = [str(self.folder), self.region, TABLE, *words]
        environ = {TOKEN: self.channel.token}
        child = Child("local.database", self.listener, arguments, environ=environ)
        child.start()
        try:
            ask(self.channel, LOOK, {}, within=60)
            yield
        finally:
            self.connection.close()
            child.stop()

    def write(self, count: int) -> float:
        """Write so many links, one after the other; links a second."""
        started = time.perf_counter()
        for _ in range(count):
            self._next += 1
            self.connection.request("POST", "/", _request(self._next), _HEADERS)
            response = self.connection.getresponse()
            if b"__type" in response.read() or response.status != 200:
                sys.exit(f"bench: a write was answered {response.status}")
        return count / (time.perf_counter() - started)

    def hears(self) -> dict[str, Any]:
        """How the direction to it is."""
        return dict(ask(self.channel, LOOK, {}, within=60)["replication"][0])


def _request(number: int) -> str:
    texts = {
        "pk": f"link#bench-{number}",
        "sk": "link",
        "slug": f"bench-{number}",
        "destination": f"https://example.com/{'path/' * 20}{number}",
        "title": "A link of the bench",
        "workspace": "default",
        "list_key": "default",
        "list_sort": f"{number:012d}",
        "created_at": "2026-11-23T12:00:00.000000+0000",
        "updated_at": "2026-11-23T12:00:00.000000+0000",
    }
    item = {name: {"S": text} for name, text in texts.items()}
    condition = "attribute_not_exists(pk)"
    return json.dumps({"TableName": TABLE, "Item": item, "ConditionExpression": condition})


def measure_log(folder: Path, rounds: int, writes: int) -> Figure:
    """Writes a second with the log and without, in turn: who reads it is away."""
    (nowhere,) = free_ports(1)
    token = draw_token()
    bare, logging = Database(folder / "bare", HERE, token), Database(folder / "log", HERE, token)
    with bare.run(), logging.run(f"{THERE}=http://127.0.0.1:{nowhere}"):
        for one in (bare, logging):
            one.write(writes)
        pairs = [(logging.write(writes), bare.write(writes)) for _ in range(rounds)]
    with_log, without = zip(*pairs, strict=True)
    return Figure("writes/s, the log", with_log, without)


def measure_following(folder: Path, writes: int) -> tuple[float, float]:
    """Writes a second while another region follows; changes a second when it catches up."""
    token = draw_token()
    here, there = (Database(folder / name, name, token) for name in (HERE, THERE))
    peers = [f"{one.region}={one.channel.url}" for one in (here, there)]
    with here.run(peers[1]), there.run(peers[0]):
        here.write(writes)
        followed = here.write(writes)
        _until_equal(there)
        ask(there.channel, SET, {"paused": True}, within=60)
        here.write(writes)
        before = there.hears()["applied"]
        started = time.perf_counter()
        ask(there.channel, SET, {"paused": False}, within=60)
        while there.hears()["applied"] < before + writes:
            time.sleep(0.005)
        return followed, writes / (time.perf_counter() - started)


def _until_equal(there: Database) -> None:
    while there.hears()["behind"] != 0 or there.hears()["lag"] != 0:
        time.sleep(0.05)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.replication", description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"of writes ({ROUNDS})")
    parser.add_argument("--writes", type=int, default=WRITES, help=f"in each round ({WRITES})")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="everhop-bench-") as folder:
        figure = measure_log(Path(folder), options.rounds, options.writes)
        followed, caught_up = measure_following(Path(folder), 25 * options.writes)
    print(write_table([figure], ("with", "without")))
    print(f"while a region follows: {followed:.0f} writes/s, of {median(figure.everhop):.0f}")
    print(f"catching up after a pause: {caught_up:.0f} changes/s")


if __name__ == "__main__":
    main()
