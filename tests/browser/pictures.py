"""Takes the pictures of the README: `python -m tests.browser.pictures`, over a stack of its own."""

import csv
import io
import json
import sys
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.browser.conftest import running_chromium
from tests.browser.plausible import counts_of, fill, now
from tests.conftest import ROOT, RunningStack, start_stack


if TYPE_CHECKING:
    from playwright.sync_api import Browser

SITE = "fernandwild.example"
SHOP = f"https://shop.{SITE}"
# Slug, how long ago it was made, and what else the sheet says of it.
LINKS: tuple[tuple[str, timedelta, dict[str, Any]], ...] = (
    (
        "docs",
        timedelta(minutes=40),
        {
            "destination": f"https://docs.{SITE}/getting-started/installation",
            "title": "Developer docs",
            "tags": "docs",
            "status": "301",
            "forward_path": "true",
        },
    ),
    (
        "launch",
        timedelta(hours=3),
        {
            "destination": f"https://{SITE}/events/winter-launch",
            "title": "Winter launch, goes live on Thursday",
            "tags": "events, launch",
            "starts_at": timedelta(days=3),
        },
    ),
    (
        "menu",
        timedelta(days=1),
        {
            "destination": f"https://cdn.{SITE}/menus/2026-11/menu-print-a5.pdf",
            "title": "QR on table cards",
            "tags": "print, qr",
            "notes": "Printed 400 times: the slug must stay.",
        },
    ),
    (
        "early-bird",
        timedelta(days=9),
        {
            "destination": "https://tickets.example.org/e/conference-2026?code=EARLY",
            "title": "Early bird tickets",
            "tags": "events",
            "max_clicks": "100",
            "expires_at": -timedelta(days=2),
        },
    ),
    (
        "autumn-sale",
        timedelta(days=36),
        {
            "destination": f"{SHOP}/collections/autumn-2026",
            "title": "Autumn sale, newsletter hero",
            "tags": "newsletter, sale",
            "utm": {"source": "newsletter", "medium": "email"},
            "rules": [
                {"if": {"countries": ["AT"]}, "destination": f"{SHOP}/at"},
                {
                    "variants": [
                        {"name": "blue", "destination": f"{SHOP}/blue", "weight": 70},
                        {"name": "green", "destination": f"{SHOP}/green", "weight": 30},
                    ]
                },
            ],
        },
    ),
)
FIELDS = (
    "slug created_at destination title tags notes status forward_path utm rules starts_at "
    "expires_at max_clicks"
).split()
DAYS = 34  # of clicks
# What is a picture of what: where it is, what it waits for, how high it is.
SHOTS = {"dashboard": ("#", ".row", 800), "stats": ("#stats/autumn-sale?bots=1", ".map svg", 1180)}


def cell(value: Any) -> str:
    """A value as an import reads it."""
    if isinstance(value, timedelta):
        return (now() + value).isoformat(timespec="seconds")
    return value if isinstance(value, str) else json.dumps(value)


def sheet() -> bytes:
    """The links as a CSV: an import alone may say when a link was made."""
    text = io.StringIO()
    table = csv.DictWriter(text, FIELDS)
    table.writeheader()
    for slug, ago, rest in LINKS:
        fields = {"slug": slug, "created_at": -ago, **rest}
        table.writerow({name: cell(value) for name, value in fields.items()})
    return text.getvalue().encode()


def furnish(stack: RunningStack) -> None:
    """Make the links, and what a campaign of a month would have been counted of them."""
    report = stack.api("POST", "/imports", sheet(), Content_Type="text/csv").json
    assert report["counts"]["created"] == len(LINKS), report
    with counts_of(stack) as store:
        fill(store, [slug for slug, _, _ in reversed(LINKS)], now(), DAYS)


def shoot(browser: "Browser", stack: RunningStack, name: str) -> None:
    """Write a picture of a page into docs/."""
    place, ready, height = SHOTS[name]
    # By the clocks of UTC, days are read as they are kept.
    page = browser.new_page(viewport={"width": 1200, "height": height}, timezone_id="UTC")
    page.goto(f"{stack.url}/#key={stack.api_key}")
    page.wait_for_selector(".row")
    page.evaluate("place => { location.hash = place }", place)
    page.wait_for_selector(ready, timeout=60_000)
    page.evaluate("document.activeElement.blur()")
    page.wait_for_timeout(500)  # whatever moves has come to rest
    page.screenshot(path=ROOT / "docs" / f"{name}.png")
    page.close()


def main() -> int:
    """The command's exit code."""
    with tempfile.TemporaryDirectory() as data:
        stack = start_stack(Path(data), EVERHOP_PUBLIC_URL=f"https://go.{SITE}")
        try:
            furnish(stack)
            with running_chromium() as browser:
                for name in SHOTS:
                    shoot(browser, stack, name)
        finally:
            stack.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
