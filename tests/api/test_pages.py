"""The pages that visitors see: the dashboard's colours, and nothing that a browser would block."""

import base64
import hashlib
import re

import pytest

from chalicelib.api.pages import refusal_page
from chalicelib.core.redirects import Refusal
from tests.conftest import ROOT


TOKENS = (ROOT / "static_site" / "assets" / "styles" / "tokens.css").read_text()
PALETTE = dict(re.findall(r"--((?:hop|ink|amber)-\d+): (oklch\([^)]+\))", TOKENS))


def test_the_colours_are_the_dashboards() -> None:
    """Each colour of the pages is the dashboard's colour of that name, in light and dark."""
    page = refusal_page(Refusal("unknown")).html
    used = re.findall(r"--([a-z-]+):light-dark\((oklch\([^)]+\)),(oklch\([^)]+\))\)", page)

    assert len(used) == 8
    for name, light, dark in used:
        meaning = re.search(
            rf"--color-{name}: light-dark\(var\(--([\w-]+)\), var\(--([\w-]+)\)\)", TOKENS
        )
        assert meaning is not None, name
        assert [light, dark] == [PALETTE[one] for one in meaning.groups()], name


@pytest.mark.parametrize("reason", ["unknown", "deleted", "disabled", "expired"])
def test_the_style_is_allowed_by_its_hash(reason: str) -> None:
    """The policy names the hash of the one style element, and allows no script."""
    page = refusal_page(Refusal(reason))  # type: ignore[arg-type]
    style = re.findall(r"<style>(.*?)</style>", page.html, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style[0].encode()).digest()).decode()

    assert len(style) == 1
    assert f"'sha256-{digest}'" in page.headers["Content-Security-Policy"]
    assert "style=" not in page.html
    assert "<script" not in page.html
