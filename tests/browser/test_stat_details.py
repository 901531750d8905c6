"""What a page of stats shows beside its numbers: map, days before, whole lists; files, and erasing."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.conftest import make, overflow, until
from tests.browser.plausible import counts_of, fill, now
from tests.browser.test_stats import figure, open_stats
from tests.conftest import RunningStack


if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

    from tests.browser.conftest import Console

pytestmark = [pytest.mark.stack, pytest.mark.browser]
HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def slug(stack: RunningStack) -> str:
    """A link that was followed today and yesterday, with a title that is no HTML."""
    slugs = [make(stack, title=HOSTILE)]
    with counts_of(stack) as store:
        fill(store, slugs, now(), 2)
    return slugs[0]


def changed(page: "Page", change: Callable[[Any], None]) -> None:
    """Answer stats as the API does, but for a change."""

    def answer(route: "Route") -> None:
        response = route.fetch()
        said = response.json()
        change(said)
        route.fulfill(response=response, body=json.dumps(said))

    page.route("**/stats?*", answer)


def ask_to_erase(page: "Page", slug: str) -> None:
    """Choose to erase in the menu of the page."""
    page.get_by_role("button", name=f"More actions for {slug}").click()
    page.get_by_role("menuitem", name="Erase stats").click()
    page.wait_for_selector("dialog.ask[open]")


def test_the_link_of_the_stats(page: "Page", stack: RunningStack, slug: str) -> None:
    """The page says where its link leads, and what can be done with it; texts stay texts."""
    open_stats(page, stack, f"#stats/{slug}?days=7")
    page.wait_for_selector(".stat-link")

    assert page.inner_text(".stat-short") == f"{stack.url.partition('://')[2]}/{slug}"
    assert page.inner_text(".stat-destination") == "example.com/page"
    assert page.inner_text(".stat-title") == HOSTILE
    page.get_by_role("button", name=f"More actions for {slug}").click()
    page.get_by_role("menuitem", name="Edit link").click()
    page.wait_for_selector("dialog[open] input[name=destination]:focus")
    page.fill("dialog[open] input[name=destination]", "https://example.com/elsewhere")
    page.keyboard.press("Enter")
    page.wait_for_selector(".stat-destination >> text=example.com/elsewhere")


def test_the_map_says_what_the_list_says(page: "Page", stack: RunningStack, slug: str) -> None:
    """The country with most clicks is warmest; the pointer reads what is in the table beside it."""
    open_stats(page, stack, f"#stats/{slug}?days=7")
    page.wait_for_selector(".map svg [data-code=DE]")
    page.hover(".map svg [data-code=DE]")
    row = page.locator("[data-top=countries] tr", has_text="Germany")
    clicks = row.locator("td").first.inner_text()

    assert page.get_attribute(".map svg [data-code=DE]", "data-heat") == "5"
    assert page.get_attribute(".map svg [data-code=BR]", "data-heat") == "0"
    assert page.inner_text(".map-tip").splitlines()[0] == "Germany"
    assert page.inner_text(".map-tip").splitlines()[1].startswith(f"{clicks} click")
    assert page.get_attribute(".map svg", "aria-hidden") == "true"


def test_dimensions_that_the_page_does_not_know(
    page: "Page", stack: RunningStack, slug: str
) -> None:
    """They are lists as others are; names are text, whole lists are a button away, silence is said."""

    def change(said: Any) -> None:
        many = [{"value": f"value-{at}", "clicks": 40 - at, "share": 0.02} for at in range(30)]
        odd = [{"value": HOSTILE, "clicks": 9, "share": 0.9}]
        odd += [
            {"value": "\u202emoc.elgoog\u202c.evil.example" + "x" * 80, "clicks": 1, "share": 0}
        ]
        said["top"] |= {"moon_phases": many, "referrers": odd}
        said["top"]["languages"] = [{"value": "(unknown)", "clicks": 10, "share": 1}]

    changed(page, change)
    page.set_viewport_size({"width": 390, "height": 844})
    open_stats(page, stack, f"#stats/{slug}?days=7")
    moon = page.locator("[data-top=moon_phases]")
    shown = moon.locator("tbody tr").all_inner_texts()
    moon.get_by_role("button", name="Show all").click()
    names = page.locator("[data-top=referrers] tbody th").all_inner_texts()

    assert moon.locator("h2").inner_text() == "Moon phases"
    assert len(shown) == 9
    assert shown[-1].startswith("Everything else")
    assert moon.locator("tbody tr").count() == 30
    assert names[0] == HOSTILE
    assert names[1].startswith("moc.elgoog.evil.example")
    assert page.locator("[data-top=languages]").count() == 0
    assert page.inner_text(".untold") == "The logs did not tell: languages."
    assert overflow(page) == 0


def test_the_days_before(page: "Page", stack: RunningStack, slug: str) -> None:
    """Compared with yesterday, the chart has a line, and its table a column with the same."""
    open_stats(page, stack, f"#stats/{slug}?days=today&compare=1")
    page.wait_for_selector(".earlier path")
    page.get_by_role("button", name="As a table").click()
    cells = page.locator(".twin tbody td:nth-child(4)").all_inner_texts()
    compared = page.inner_text(".change").partition("(")[2].rstrip(")")

    assert page.locator(".twin thead th").all_inner_texts()[-1] == "Clicks before"
    assert sum(int(cell.replace(",", "")) for cell in cells if cell) == int(
        compared.replace(",", "")
    )
    assert "Clicks of yesterday until now" in page.inner_text(".legend")


def test_files(page: "Page", stack: RunningStack, slug: str) -> None:
    """The menu saves what is shown as JSON too, named for the link; Escape leaves it unsaved."""
    open_stats(page, stack, f"#stats/{slug}?days=7")
    page.get_by_role("button", name="Export").click()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Export").click()
    page.keyboard.press("ArrowDown")
    with page.expect_download() as started:
        page.keyboard.press("Enter")
    said = json.loads(Path(started.value.path()).read_text())

    assert started.value.suggested_filename == f"{slug}-stats.json"
    assert said["slug"] == slug
    assert said["clicks"] == figure(page)


def test_numbers_that_could_not_be_refreshed(
    page: "Page", stack: RunningStack, slug: str, console: "Console"
) -> None:
    """They stay, and are said to be old, until the next answer comes."""
    console.expect("503")
    open_stats(page, stack, f"#stats/{slug}?days=7")
    clicks = figure(page)
    page.route("**/stats?*", lambda route: route.fulfill(status=503))
    look = "document.dispatchEvent(new Event('visibilitychange'))"
    page.evaluate(look)
    page.wait_for_selector(".late-note >> text=does not answer")
    assert figure(page) == clicks
    page.unroute("**/stats?*")
    page.evaluate(look)
    page.wait_for_selector(".late-note", state="detached", timeout=40_000)


def test_erasing_is_asked_twice(page: "Page", stack: RunningStack) -> None:
    """The question names the link; Enter and Escape keep; what is erased is gone from the API."""
    slug = make(stack)
    with counts_of(stack) as store:
        fill(store, [slug], now(), 1)
    open_stats(page, stack, f"#stats/{slug}?days=7")
    for key in ("Enter", "Escape"):
        ask_to_erase(page, slug)
        assert page.inner_text("dialog.ask h2") == f"Erase the stats of {slug}?"
        page.keyboard.press(key)
        page.wait_for_selector("dialog.ask", state="detached")
    assert stack.api("GET", f"/links/{slug}/stats").json["clicks"] > 0
    ask_to_erase(page, slug)
    page.get_by_role("button", name="Erase for good").click()
    page.wait_for_selector(".nothing", timeout=40_000)

    assert stack.api("GET", f"/links/{slug}/stats").json["clicks"] == 0
    assert f"The stats of {slug} were erased" in page.inner_text(".toaster")
    assert stack.ask("GET", f"/{slug}").status == 302


def test_erasing_without_a_clear_answer(
    page: "Page", stack: RunningStack, slug: str, console: "Console"
) -> None:
    """Nobody is told that it was done, or that it was not; the question stays, and can be sent again."""
    console.expect("500")
    open_stats(page, stack, f"#stats/{slug}?days=7")
    asked: list[str] = []

    def fail(route: "Route") -> None:
        asked.append(route.request.method)
        route.fulfill(status=500)

    page.route(f"**/links/{slug}/stats", fail)
    ask_to_erase(page, slug)
    page.get_by_role("button", name="Erase for good").click()
    page.wait_for_selector("dialog.ask [role=alert] >> text=can't tell")

    assert asked == ["DELETE"]
    page.get_by_role("button", name="Keep them").click()
    until(page, lambda: page.locator("dialog").count() == 0)
