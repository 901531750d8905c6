"""The QR code dialog as a person uses it, with the codes on the screen read by a real decoder."""

import io
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import resvg_py
import zxingcpp
from PIL import Image

from tests.browser.conftest import enter, make, overflow, row, until
from tests.conftest import RunningStack


if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.browser.conftest import Console

pytestmark = [pytest.mark.stack, pytest.mark.browser]


def read(data: bytes) -> list[str]:
    """What a decoder finds in a picture that lies on white."""
    image = Image.open(io.BytesIO(data)).convert("RGBA")
    paper = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return [found.text for found in zxingcpp.read_barcodes(paper.convert("L"))]


def open_code(page: "Page", slug: str) -> None:
    """Choose QR code in the menu of a row, and wait for the code."""
    page.click(f"{row(slug)} button[aria-haspopup=menu]")
    page.click("[role=menuitem] >> text=QR code")
    page.wait_for_selector("dialog .qr-paper[data-fresh=true] img")


def on_screen(page: "Page") -> list[str]:
    page.wait_for_selector("dialog .qr-paper[data-fresh=true] img")
    page.wait_for_timeout(250)  # the picture fades in
    return read(page.locator("dialog .qr-paper").screenshot())


def saved(page: "Page", button: str) -> tuple[str, bytes]:
    """The name and content of what a button downloads."""
    with page.expect_download() as started:
        page.click(f"dialog >> text={button}")
    return started.value.suggested_filename, Path(started.value.path()).read_bytes()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_code_on_the_screen(page: "Page", stack: RunningStack, scheme: str) -> None:
    """The code shown can be scanned off the screen, also in dark mode and without a background."""
    slug = make(stack)
    page.emulate_media(color_scheme=scheme)
    enter(page, stack)
    open_code(page, slug)
    assert on_screen(page) == [f"{stack.url}/{slug}"]
    page.check("dialog [name=see_through]")
    until(page, lambda: "fffff" not in (page.get_attribute("dialog img", "src") or ""))
    assert on_screen(page) == [f"{stack.url}/{slug}"]
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog", state="detached")

    assert "More actions" in page.evaluate("document.activeElement.ariaLabel")


def test_files_are_what_is_shown(page: "Page", stack: RunningStack) -> None:
    """Both files are named for the link, have the look that was chosen, and can be scanned."""
    slug = make(stack)
    enter(page, stack)
    open_code(page, slug)
    page.fill("dialog [name=dark]", "#0b5d3b")
    page.select_option("dialog [name=logo_space]", "20")
    page.select_option("dialog [name=size]", "256")
    until(page, lambda: "0b5d3b" in (page.get_attribute("dialog img", "src") or ""))
    assert page.is_disabled("dialog [name=error]")
    assert page.input_value("dialog [name=error]") == "H"
    name, png = saved(page, "Download PNG")
    svg_name, svg = saved(page, "Download SVG")

    assert (name, svg_name) == (f"{slug}-qr.png", f"{slug}-qr.svg")
    assert Image.open(io.BytesIO(png)).size == (256, 256)
    assert b"#0b5d3b" in svg
    assert read(png) == [f"{stack.url}/{slug}"]
    assert read(bytes(resvg_py.svg_to_bytes(svg_string=svg.decode()))) == [f"{stack.url}/{slug}"]


def test_colours_that_scanners_lose(page: "Page", stack: RunningStack, console: "Console") -> None:
    """Too little contrast is said at the colour, and nothing can be saved until it is mended."""
    console.expect("status of 422")
    slug = make(stack)
    enter(page, stack)
    open_code(page, slug)
    page.fill("dialog [name=dark]", "#bbccdd")
    page.wait_for_selector("[data-field=dark] .field-error >> text=contrast")
    assert page.is_disabled("dialog >> text=Download PNG")
    page.fill("dialog [name=dark]", "#12")
    page.wait_for_selector("[data-field=dark] .field-error >> text=#rrggbb")
    page.fill("dialog [name=dark]", "#123")
    page.wait_for_selector("[data-field=dark] .field-error", state="detached")

    assert on_screen(page) == [f"{stack.url}/{slug}"]
    assert page.is_enabled("dialog >> text=Download PNG")


def test_the_next_code_looks_the_same(page: "Page", stack: RunningStack) -> None:
    """The look stays chosen from one link to the next; the code is the next link's."""
    first, second = make(stack), make(stack)
    enter(page, stack)
    open_code(page, first)
    page.fill("dialog [name=dark]", "#7a1fa2")
    page.click("dialog button[aria-label=Close]")
    open_code(page, second)

    assert page.input_value("dialog [name=dark]") == "#7a1fa2"
    assert on_screen(page) == [f"{stack.url}/{second}"]


def test_without_an_answer(page: "Page", stack: RunningStack, console: "Console") -> None:
    """When the code can't be fetched the dialog says so, and can be asked to try again."""
    console.expect("ERR_FAILED")
    slug = make(stack)
    enter(page, stack)
    page.route("**/qr?*", lambda route: route.abort())
    page.click(f"{row(slug)} button[aria-haspopup=menu]")
    page.click("[role=menuitem] >> text=QR code")
    page.wait_for_selector("dialog .form-error >> text=couldn't be reached")
    page.unroute("**/qr?*")
    page.click("dialog >> text=Try again")

    assert on_screen(page) == [f"{stack.url}/{slug}"]
    assert page.locator("dialog .form-error").count() == 0


@pytest.mark.parametrize("width", [360, 390])
def test_on_a_phone(page: "Page", stack: RunningStack, width: int) -> None:
    """Nothing scrolls sideways, buttons are large enough, and the code can be scanned."""
    slug = make(stack)
    page.set_viewport_size({"width": width, "height": 740})
    enter(page, stack)
    open_code(page, slug)
    assert on_screen(page) == [f"{stack.url}/{slug}"]
    boxes = [one.bounding_box() for one in page.locator("dialog button:visible").all()]

    assert overflow(page) == 0
    assert boxes
    assert [box for box in boxes if box and min(box["width"], box["height"]) < 40] == []
