"""A QR code over the wire, from the real stack, as curl and programs ask for it."""

import io

import pytest
import zxingcpp
from PIL import Image

from tests.browser.conftest import make
from tests.conftest import RunningStack


pytestmark = pytest.mark.stack


@pytest.mark.parametrize("headers", [{}, {"Accept": "*/*"}, {"Accept": "image/png"}], ids=str)
def test_png_over_the_wire(stack: RunningStack, headers: dict[str, str]) -> None:
    """With any Accept, or none, the bytes that arrive are a picture of a URL that redirects."""
    slug = make(stack, destination="https://example.com/printed")
    answer = stack.api("GET", f"/links/{slug}/qr?format=png", **headers)
    (found,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(answer.body)).convert("L"))
    followed = stack.ask("GET", found.text.removeprefix(stack.url))

    assert answer.headers["Content-Type"] == "image/png"
    assert answer.headers["Cache-Control"] == "no-store"
    assert found.text == f"{stack.url}/{slug}"
    assert (followed.status, followed.headers["Location"]) == (302, "https://example.com/printed")
