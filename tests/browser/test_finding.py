"""Finding links again: what the server found is shown, and the Back button goes back."""

from typing import TYPE_CHECKING

import pytest

from tests.browser.conftest import draw, enter, make, row
from tests.conftest import RunningStack


if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.stack, pytest.mark.browser]

PRESSED = ".tabs [aria-pressed=true]"


def test_search_folds_letters(page: "Page", stack: RunningStack) -> None:
    """What the server finds for case-folded text is shown: strasse finds Straße."""
    mark = draw()
    slug = make(stack, title=f"{mark} Straße der Züge")
    enter(page, stack)
    page.fill("#search", f"{mark} strasse")
    page.wait_for_url("**/?q=*")
    page.wait_for_selector(".links[aria-busy=false], .blank")

    assert page.locator(row(slug)).count() == 1


def test_an_edit_keeps_its_row(page: "Page", stack: RunningStack) -> None:
    """A link that was found stays in sight when an edit takes the searched word out of it."""
    mark = draw()
    slug = make(stack, title=mark)
    enter(page, stack, f"?q={mark}")
    page.click(f"button[aria-label='Edit {slug}']")
    page.wait_for_selector("dialog fieldset:enabled")
    page.fill("dialog [name=title]", "Something else")
    page.click("text=Save changes")
    page.wait_for_selector("dialog", state="detached")

    assert page.inner_text(f"{row(slug)} .title") == "Something else"


def test_back_leaves_a_tab_and_a_tag(page: "Page", stack: RunningStack) -> None:
    """Back goes from the archive to the list, and from a tag to all links; a search adds no step."""
    tag = draw()
    tagged, other = make(stack, tags=[tag]), make(stack)
    enter(page, stack)
    page.click(f"{row(tagged)} .tag")
    page.wait_for_selector(row(other), state="detached")
    page.fill("#search", tagged)
    page.wait_for_url("**q=*")
    page.click("text=Archived")
    assert page.inner_text(PRESSED) == "Archived"
    page.go_back()
    page.wait_for_selector(row(tagged))
    assert page.inner_text(PRESSED) == "Links"
    assert page.input_value("#search") == tagged
    page.go_back()

    page.wait_for_selector(row(other))
    assert page.url == f"{stack.url}/"
