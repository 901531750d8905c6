"""A real Chromium for the browser tests; whatever its console complains about fails the test."""

import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from tests.conftest import RunningStack


if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@dataclass
class Console:
    """What the pages complained about: errors, exceptions and CSP violations."""

    complaints: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)

    def expect(self, text: str) -> None:
        """Complaints with this text are part of the test (a browser logs each 4xx it fetches)."""
        self.expected.append(text)

    def listen(self, page: "Page") -> None:
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.complaints.append(f"exception: {error}"))

    def _hear(self, message: "ConsoleMessage") -> None:
        if message.type == "error" or "Content Security Policy" in message.text:
            self.complaints.append(message.text)

    @property
    def unexpected(self) -> list[str]:
        return [text for text in self.complaints if not any(one in text for one in self.expected)]


@contextmanager
def running_chromium() -> Iterator["Browser"]:
    """The distribution's Chromium."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        pytest.skip("Playwright is not installed: no browser test runs (make test installs it)")
    executable = next(filter(None, map(shutil.which, BROWSERS)), None)
    if executable is None:
        pytest.skip("Chromium is not installed: no browser test runs (apt-get install chromium)")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    """A browser that is ended after each file: its event loop would be in others' way."""
    with running_chromium() as running:
        yield running


@pytest.fixture
def console() -> Console:
    """Everything the test's pages complain about."""
    return Console()


@pytest.fixture
def context(browser: "Browser", console: Console) -> Iterator["BrowserContext"]:
    """A fresh profile that may use the clipboard; fails the test on unexpected complaints."""
    profile = browser.new_context(
        viewport={"width": 1280, "height": 800}, permissions=["clipboard-read", "clipboard-write"]
    )
    profile.set_default_timeout(10_000)
    profile.on("page", console.listen)
    yield profile
    profile.close()

    assert console.unexpected == []


@pytest.fixture
def page(context: "BrowserContext") -> "Page":
    """An empty page."""
    return context.new_page()


def draw() -> str:
    """A slug of the test's own: the stack is shared."""
    return f"t-{secrets.token_hex(5)}"


def make(stack: RunningStack, **fields: Any) -> str:
    """Create a link by the API; its slug."""
    body = {"destination": "https://example.com/page", "slug": draw(), **fields}
    answer = stack.api("POST", "/links", body)

    assert answer.status == 201, answer.body
    return str(answer.json["slug"])


def enter(page: "Page", stack: RunningStack, query: str = "") -> None:
    """Open the dashboard signed in, and wait for the list or what stands in its place."""
    page.goto(f"{stack.url}/{query}#key={stack.api_key}")
    page.wait_for_selector(".row, .blank")


def row(slug: str) -> str:
    """The selector of a link's row."""
    return f".row[data-slug='{slug}']"


def delete(page: "Page", slug: str) -> None:
    """Choose Delete in the menu of a row."""
    page.click(f"{row(slug)} button[aria-haspopup=menu]")
    page.click("[role=menuitem].danger")


def overflow(page: "Page") -> int:
    """How many pixels the page is wider than the screen."""
    return int(page.evaluate("document.documentElement.scrollWidth - innerWidth"))


def until(page: "Page", check: Callable[[], bool]) -> None:
    """Wait until it is so: the page's CSP refuses the polling Playwright would do in the page."""
    for _ in range(100):
        if check():
            return
        page.wait_for_timeout(50)
    pytest.fail("It did not come to pass within 5 seconds.")
