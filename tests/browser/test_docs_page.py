"""The documentation page in Chromium: nothing is refused, nothing sticks out, all can be read."""

from typing import TYPE_CHECKING

import pytest

from tests.browser.conftest import overflow
from tests.conftest import RunningStack


if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

pytestmark = [pytest.mark.stack, pytest.mark.browser]

# The lowest contrast of any text against what is painted behind it, by WCAG's formula.
CONTRAST = """() => {
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", {willReadFrequently: true});
  const rgb = (colour) => {
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    return canvas.getImageData(0, 0, 1, 1).data;
  };
  const light = (colour) => [0.2126, 0.7152, 0.0722].reduce((sum, share, i) => {
    const part = rgb(colour)[i] / 255;
    return sum + share * (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
  }, 0);
  const behind = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const colour = getComputedStyle(one).backgroundColor;
      if (rgb(colour)[3] === 255) return colour;
    }
    return "white";
  };
  let lowest = [99, ""];
  for (const element of document.body.querySelectorAll("*")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!own || !element.checkVisibility()) continue;
    const [a, b] = [light(getComputedStyle(element).color), light(behind(element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < lowest[0]) lowest = [ratio, element.outerHTML.slice(0, 120)];
  }
  return lowest;
}"""


@pytest.mark.parametrize("width", [1400, 1000, 768, 390, 320])
def test_nothing_sticks_out(page: "Page", stack: RunningStack, width: int) -> None:
    """At every width the page is no wider than the screen, and its policy refuses none of it."""
    page.set_viewport_size({"width": width, "height": 844})
    page.goto(f"{stack.url}/api/docs")

    assert overflow(page) == 0
    assert page.evaluate("getComputedStyle(document.querySelector('.top')).position") == "sticky"


@pytest.mark.parametrize("width", [1600, 1280, 1000, 700, 390, 320])
def test_cards_leave_no_hole(page: "Page", stack: RunningStack, width: int) -> None:
    """The cards of the introduction fill their frame, however many stand side by side."""
    page.set_viewport_size({"width": width, "height": 844})
    page.goto(f"{stack.url}/api/docs")
    filled = page.evaluate("""() => {
      const area = (one) => one.getBoundingClientRect().width * one.getBoundingClientRect().height;
      const cards = [...document.querySelectorAll(".cards section")];
      return cards.reduce((sum, one) => sum + area(one), 0) / area(document.querySelector(".cards"));
    }""")

    assert filled > 0.97


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everything_can_be_read(page: "Page", stack: RunningStack, scheme: str) -> None:
    """All text has WCAG AA's contrast, in the light and in the dark."""
    page.emulate_media(color_scheme=scheme)
    page.goto(f"{stack.url}/api/docs")
    ratio, where = page.evaluate(CONTRAST)

    assert ratio >= 4.5, where


def test_contents_on_a_phone(context: "BrowserContext", stack: RunningStack) -> None:
    """The contents cover the screen when asked for, and go away when something is chosen."""
    page = context.new_page()
    page.set_viewport_size({"width": 390, "height": 844})
    page.emulate_media(reduced_motion="reduce")
    page.goto(f"{stack.url}/api/docs")
    assert not page.is_visible("#contents")

    page.click(".menu")
    assert page.is_visible("#contents")
    page.click("#contents a[href='#delete_link']")

    assert not page.is_visible("#contents")
    assert 0 <= page.locator("#delete_link h3").bounding_box()["y"] < 300
    page.click(".menu")
    page.click(".close")
    assert not page.is_visible("#contents")


def test_keyboard(page: "Page", stack: RunningStack) -> None:
    """The first Tab offers to skip the contents; code that is too wide can be scrolled by keys."""
    page.goto(f"{stack.url}/api/docs")
    page.keyboard.press("Tab")

    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    assert page.evaluate("[...document.querySelectorAll('pre')].every((one) => one.tabIndex === 0)")
