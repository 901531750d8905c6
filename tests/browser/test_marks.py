"""What a link does beside leading to its destination, as the list and the dialog show it."""

from typing import TYPE_CHECKING

import pytest

from tests.browser.conftest import enter, make, overflow, row
from tests.browser.test_docs_page import CONTRAST
from tests.conftest import RunningStack


if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.stack, pytest.mark.browser]
RULE = {"if": {"countries": ["DE"]}, "destination": "https://example.de/"}


def make_busy(stack: RunningStack) -> str:
    """A link that does everything."""
    return make(
        stack,
        password="sesame",
        rules=[RULE, RULE, RULE],
        max_clicks=100,
        utm={"source": "letter", "campaign": "x" * 100},
        forward_path=True,
        tags=["marked"],
    )


@pytest.mark.parametrize("width", [1280, 900, 390, 320])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_marks_in_the_list(page: "Page", stack: RunningStack, width: int, scheme: str) -> None:
    """The row says all that the link does, in sight and aloud; a plain link's row says nothing."""
    busy, plain = make_busy(stack), make(stack)
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=scheme)
    enter(page, stack)
    marks = page.locator(f"{row(busy)} .mark")

    assert [
        one.inner_text().split("\n")[0] for one in marks.locator("[aria-hidden]:not(svg)").all()
    ] == [
        "Password",
        "3 rules",
        "≤ 100 clicks",
        "Path",
        "UTM",
    ]
    spoken = page.locator(f"{row(busy)} .marks").aria_snapshot()
    assert "Asks for a password" in spoken
    assert "100 clicks at most" in spoken
    assert "≤" not in spoken
    assert page.locator(f"{row(plain)} .mark").count() == 0
    assert overflow(page) == 0
    ratio, where = page.evaluate(CONTRAST)
    assert ratio >= 4.5, where


@pytest.mark.parametrize("width", [1280, 320])
def test_the_dialog_says_what_it_does_not_edit(
    page: "Page", stack: RunningStack, width: int
) -> None:
    """The destination is described by what comes before it; the link there leads to its words."""
    busy, plain = make_busy(stack), make(stack)
    page.set_viewport_size({"width": width, "height": 800})
    enter(page, stack)
    page.click(f"button[aria-label='Edit {plain}']")
    page.wait_for_selector("dialog fieldset:enabled")
    assert page.locator("dialog .beside").count() == 0
    page.click("dialog >> text=Cancel")
    page.click(f"button[aria-label='Edit {busy}']")
    page.wait_for_selector("dialog fieldset:enabled")
    about = page.get_attribute("dialog [name=destination]", "aria-describedby")

    said = page.inner_text(f"[id='{about}']")
    assert "3 rules come before this" in said
    assert "utm_source=letter" in said
    assert "path that follows the slug" in said
    assert overflow(page) == 0
    with page.expect_popup() as opened:
        page.click("dialog .beside a")
    assert opened.value.locator(":target").get_attribute("id") == "edit_link"


def test_rules_made_meanwhile(page: "Page", stack: RunningStack) -> None:
    """Rules that came since the list was read are in the dialog, as it reads the link afresh."""
    slug = make(stack)
    enter(page, stack)
    assert stack.api("PATCH", f"/links/{slug}", {"rules": [RULE]}).status == 200
    page.click(f"button[aria-label='Edit {slug}']")

    page.wait_for_selector("dialog .beside >> text=1 rule comes before this")


def test_exact_needs_a_limit(page: "Page", stack: RunningStack) -> None:
    """“Never one click more” is offered with a limit only, and goes when the limit goes."""
    slug = make(stack, max_clicks=5, max_clicks_exact=True)
    enter(page, stack)
    page.click("text=More options")
    offered = page.locator("#options [name=max_clicks_exact]")
    for typed, count in (("", 0), (" ", 0), ("many", 0), ("0", 0), ("7", 1), ("", 0)):
        page.fill("#options [name=max_clicks]", typed)
        page.wait_for_timeout(50)
        assert offered.count() == count, typed

    page.click(f"button[aria-label='Edit {slug}']")
    page.wait_for_selector("dialog fieldset:enabled")
    assert page.is_checked("dialog [name=max_clicks_exact]")
    page.fill("dialog [name=max_clicks]", "")
    page.wait_for_selector("dialog [name=max_clicks_exact]", state="detached")
    page.click("dialog >> text=Save changes")
    page.wait_for_selector("dialog", state="detached")
    link = stack.api("GET", f"/links/{slug}").json
    assert (link["max_clicks"], link["max_clicks_exact"]) == (None, False)
