"""Finding links again: what the server found is shown, and the Back button goes back."""

from typing import TYPE_CHECKING

import pytest

from tests.browser.conftest import draw, enter, make, row, until
from tests.conftest import RunningStack


if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

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


def edit_title(page: "Page", slug: str, title: str) -> None:
    """Give a link that is shown another title, in the dialog."""
    page.click(f"button[aria-label='Edit {slug}']")
    page.wait_for_selector("dialog fieldset:enabled")
    page.fill("dialog [name=title]", title)
    page.click("text=Save changes")
    page.wait_for_selector("dialog", state="detached")


def test_an_edit_keeps_its_row(page: "Page", stack: RunningStack) -> None:
    """A link that was found stays in sight when an edit takes the searched word out of it."""
    mark = draw()
    slug = make(stack, title=mark)
    enter(page, stack, f"?q={mark}")
    edit_title(page, slug, "Something else")

    assert page.inner_text(f"{row(slug)} .title") == "Something else"


class SlowSearch:
    """A search whose first page says that there is a second, which comes when it is let go."""

    def __init__(self, page: "Page") -> None:
        self.held: list[Route] = []
        page.route("**/api/v1/links?*", self._answer)

    def _answer(self, route: "Route") -> None:
        if "cursor=" in route.request.url:
            self.held.append(route)
            return
        found = route.fetch()
        route.fulfill(response=found, json={**found.json(), "next_cursor": "further"})

    def end(self) -> None:
        """The second page comes, with nothing on it."""
        self.held.pop().fulfill(json={"links": [], "next_cursor": None})


def test_an_edit_outlives_a_search_that_goes_on(page: "Page", stack: RunningStack) -> None:
    """What was saved while older links were still looked for is shown when they were."""
    slug = make(stack, title=(mark := draw()))
    search = SlowSearch(page)
    enter(page, stack, f"?q={mark}")
    edit_title(page, slug, "Something else")
    until(page, lambda: bool(search.held))
    search.end()
    page.wait_for_selector(".links[aria-busy=false]")
    page.wait_for_selector(".searching", state="detached")

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
