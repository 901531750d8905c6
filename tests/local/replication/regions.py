"""Regions for tests: real processes of DynamoDB, each over its own file, that can be killed."""

import http.client
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from local.children import Child, listen, url_of
from local.controls import TOKEN, Channel, ControlError, ask, draw_token
from local.replication.commands import HEAL, LOOK, SET


TABLE = "replicated"
PATIENCE = 60.0  # seconds, on a busy machine


def until(what: Callable[[], Any]) -> Any:
    """What it says as soon as it is true."""
    deadline = time.monotonic() + PATIENCE
    while not (said := what()):
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.02)
    return said


class Region:
    """One region's DynamoDB in a process of its own."""

    def __init__(self, name: str, token: str) -> None:
        self.name = name
        self.listener = listen()
        self.url = url_of(self.listener)
        self.channel = Channel(self.url, token)
        self.child: Child | None = None

    def start(self, data: Path, others: list["Region"], api: str = "") -> None:
        peers = [word for one in others for word in ("--peer", f"{one.name}={one.url}")]
        words = [str(data), self.name, TABLE, "--api", api, *peers]
        self.child = Child(
            "local.database", self.listener, words, environ={TOKEN: self.channel.token}
        )
        self.child.start()

    def kill(self) -> None:
        """As when the power goes."""
        self.child.process.kill()
        self.child.process.wait()
        self.child.process.stdin.close()

    def start_again(self) -> None:
        self.child.start()

    def call(self, operation: str, **body: Any) -> tuple[int, dict[str, Any]]:
        """One call of DynamoDB: status and answer."""
        where = urlsplit(self.url)
        connection = http.client.HTTPConnection(str(where.hostname), where.port, timeout=PATIENCE)
        signed = f"AWS4-HMAC-SHA256 Credential=local/20261123/{self.name}/dynamodb/aws4_request"
        headers = {
            "X-Amz-Target": f"DynamoDB_20120810.{operation}",
            "Content-Type": "application/x-amz-json-1.0",
            "Authorization": f"{signed}, SignedHeaders=host, Signature=0",
        }
        try:
            connection.request("POST", "/", json.dumps(body), headers)
            response = connection.getresponse()
            return response.status, json.loads(response.read())
        finally:
            connection.close()

    def put(self, key: str, text: str, **more: Any) -> int:
        item = {"pk": {"S": key}, "sk": {"S": "link"}, "text": {"S": text}}
        status, said = self.call("PutItem", TableName=TABLE, Item={**item, **more})
        assert status == 200, said
        return status

    def delete(self, key: str) -> None:
        status, said = self.call("DeleteItem", TableName=TABLE, Key=key_of(key))
        assert status == 200, said

    def items(self) -> dict[str, str]:
        """All that a visitor of the region could see."""
        status, said = self.call("Scan", TableName=TABLE)
        assert status == 200, said
        return {it["pk"]["S"]: it["text"]["S"] for it in said["Items"]}

    def tell(self, act: str, words: Mapping[str, Any] | None = None) -> dict[str, Any]:
        return ask(self.channel, act, words or {}, within=PATIENCE)

    def look(self) -> dict[str, Any]:
        return self.tell(LOOK)

    def hears(self, other: "Region") -> dict[str, Any]:
        """How the direction from another one is."""
        return next(it for it in self.look()["replication"] if it["from"] == other.name)

    def set(self, **words: Any) -> dict[str, Any]:
        return self.tell(SET, words)

    def heal(self) -> None:
        self.tell(HEAL)


def key_of(key: str) -> dict[str, Any]:
    return {"pk": {"S": key}, "sk": {"S": "link"}}


@contextmanager
def running(data: Path, *names: str, api: str = "") -> Iterator[list[Region]]:
    """So many regions, each with the others as its peers."""
    token = draw_token()
    regions = [Region(name, token) for name in names]
    try:
        for region in regions:
            region.start(data, [one for one in regions if one is not region], api)
        for region in regions:
            until(lambda region=region: answers(region))
        yield regions
    finally:
        for region in regions:
            region.child.stop()
            region.listener.close()


def answers(region: Region) -> bool:
    try:
        return bool(region.look())
    except (OSError, ControlError, http.client.HTTPException):
        return False
