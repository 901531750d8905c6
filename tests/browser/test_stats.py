"""The pages of stats and of the service's state, as people use them, over counts in the real table."""

import json
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.conftest import draw, enter, make, overflow, row, until
from tests.browser.plausible import counts_of, fill, now
from tests.conftest import RunningStack


if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

    from tests.browser.conftest import Console

pytestmark = [pytest.mark.stack, pytest.mark.browser]
DAYS = 3


@pytest.fixture(scope="module")
def slug(stack: RunningStack) -> str:
    """A link that was followed for three days, as its neighbour was."""
    slugs = [make(stack, slug=draw()), make(stack, slug=draw())]
    with counts_of(stack) as store:
        fill(store, slugs, now(), DAYS)
    return slugs[0]


def open_stats(page: "Page", stack: RunningStack, place: str) -> None:
    """Open a page of stats signed in, and wait for what it has to say."""
    enter(page, stack)
    page.evaluate("place => { location.hash = place }", place)
    page.wait_for_selector(".figures, .nothing", timeout=40_000)


def figure(page: "Page", name: str = "clicks") -> int:
    text = page.inner_text(f"[data-figure={name}] dd b")
    return int(text.replace(",", ""))


def asked(page: "Page", stack: RunningStack, slug: str) -> Any:
    """What the API says of the days that the page shows."""
    zone = page.evaluate("Intl.DateTimeFormat().resolvedOptions().timeZone")
    query = f"time_zone={zone}&interval=day&top=8"
    return stack.api("GET", f"/links/{slug}/stats?{query}").json


def test_stats_of_a_link(page: "Page", stack: RunningStack, slug: str) -> None:
    """From the menu of a row to its stats: numbers, names of countries, until when it is counted."""
    enter(page, stack)
    page.click(f"{row(slug)} button[aria-haspopup=menu]")
    page.click("[role=menuitem] >> text=Stats")
    page.wait_for_selector(".figures", timeout=40_000)
    said = asked(page, stack, slug)

    assert page.inner_text("h1") == f"Stats of {slug}"
    assert page.url.endswith(f"#stats/{slug}")
    assert figure(page) == said["clicks"] > 0
    assert figure(page, "bots") == said["bots"]
    assert "Germany" in page.inner_text("[data-top=countries]")
    assert "None: typed, or from an app" in page.inner_text("[data-top=referrers]")
    assert "Counted until" in page.inner_text(".counted")
    assert (
        page.get_by_role("link", name="Stats", exact=True).get_attribute("aria-current") == "page"
    )


def test_the_table_is_the_chart(page: "Page", stack: RunningStack, slug: str) -> None:
    """The twin has every point; it is there for readers, and for the eye when it is asked for."""
    open_stats(page, stack, f"#stats/{slug}")
    said = asked(page, stack, slug)
    hidden = page.locator(".off-screen table tbody tr").count()
    page.get_by_role("button", name="As a table").click()
    cells = page.locator(".twin tbody td:nth-child(2)").all_inner_texts()

    assert hidden == len(cells) == len(said["series"]) == 30
    assert [int(cell.replace(",", "")) for cell in cells] == [
        one["clicks"] for one in said["series"]
    ]
    assert page.locator(".chart").count() == 0
    page.get_by_role("button", name="As a chart").click()
    assert page.locator(".chart svg .bar").count() == len(
        [one for one in said["series"] if one["clicks"]]
    )


def test_the_chart_by_keyboard(page: "Page", stack: RunningStack, slug: str) -> None:
    """The arrows go from point to point, and what is read is said aloud."""
    open_stats(page, stack, f"#stats/{slug}")
    chart = page.locator(".chart")
    chart.focus()
    page.keyboard.press("End")
    last = page.inner_text(".tip")
    page.keyboard.press("ArrowLeft")
    before = page.inner_text(".tip")
    said = page.text_content(".chart [role=status]") or ""

    assert "click" in last
    assert before != last
    assert before.splitlines()[0] in said
    assert "click" in (chart.get_attribute("aria-label") or "")
    page.keyboard.press("Escape")
    assert page.locator(".tip").count() == 0


def test_what_is_chosen_is_in_the_address(page: "Page", stack: RunningStack, slug: str) -> None:
    """Days, bots and the comparison: a reload, or who is sent the address, sees the same."""
    open_stats(page, stack, f"#stats/{slug}")
    page.get_by_role("button", name="7 days").click()
    page.check("[name=bots]")
    page.check("[name=compare]")
    until(page, lambda: "None in the 7 days before" in page.inner_text("[data-figure=clicks]"))
    address = page.url
    page.reload()
    page.wait_for_selector(".figures", timeout=40_000)

    assert address.endswith(f"#stats/{slug}?days=7&compare=1&bots=1")
    assert page.url == address
    assert page.get_by_role("button", name="7 days").get_attribute("aria-pressed") == "true"
    assert page.locator(".bar.bots").count() > 0
    assert page.locator(".legend").inner_text().split() == ["Clicks", "Bots"]


