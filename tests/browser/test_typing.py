"""What is typed or pasted: it arrives where it should, and nothing that happens meanwhile loses it."""

from typing import TYPE_CHECKING

import pytest

from tests.browser.conftest import delete, draw, enter, make, row, until
from tests.conftest import RunningStack


if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

    from tests.browser.conftest import Console

pytestmark = [pytest.mark.stack, pytest.mark.browser]

FOCUSED = "document.activeElement.id || document.activeElement.name"


def hold(page: "Page", pattern: str, method: str) -> "list[Route]":
    """Hold back the requests of a method; the test lets each go on when it is time."""
    held: list[Route] = []
    page.route(
        pattern,
        lambda route: held.append(route) if route.request.method == method else route.continue_(),
    )
    return held


def test_focus_on_load(page: "Page", stack: RunningStack) -> None:
    """With a mouse at hand the destination has the focus, so typing and pasting go there."""
    enter(page, stack)
    page.keyboard.type("https://example.com/a/b")

    assert page.input_value("#destination") == "https://example.com/a/b"


def test_paste_anywhere(page: "Page", stack: RunningStack) -> None:
    """A paste while no field has the focus goes to the destination, and Enter then creates."""
    enter(page, stack)
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement === document.body")
    page.evaluate("navigator.clipboard.writeText(' https://example.com/pasted\\n')")
    page.keyboard.press("Control+V")
    assert page.input_value("#destination") == "https://example.com/pasted"
    page.keyboard.press("Enter")

    page.wait_for_selector(".result >> text=example.com/pasted")


def test_paste_into_a_field(page: "Page", stack: RunningStack) -> None:
    """A paste while a field has the focus stays in that field."""
    enter(page, stack)
    page.evaluate("navigator.clipboard.writeText('needle')")
    page.focus("#search")
    page.keyboard.press("Control+V")

    assert page.input_value("#search") == "needle"
    assert page.input_value("#destination") == ""


def test_typing_during_a_create(page: "Page", stack: RunningStack) -> None:
    """A slow answer neither clears the next address nor takes the focus from it."""
    slug = draw()
    enter(page, stack)
    held = hold(page, "**/api/v1/links", "POST")
    page.fill("#slug", slug)
    page.fill("#destination", "https://example.com/first")
    page.press("#destination", "Enter")
    until(page, lambda: bool(held))
    page.fill("#destination", "https://example.com/second")
    held[0].continue_()
    page.wait_for_selector(row(slug))
    page.wait_for_selector(".result")

    assert page.input_value("#destination") == "https://example.com/second"
    assert page.evaluate(FOCUSED) == "destination"


def test_searching_during_a_create(page: "Page", stack: RunningStack) -> None:
    """An answer that comes while something else has the focus leaves it there."""
    slug = draw()
    enter(page, stack)
    held = hold(page, "**/api/v1/links", "POST")
    page.fill("#slug", slug)
    page.fill("#destination", "https://example.com/first")
    page.press("#destination", "Enter")
    until(page, lambda: bool(held))
    page.focus("#search")
    held[0].continue_()
    page.wait_for_selector(".result")

    assert page.evaluate(FOCUSED) == "search"
    assert page.input_value("#destination") == ""


def test_edit_waits_for_its_answer(page: "Page", stack: RunningStack, console: "Console") -> None:
    """While an edit is saved nothing can be typed into it; when it fails the focus comes back."""
    console.expect("ERR_FAILED")
    slug = make(stack, title="Old")
    enter(page, stack)
    page.click(f"button[aria-label='Edit {slug}']")
    page.wait_for_selector("dialog fieldset:enabled")
    held = hold(page, f"**/api/v1/links/{slug}", "PATCH")
    page.fill("dialog [name=title]", "New")
    page.press("dialog [name=title]", "Enter")
    until(page, lambda: bool(held))
    page.keyboard.type(" and lost")
    assert page.is_disabled("dialog [name=title]")
    assert page.input_value("dialog [name=title]") == "New"
    for attempt in range(3):  # as often as a write is sent
        until(page, lambda attempt=attempt: len(held) > attempt)
        held[attempt].abort()
    page.wait_for_selector("dialog fieldset:enabled")

    until(page, lambda: page.evaluate(FOCUSED) == page.get_attribute("dialog [name=title]", "id"))


def test_undo_after_the_only_row(page: "Page", stack: RunningStack) -> None:
    """When the last row of the list is deleted, u brings it back and types nothing."""
    slug = make(stack)
    enter(page, stack, f"?q={slug}")
    delete(page, slug)
    page.wait_for_selector(".toast kbd >> text=u")
    page.keyboard.press("u")
    page.wait_for_selector(row(slug))

    assert page.input_value("#search") == slug


def test_undo_keys_in_fields(page: "Page", stack: RunningStack) -> None:
    """In a field u types; Ctrl+Z undoes the typing where there is some, else the delete."""
    slug = make(stack)
    enter(page, stack)
    delete(page, slug)
    page.wait_for_selector(row(slug), state="detached")
    page.focus("#slug")
    page.keyboard.type("u")
    page.keyboard.press("Control+Z")
    assert page.input_value("#slug") == ""
    assert page.locator(row(slug)).count() == 0
    page.focus("#destination")
    page.keyboard.press("Control+Z")

    page.wait_for_selector(row(slug))


def test_titles_are_said_to_be_public(page: "Page", stack: RunningStack) -> None:
    """The form says where a title is shown, which is what the preview page does."""
    slug = make(stack, title="Seen by all")
    enter(page, stack)
    page.click("text=More options")
    said = page.inner_text("[data-field=title]") + str(
        page.get_attribute("[name=title]", "placeholder")
    )

    assert "preview page" in said
    assert "Seen by all" in stack.ask("GET", f"/{slug}+").body.decode()


def test_long_titles_on_a_phone(page: "Page", stack: RunningStack) -> None:
    """A title of 200 characters takes one line of a card."""
    slug = make(stack, title="Words " * 33)
    page.set_viewport_size({"width": 390, "height": 740})
    enter(page, stack)
    box = page.locator(f"{row(slug)} .title").bounding_box()

    assert box is not None
    assert box["height"] < 30
