"""A small real HTTP server that speaks the contract of imports, and fails as it is told to."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from chalicelib.core.errors import Invalid
from chalicelib.core.imports import read_sheet


ROOT = Path(__file__).resolve().parents[2]
KEY = "eh_key_of_the_tools"


@dataclass
class ImportServer:
    """What it has stored, what it was asked, and how it is to fail, one word per import request.

    `503` and `401` answer so; `forbidden` as Everhop does; `lose` stores and hangs up; `hang up` hangs up first; `cut` stores
    and answers half; `bye` answers and hangs up; `slow` takes a second; a number stops before that many rows; `fail` reports
    the first row as failed.
    """

    plans: list[str] = field(default_factory=list)
    links: dict[str, str] = field(default_factory=dict)
    requests: list[dict[str, Any]] = field(default_factory=list)
    drawn: int = 0
    url: str = ""
    lock: Any = field(default_factory=threading.Lock)

    def answer(self, text: str, query: dict[str, list[str]], plan: str) -> tuple[int, Any]:
        if plan.isdigit() and int(plan) > 400:
            return int(plan), {"status": int(plan), "detail": "As the test asked."}
        if plan == "forbidden":
            return 403, {"status": 403, "code": "forbidden", "detail": "As the test asked."}
        dry_run = query["dry_run"] == ["true"]
        try:
            rows = read_sheet(text, int(query["first_row"][0]), 1000).rows
        except Invalid as invalid:
            return 422, {"status": 422, "detail": str(invalid)}
        tried = rows[: int(plan)] if plan.isdigit() else rows
        reports = [self._store(row, dry_run, plan == "fail" and row is rows[0]) for row in tried]
        next_row = rows[len(tried)].number if len(tried) < len(rows) else None
        return 200, {"dry_run": dry_run, "rows": reports, "next_row": next_row}

    def _store(self, row: Any, dry_run: bool, failed: bool) -> dict[str, Any]:
        slug, errors = row.fields.get("slug"), []
        destination = row.fields["destination"]
        if failed:
            status, errors = "failed", [{"pointer": "", "detail": "The region does not answer."}]
        elif "://" not in destination:
            status, errors = "invalid", [{"pointer": "/destination", "detail": "No address."}]
        elif slug in self.links:
            status = "exists" if self.links[slug] == destination else "taken"
            errors = [] if status == "exists" else [{"pointer": "/slug", "detail": "In use."}]
        else:
            status = "ready" if dry_run else "created"
            self.drawn += slug is None
            slug = slug or f"drawn{self.drawn}"
            if not dry_run:
                self.links[slug] = destination
        short_url = f"{self.url}/{slug}"
        return {
            "row": row.number,
            "status": status,
            "slug": slug,
            "short_url": short_url,
            "errors": errors,
        }


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    state: ImportServer

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        self._send(200, {"status": "ok"})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with self.state.lock:
            plan = self.state.plans.pop(0) if self.state.plans else "ok"
            query = parse_qs(urlsplit(self.path).query)
            self.state.requests.append(
                {"headers": dict(self.headers), "query": query, "body": body}
            )
            if self.headers["Authorization"] != f"Bearer {KEY}":
                plan = "401"
            if plan == "hang up":
                self.close_connection = True
                return
            status, answer = self.state.answer(body.decode(), query, plan)
        if plan == "slow":
            time.sleep(1)
        if plan == "lose":
            self.close_connection = True
        else:
            self._send(status, answer, cut=plan == "cut")
            self.close_connection = self.close_connection or plan == "bye"

    def _send(self, status: int, answer: Any, *, cut: bool = False) -> None:
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if cut else body)
        self.close_connection = self.close_connection or cut


@pytest.fixture
def server() -> Iterator[ImportServer]:
    """The server, on a free port."""
    state = ImportServer()
    handler = type("Handler", (_Handler,), {"state": state})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        running.daemon_threads = True
        state.url = f"http://127.0.0.1:{running.server_address[1]}"
        thread = threading.Thread(target=running.serve_forever, args=(0.02,))
        thread.start()
        yield state
        running.shutdown()
        thread.join()


@dataclass
class Tools:
    """The real command, run in a folder of its own."""

    folder: Path
    environ: dict[str, str]

    def write(self, name: str, content: str | bytes) -> str:
        data = content if isinstance(content, bytes) else content.encode()
        (self.folder / name).write_bytes(data)
        return name

    def start(self, *arguments: str, **environ: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "tools", *arguments],
            cwd=self.folder,
            env={**self.environ, **environ},
            # A test run in the background ignores Ctrl-C, and its children would as well.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def run(self, *arguments: str, stdin: bytes = b"", **environ: str) -> Any:
        done = subprocess.run(
            [sys.executable, "-m", "tools", *arguments],
            cwd=self.folder,
            env={**self.environ, **environ},
            input=stdin,
            capture_output=True,
            timeout=600,
            check=False,
        )
        done.stdout, done.stderr = done.stdout.decode(), done.stderr.decode()
        return done


@pytest.fixture
def tools(tmp_path: Path) -> Tools:
    """Runs `python -m tools` with the key of the server above."""
    kept = {name: value for name, value in os.environ.items() if "EVERHOP" not in name}
    environ = {**kept, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", "EVERHOP_API_KEY": KEY}
    return Tools(tmp_path, environ)
