"""Regions hear of each log file, also those that were away when it came."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from local.edge.log_events import FUNCTION, LogEvents


class Region:
    """A region's API that takes events, or refuses them for a while."""

    def __init__(self) -> None:
        self.status = 202
        self.told: list[tuple[str, Any]] = []
        region = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if region.status == 202:
                    region.told.append((self.path, json.loads(body)))
                assert self.headers["X-Amz-Invocation-Type"] == "Event"
                self.send_response(region.status)
                self.end_headers()

            def log_message(self, *_: Any) -> None: ...

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def regions() -> Iterator[tuple[Region, Region]]:
    both = Region(), Region()
    yield both
    for one in both:
        one.server.shutdown()
        one.server.server_close()


def keys(region: Region) -> list[str]:
    return [event["Records"][0]["s3"]["object"]["key"] for _, event in region.told]


def test_every_region_is_told_of_each_file_in_the_end(regions: tuple[Region, Region]) -> None:
    """What one could not take is told again, to it alone; what S3 did not take, to nobody."""
    here, away = regions
    away.status = 503
    events, stored = LogEvents("logs", [here.url, away.url]), {}
    put = events.noting(stored.__setitem__)
    put("edge/E1 ä.gz", b"1")
    assert events.tell() == 1
    put("edge/E2.gz", b"2")
    assert events.tell() == 2
    away.status = 202
    assert events.tell() == 0
    assert events.tell() == 0

    def full(_key: str, _data: bytes) -> None:
        raise OSError("full")

    with pytest.raises(OSError, match="full"):
        events.noting(full)("edge/E3.gz", b"")
    assert events.tell() == 0
    assert list(stored) == ["edge/E1 ä.gz", "edge/E2.gz"]
    assert keys(here) == keys(away) == ["edge/E1+%C3%A4.gz", "edge/E2.gz"]
    assert {path for path, _ in here.told} == {f"/2015-03-31/functions/{FUNCTION}/invocations"}