def test_own_dates(page: "Page", stack: RunningStack, slug: str) -> None:
    """Days the wrong way round are said to be so; one day is shown by the hour."""
    open_stats(page, stack, f"#stats/{slug}")
    page.get_by_role("button", name="Dates").click()
    today = page.input_value("[name=to]")
    page.fill("[name=from]", today)
    page.fill("[name=to]", "2020-01-01")
    page.get_by_role("button", name="Show", exact=True).click()
    assert page.get_by_role("alert").inner_text() == "The last day is before the first."
    page.fill("[name=to]", today)
    page.get_by_role("button", name="Show", exact=True).click()
    page.wait_for_selector("text=Clicks by the hour", timeout=40_000)

    assert page.url.endswith(f"?from={today}&to={today}")


def test_all_links(page: "Page", stack: RunningStack, slug: str) -> None:
    """The overview names the links, each of which leads to its own stats, and Back comes back."""
    open_stats(page, stack, "#stats")
    page.locator("[data-top=links]").get_by_role("link", name=slug).click()
    page.wait_for_selector(f"h1:has-text('{slug}')")
    page.go_back()
    page.wait_for_selector("h1:has-text('all links')")
    page.get_by_role("link", name="Links", exact=True).click()
    page.wait_for_selector("#list .row")


def test_a_sheet(page: "Page", stack: RunningStack, slug: str) -> None:
    """The menu saves a CSV that is named for the link."""
    open_stats(page, stack, f"#stats/{slug}")
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as started:
        page.get_by_role("menuitem", name="CSV").click()
    text = Path(started.value.path()).read_text(encoding="utf-8-sig")

    assert started.value.suggested_filename == f"{slug}-stats.csv"
    assert text.startswith("section,value,clicks")
    assert f",{figure(page)}," in text


def test_nothing_to_show(page: "Page", stack: RunningStack, console: "Console") -> None:
    """A link nobody followed, and one that is not there, say so instead of an empty chart."""
    console.expect("404")
    open_stats(page, stack, f"#stats/{make(stack)}")
    assert page.inner_text(".nothing h2") == "No clicks in these days"
    assert page.locator(".chart").count() == 0
    page.evaluate("location.hash = '#stats/no-such-link'")
    page.wait_for_selector("text=There is no such link")


def test_a_failure_can_be_tried_again(
    page: "Page", stack: RunningStack, slug: str, console: "Console"
) -> None:
    """While the API can't answer the page says so, and goes on when it can."""
    console.expect("503")
    page.route("**/stats?*", lambda route: route.fulfill(status=503))
    open_stats(page, stack, f"#stats/{slug}")
    assert page.inner_text(".nothing h2") == "The stats could not be loaded"
    page.unroute("**/stats?*")
    page.get_by_role("button", name="Try again").click()
    page.wait_for_selector(".figures", timeout=40_000)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("place", ["#stats/{}?days=7&compare=1&bots=1", "#stats", "#status"])
def test_on_a_phone(page: "Page", stack: RunningStack, slug: str, place: str, scheme: str) -> None:
    """Nothing is wider than a phone, and no two labels of an axis touch."""
    page.set_viewport_size({"width": 390, "height": 844})
    page.emulate_media(color_scheme=scheme)
    enter(page, stack)
    page.evaluate("place => { location.hash = place }", place.format(slug))
    page.wait_for_selector(".figures, .card", timeout=40_000)
    boxes = [label.bounding_box() for label in page.locator(".labels text").all()]
    edges = [(box["x"], box["x"] + box["width"]) for box in boxes if box]

    assert overflow(page) == 0
    assert all(one[1] + 3 <= other[0] for one, other in pairwise(edges))
    assert all(left >= 0 and right <= 390 for left, right in edges)


STATUS = {
    "regions": [
        {
            "name": "us-east-1",
            "home": True,
            "state": "up",
            "api_url": "http://a/api",
            "lag_for": 1.5,
            "replication": [{"from": "eu-west-1", "lag": 0.2, "lag_for": 1.5, "behind": 3}],
            "api_cache": {"size": "0.5", "answers": 1},
        },
        {
            "name": "eu-west-1",
            "home": False,
            "state": "frozen",
            "api_url": "http://b/api",
            "replication": [{"from": "us-east-1", "lag": None, "lag_for": 0, "cut": True}],
        },
    ],
    "edges": [{"name": "FRA", "url": "http://e"}],
}


def test_status(page: "Page", stack: RunningStack) -> None:
    """What the service says of itself, asked again and again while the page is open."""
    enter(page, stack)
    page.get_by_role("link", name="Status").click()
    page.wait_for_selector(".card")
    assert "works" in page.inner_text(".card >> nth=0")

    def answer(route: "Route") -> None:
        route.fulfill(status=200, content_type="application/json", body=json.dumps(STATUS))

    page.route("**/_local/status", answer)
    page.wait_for_selector(".verdict.bad >> text=frozen", timeout=40_000)
    first, second = (
        page.inner_text(f"[data-region={name}]") for name in ("us-east-1", "eu-west-1")
    )

    assert "1.5 s late, 3 changes to come" in first
    assert "0.5 GB, 1 answer" in first
    assert "cut off" in second
    assert "FRA" in page.inner_text(".cards")
