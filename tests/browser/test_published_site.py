"""The dashboard as it is published, in a real browser: names with hashes, under the site's CSP."""

import http.client
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from infra.site_builds import ENTRY, Site, build_site, read_site
from local.templates import site_headers
from tests.browser.conftest import make, row
from tests.conftest import RunningStack


if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.stack, pytest.mark.browser]


def serve(site: Site, api: RunningStack) -> ThreadingHTTPServer:
    """A plain server of these files and no others; only the API is the stack's."""

    class Handler(BaseHTTPRequestHandler):
        asked: list[str] = []  # noqa: RUF012

        def do_GET(self) -> None:
            if self.path.startswith("/api/"):
                self._pass_on()
                return
            path = self.path.partition("?")[0].lstrip("/") or ENTRY
            self.asked.append(path)
            file = site.by_key.get(path)
            self.send_response(200 if file else 404)
            if file:
                sent = {"Content-Type": file.kind, "Cache-Control": file.kept, **site_headers()}
                for name, value in sent.items():
                    self.send_header(name, value)
            self.end_headers()
            self.wfile.write(file.body if file else b"")

        def _pass_on(self) -> None:
            parts = urlsplit(api.url)
            connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=30)
            key = self.headers.get("Authorization", "")
            connection.request("GET", self.path, headers={"Authorization": key})
            answer = connection.getresponse()
            body = answer.read()
            connection.close()
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.headers["Content-Type"])
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        request_queue_size = 128  # a page asks for all its modules at once

    return Server(("127.0.0.1", 0), Handler)


@pytest.fixture
def published(stack: RunningStack) -> Iterator[ThreadingHTTPServer]:
    """The published dashboard before the shared stack's API."""
    server = serve(build_site(read_site()), stack)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


# The server comes first, so that it ends after the page that still asks it.
def test_the_published_dashboard_works(
    published: ThreadingHTTPServer, page: "Page", stack: RunningStack
) -> None:
    """Signing in by the form, the list, a dialog; nothing is missing and nothing complains."""
    slug = make(stack)
    page.goto(f"http://127.0.0.1:{published.server_port}/?q={slug}")
    page.fill("#key", stack.api_key)
    page.keyboard.press("Enter")
    page.wait_for_selector(row(slug))
    page.click(f"{row(slug)} button[aria-haspopup=menu]")
    page.wait_for_selector("[role=menuitem]")
    rules = page.evaluate("[...document.styleSheets].map((sheet) => sheet.cssRules.length)")
    assert len(rules) == sum(name.endswith(".css") for name in read_site())
    assert all(rules)
    asked = published.RequestHandlerClass.asked  # type: ignore[attr-defined]
    site = build_site(read_site())
    assert [it for it in asked if it not in site.by_key] == []
    assert {it.key for it in site.files if it.key.endswith("js")} <= set(asked)
