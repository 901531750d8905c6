"""The page of a link with a password, in Chromium: it leads on, elsewhere, without scripts."""

import re
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING

import pytest

from tests.browser.conftest import Console, enter, make, overflow, row
from tests.conftest import RunningStack


if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.stack, pytest.mark.browser]
FORM = {"Content_Type": "application/x-www-form-urlencoded"}
WORD = "Öffne dich, Sesam+&= 日本"


class Elsewhere(BaseHTTPRequestHandler):
    """A site of another origin, which remembers how it was asked."""

    asked: list[tuple[str, str, str | None]]

    def do_GET(self) -> None:
        self.asked.append((self.command, self.path, self.headers.get("Referer")))
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<title>arrived</title>")

    def log_message(self, *_: object) -> None:
        """Print nothing."""

    def __getattr__(self, name: str) -> object:
        # A POST, which a 308 would have made of the form, is remembered and not just refused.
        return self.do_GET if name == "do_POST" else super().__getattribute__(name)


@pytest.fixture
def elsewhere() -> Iterator[str]:
    """The address of another site."""
    Elsewhere.asked = []
    with ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://localhost:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize("status", [302, 308])
def test_it_leads_to_another_origin(
    page: "Page", stack: RunningStack, console: Console, elsewhere: str, status: int
) -> None:
    """A wrong password is told; the right one leads on by GET, with the query and no referrer."""
    slug = make(
        stack,
        destination=f"{elsewhere}/there",
        password=WORD,
        status=status,
        forward_query=True,
    )
    console.expect("403")
    page.goto(f"{stack.url}/{slug}?from='mail'&x=%22%3E")
    page.keyboard.type("wrong")
    page.keyboard.press("Enter")
    page.wait_for_selector("[role=alert]")

    assert "not the password" in page.inner_text("[role=alert]")
    assert page.locator("#password").get_attribute("aria-invalid") == "true"
    page.fill("#password", WORD)
    page.click("button")
    page.wait_for_url(re.compile("/there"))
    assert page.title() == "arrived"
    method, path, referrer = Elsewhere.asked[0]
    assert (method, referrer) == ("GET", None)
    assert path == "/there?from=%27mail%27&x=%22%3E"


def test_it_needs_no_script(browser: "Browser", stack: RunningStack, elsewhere: str) -> None:
    """With scripts off the preview's form works just as well."""
    slug = make(stack, destination=f"{elsewhere}/there", password=WORD)
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{stack.url}/{slug}+")
    page.fill("#password", WORD)
    page.click("button")
    page.wait_for_url(re.compile("/there"))
    context.close()

    assert Elsewhere.asked[0][1] == "/there"


@pytest.mark.parametrize("width", [320, 1280])
def test_it_fits(page: "Page", stack: RunningStack, width: int) -> None:
    """Nothing is cut off on a phone, and the field has the focus."""
    slug = make(stack, password=WORD)
    page.set_viewport_size({"width": width, "height": 700})
    page.goto(f"{stack.url}/{slug}")

    assert overflow(page) == 0
    assert page.evaluate("document.activeElement.id") == "password"
    assert page.get_by_label("Password").count() == 1


def edit(page: "Page", slug: str, **typed: str) -> None:
    """Open the edit dialog of a link and type into its fields."""
    page.click(f"{row(slug)} button[aria-label^=Edit]")
    page.wait_for_selector("fieldset.dialog-body:enabled")
    for name, text in typed.items():
        page.fill(f"dialog [name={name}]", text)


def submit(page: "Page") -> None:
    page.click("text=Save changes")
    page.wait_for_selector("dialog", state="detached")


def test_owners_set_and_remove_it(page: "Page", stack: RunningStack) -> None:
    """The dashboard gives a link a password and a limit, keeps them in other edits, removes them."""
    slug = make(stack)
    enter(page, stack)
    edit(page, slug, password="sesame", max_clicks="7")
    page.check("dialog [name=max_clicks_exact]")
    submit(page)
    link = stack.api("GET", f"/links/{slug}").json
    assert (link["has_password"], link["max_clicks"], link["max_clicks_exact"]) == (True, 7, True)

    edit(page, slug, title="Kept")
    assert page.input_value("dialog [name=password]") == ""
    assert "It has one" in page.inner_text("dialog [data-field=password]")
    submit(page)
    assert stack.ask("POST", f"/{slug}", b"password=sesame", **FORM).status == 303

    edit(page, slug, max_clicks="")
    page.click("dialog [data-field=password] >> text=Remove")
    assert "will be removed" in page.inner_text("dialog [data-field=password]")
    submit(page)
    link = stack.api("GET", f"/links/{slug}").json
    assert (link["has_password"], link["max_clicks"], link["title"]) == (False, None, "Kept")
