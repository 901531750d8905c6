"""Who is signed in: a key that stops working, another tab that signs out, a bad key in the address."""

from typing import TYPE_CHECKING

import pytest

from tests.browser.conftest import delete, draw, enter, make, row, until
from tests.conftest import RunningStack


if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.browser.conftest import Console

pytestmark = [pytest.mark.stack, pytest.mark.browser]

EVERY_CALL = "**/api/v1/**"


def revoke(page: "Page") -> None:
    """From now on the API answers as it does to a revoked key."""
    problem = {"status": 401, "code": "unauthorized", "title": "No", "detail": "No such key."}
    page.route(
        EVERY_CALL,
        lambda route: route.fulfill(
            status=401, json=problem, headers={"Content-Type": "application/problem+json"}
        ),
    )


def sign_in(page: "Page", stack: RunningStack) -> None:
    """Sign in again by the form, with a key that works."""
    page.wait_for_selector("[role=alert] >> text=Sign in again")
    page.unroute(EVERY_CALL)
    page.fill("#key", stack.api_key)
    page.keyboard.press("Enter")
    page.wait_for_selector(".topbar")


def choose(page: "Page", slug: str, item: str) -> None:
    """Choose an item in the menu of a row."""
    page.click(f"{row(slug)} button[aria-haspopup=menu]")
    page.click(f"[role=menuitem] >> text={item}")


def test_create_with_a_revoked_key(page: "Page", stack: RunningStack, console: "Console") -> None:
    """The sign-in screen says why; the address that was typed is there after it, and no error."""
    console.expect("status of 401")
    enter(page, stack)
    revoke(page)
    page.fill("#destination", "https://example.com/kept")
    page.keyboard.press("Enter")
    sign_in(page, stack)

    assert page.input_value("#destination") == "https://example.com/kept"
    assert page.locator(".form-error").count() == 0


def test_edit_with_a_revoked_key(page: "Page", stack: RunningStack, console: "Console") -> None:
    """After signing in again the dialog is back with what was typed, and it can be saved."""
    console.expect("status of 401")
    slug = make(stack, title="Old")
    enter(page, stack)
    page.click(f"button[aria-label='Edit {slug}']")
    page.wait_for_selector("dialog fieldset:enabled")
    revoke(page)
    page.fill("dialog [name=title]", "Typed")
    page.click("text=Save changes")
    sign_in(page, stack)
    page.wait_for_selector("dialog fieldset:enabled")
    assert page.input_value("dialog [name=title]") == "Typed"
    page.click("text=Save changes")
    page.wait_for_selector("dialog", state="detached")

    assert stack.api("GET", f"/links/{slug}").json["title"] == "Typed"


@pytest.mark.parametrize("item", ["Disable", "Archive", "Delete"])
def test_a_row_with_a_revoked_key(
    page: "Page", stack: RunningStack, console: "Console", item: str
) -> None:
    """Whatever is done from a row leads to the sign-in screen, and was not done."""
    console.expect("status of 401")
    slug = make(stack)
    enter(page, stack)
    revoke(page)
    choose(page, slug, item)
    if item == "Delete":
        page.click("button[aria-label='Close and delete now']")
    sign_in(page, stack)

    page.wait_for_selector(f"{row(slug)}[data-state=active]")


def test_sign_out_in_another_tab(page: "Page", stack: RunningStack) -> None:
    """A key that is kept on the device is given up by every tab that uses it."""
    page.goto(stack.url)
    page.fill("#key", stack.api_key)
    page.check("[name=keep]")
    page.keyboard.press("Enter")
    page.wait_for_selector(".topbar")
    other = page.context.new_page()
    other.goto(stack.url)
    other.click("text=Sign out")

    page.wait_for_selector("#key")


def test_own_key_outlives_another_tab(page: "Page", stack: RunningStack) -> None:
    """A tab that was signed in for itself stays so when another one signs out."""
    enter(page, stack)
    other = page.context.new_page()
    enter(other, stack)
    other.click("text=Sign out")
    other.wait_for_selector("#key")
    page.reload()

    page.wait_for_selector(".topbar")


def test_a_bad_key_in_the_address(page: "Page", stack: RunningStack, console: "Console") -> None:
    """It is refused with a sentence, leaves the address bar, and the session goes on."""
    console.expect("status of 401")
    slug = make(stack)
    enter(page, stack)
    page.goto("about:blank")
    page.goto(f"{stack.url}/#key=eh_wrong")
    page.wait_for_selector(".toast >> text=was not accepted")
    page.wait_for_selector(row(slug))
    assert page.url == f"{stack.url}/"
    page.reload()

    page.wait_for_selector(row(slug))


def test_a_bad_key_and_no_session(page: "Page", stack: RunningStack, console: "Console") -> None:
    """Without a session to go back to, a bad key in the address leads to the sign-in screen."""
    console.expect("status of 401")
    page.goto(f"{stack.url}/#key={draw()}")

    page.wait_for_selector("[role=alert] >> text=Sign in again")


def test_signing_out_sends_what_was_held_back(page: "Page", stack: RunningStack) -> None:
    """A delete that could still be undone is sent with the key it was made with."""
    slug = make(stack)
    enter(page, stack)
    delete(page, slug)
    page.click("text=Sign out")
    page.wait_for_selector("#key")

    until(page, lambda: stack.ask("GET", f"/{slug}").status == 410)
    assert page.locator(".toast, .form-error").count() == 0


def test_the_sign_in_screen_claims_nothing(page: "Page", stack: RunningStack) -> None:
    """The sign-in screen does not speak of regions: one machine has none."""
    page.goto(stack.url)
    page.wait_for_selector(".signin")

    assert "region" not in page.inner_text(".signin")
