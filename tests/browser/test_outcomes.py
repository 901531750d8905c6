"""What became of a write: several deletes at once, links that are gone, answers that never came."""

import re
from typing import TYPE_CHECKING

import pytest

from tests.browser.conftest import delete, enter, make, row, until
from tests.conftest import RunningStack


if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

    from tests.browser.conftest import Console

pytestmark = [pytest.mark.stack, pytest.mark.browser]


def toggle(page: "Page", slug: str) -> None:
    """Choose Disable in the menu of a row."""
    page.click(f"{row(slug)} button[aria-haspopup=menu]")
    page.click("[role=menuitem] >> text=Disable")


def test_each_delete_has_its_undo(page: "Page", stack: RunningStack) -> None:
    """A second delete does not settle the first: both count down, and both can be undone."""
    first, second = make(stack), make(stack)
    enter(page, stack)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.method))
    delete(page, first)
    delete(page, second)
    page.wait_for_selector(row(second), state="detached")
    page.click(f".toast:has-text('{first}') >> text=Undo")
    page.wait_for_selector(row(first))
    page.click(f".toast:has-text('{second}') >> text=Undo")
    page.wait_for_selector(row(second))

    assert "DELETE" not in sent


def test_the_oldest_of_many_deletes(page: "Page", stack: RunningStack) -> None:
    """Three deletes can be undone at a time; the fourth sends the first."""
    slugs = [make(stack) for _ in range(4)]
    enter(page, stack)
    for slug in slugs:
        delete(page, slug)
        page.wait_for_selector(row(slug), state="detached")
    until(page, lambda: stack.ask("GET", f"/{slugs[0]}").status == 410)
    for _ in range(3):
        page.keyboard.press("u")

    for slug in slugs[1:]:
        page.wait_for_selector(row(slug))
        assert stack.ask("GET", f"/{slug}").status == 302


def test_a_slug_in_quarantine(page: "Page", stack: RunningStack, console: "Console") -> None:
    """A deleted slug is said to have been deleted, with a date written for people."""
    console.expect("status of 409")
    slug = make(stack)
    stack.api("DELETE", f"/links/{slug}")
    enter(page, stack)
    page.fill("#slug", slug)
    page.fill("#destination", "https://example.com/again")
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-field=slug] .field-error >> text=was deleted")

    assert re.search(r"[A-Z][a-z]+ \d+, 20\d\d", page.inner_text("#slug-error"))
    assert not re.search(r"\dT\d", page.inner_text("#slug-error"))


@pytest.mark.parametrize("deed", ["disable", "edit"])
def test_a_link_deleted_elsewhere(
    page: "Page", stack: RunningStack, console: "Console", deed: str
) -> None:
    """The row of a link that is no longer there goes as soon as that is known."""
    console.expect("status of 404")
    slug = make(stack)
    enter(page, stack)
    stack.api("DELETE", f"/links/{slug}")
    if deed == "disable":
        toggle(page, slug)
    else:
        page.click(f"button[aria-label='Edit {slug}']")

    page.wait_for_selector("text=no longer exists")
    page.wait_for_selector(row(slug), state="detached")


def test_a_toggle_without_an_answer(page: "Page", stack: RunningStack, console: "Console") -> None:
    """A change that was made but not answered is not called failed, and the row shows the truth."""
    console.expect("status of 504")
    slug = make(stack)
    enter(page, stack)

    def lose(route: "Route") -> None:
        if route.request.method != "PATCH":
            return route.fallback()
        stack.api("PATCH", f"/links/{slug}", {"disabled": True})
        return route.fulfill(status=504)

    page.route(f"**/api/v1/links/{slug}", lose)
    toggle(page, slug)
    page.wait_for_selector(".toast.danger >> text=can't tell")

    page.wait_for_selector(f"{row(slug)}[data-state=disabled]")


@pytest.mark.parametrize("status", [500, 502])
def test_a_delete_without_an_answer(
    page: "Page", stack: RunningStack, console: "Console", status: int
) -> None:
    """A delete whose outcome is unknown is not called undone; the row is back if the link is."""
    console.expect(f"status of {status}")
    slug = make(stack)
    enter(page, stack)
    page.route(
        f"**/api/v1/links/{slug}",
        lambda route: (
            route.fulfill(status=status) if route.request.method == "DELETE" else route.fallback()
        ),
    )
    delete(page, slug)
    page.click("button[aria-label='Close and delete now']")
    page.wait_for_selector(".toast.danger >> text=can't tell")

    page.wait_for_selector(row(slug))
