"""The schedule that keeps the edge warm, in a running stack and by itself."""

import asyncio
import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from local.schedules import call_always
from tests.conftest import RunningStack, start_stack


def wait_for(true: Callable[[], object]) -> None:
    until = time.monotonic() + 60
    while not true():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.1)


def test_every_region_is_called_again_and_one_that_is_gone_stops_no_other() -> None:
    """As Lambda's own API is called, with an event of EventBridge's."""
    called: list[tuple[str, str | None, str]] = []

    class Lambda(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            event = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            kind = self.headers["X-Amz-Invocation-Type"]
            called.append((self.path, kind, event["detail-type"]))
            self.send_response(202)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Lambda)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()

    async def scenario() -> None:
        urls = ["http://127.0.0.1:9", f"http://127.0.0.1:{server.server_port}"]
        going_on = asyncio.create_task(call_always(lambda: urls, every=0.01))
        await asyncio.to_thread(wait_for, lambda: len(called) > 2)
        going_on.cancel()

    asyncio.run(scenario())
    server.shutdown()
    server.server_close()
    path = "/2015-03-31/functions/everhop-local-warm/invocations"
    assert set(called) == {(path, "Event", "Scheduled Event")}


@pytest.mark.stack
def test_a_stack_that_keeps_warm_has_asked_for_the_dashboard(tmp_path: Path) -> None:
    """First after the start: whoever comes then finds the entry page's assets at the edge."""
    road = start_stack(
        tmp_path, EVERHOP_EDGE="on", EVERHOP_KEEP_WARM="1", EVERHOP_WARM_SLUGS="first"
    )
    try:
        wait_for(lambda: _rounds(road))
        (said,) = _rounds(road)
        assert said["region"] == "us-east-1"
        assert said["asked"] > 60
        assert said["failures"] == ["/first: 404"]  # it is not made yet
        asset = next(line.split()[1] for line in road.lines if line.startswith("200 /assets/"))
        taken = {"Accept_Encoding": "gzip, br"}
        assert "edge; hit" in road.ask("GET", asset, **taken).headers["Cache-Status"]
    finally:
        road.stop()


def _rounds(road: RunningStack) -> list[dict[str, object]]:
    text = (road.data / "requests-us-east-1.jsonl").read_text(encoding="utf-8")
    lines = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    return [line for line in lines if line.get("message") == "keep_warm"]
