"""QR codes, read back by a real decoder as a phone would see them, and what is refused."""

import io
import itertools
from typing import Any
from urllib.parse import urlencode

import pytest
import resvg_py
import zxingcpp
from PIL import Image, ImageFilter

from chalicelib.core.qr_pictures import spare_centre
from tests.api.driver import Api, codes, make_api


LONG = "w" * 30 + "-0123456789_" + "A" * 22  # 64 characters, the longest slug
LOOKS = [
    {},
    {"dark": "1a237e", "light": "fff"},
    {"dark": "#b00020", "light": "#ffffe0"},
    {"dark": "949494"},  # 3.03:1, the least contrast there is
    {"light": "transparent", "dark": "123"},
]


def ask(api: Api, slug: str = "promo", **parameters: Any) -> Any:
    return api.keyed("GET", f"/links/{slug}/qr?{urlencode(parameters)}")


def picture(answer: Any) -> Image.Image:
    """The picture as it is seen on white paper."""
    assert answer.status_code == 200, answer.body
    data = answer.body
    if answer.headers["Content-Type"] == "image/svg+xml":
        data = bytes(resvg_py.svg_to_bytes(svg_string=data.decode()))
    drawn = Image.open(io.BytesIO(data)).convert("RGBA")
    paper = Image.new("RGBA", drawn.size, "white")
    return Image.alpha_composite(paper, drawn).convert("L")


def seen(image: Image.Image, degrees: float, ground: int = 200) -> Image.Image:
    """The picture as a phone sees it: on a table, turned, tilted, smaller, not in focus."""
    side = image.width
    table = Image.new("L", (side * 3 // 2, side * 3 // 2), ground)
    table.paste(image, (side // 4, side // 4))
    turned = table.rotate(degrees, Image.Resampling.BICUBIC, fillcolor=ground)
    w, h = turned.size
    tilted = turned.transform(
        (w, h),
        Image.Transform.QUAD,
        (w * 0.06, 0, 0, h, w, h, w * 0.94, 0),
        Image.Resampling.BICUBIC,
        fillcolor=ground,
    )
    return tilted.resize((w * 2 // 3, h * 2 // 3)).filter(ImageFilter.GaussianBlur(1))


def texts(image: Image.Image) -> list[str]:
    return [found.text for found in zxingcpp.read_barcodes(image)]


@pytest.mark.parametrize("form", ["svg", "png"])
@pytest.mark.parametrize("slug", ["promo", LONG], ids=["short", "long"])
@pytest.mark.parametrize("look", LOOKS, ids=str)
def test_every_code_is_read(api: Api, look: dict[str, str], slug: str, form: str) -> None:
    """Each level, margin and logo space is read in each look, and as a phone sees it."""
    api.made(slug=slug)
    for error, margin, logo in itertools.product("LMQH", (2, 4), (0, 25)):
        style = {"error": error, "margin": margin, "logo_space": logo}
        image = picture(ask(api, slug, format=form, **look, **style))
        assert image.size == (512, 512)
        assert texts(image) == [f"https://sho.rt/{slug}"], style
        if margin == 4:
            assert texts(seen(image, 17)) == [f"https://sho.rt/{slug}"], style


@pytest.mark.parametrize("ground", [0, 90, 255], ids=["black", "grey", "white"])
@pytest.mark.parametrize("degrees", [0, 45, 93, 180, 271])
def test_the_least_margin_is_enough(api: Api, degrees: int, ground: int) -> None:
    """With a margin of 2 a code is read on any ground, turned any way."""
    api.made(slug="promo")
    image = picture(ask(api, format="png", margin=2))

    assert texts(seen(image, degrees, ground)) == ["https://sho.rt/promo"]


def test_a_logo_fits(api: Api) -> None:
    """A dark logo over the largest space leaves the code readable, whatever level was asked."""
    for slug in ("promo", LONG):
        api.made(slug=slug)
        image = picture(ask(api, slug, format="png", error="L", logo_space=25))
        image.paste(0, (200, 200, 312, 312))

        assert texts(seen(image, 8)) == [f"https://sho.rt/{slug}"]


@pytest.mark.parametrize("logo", [0, 10])
@pytest.mark.parametrize("error", "LMQH")
def test_error_level(api: Api, error: str, logo: int) -> None:
    """A code has the level asked for or more; one with space for a logo has the highest."""
    api.made(slug=LONG)
    image = picture(ask(api, LONG, error=error, logo_space=logo))
    (found,) = zxingcpp.read_barcodes(image)

    assert "LMQH".index(found.ec_level) >= "LMQH".index("H" if logo else error)


@pytest.mark.parametrize(
    ("percent", "side"), [(0, 0), (3, 0), (4, 1), (11, 1), (12, 3), (19, 3), (20, 5), (25, 5)]
)
def test_space_for_a_logo(percent: int, side: int) -> None:
    """The space is a light square in the very centre, never wider than asked."""
    spared = spare_centre([[1] * 25 for _ in range(25)], percent)
    middle = range(12 - side // 2, 12 - side // 2 + side)

    assert [(y, x) for y in range(25) for x in range(25) if not spared[y][x]] == [
        (y, x) for y in middle for x in middle
    ]


@pytest.mark.parametrize("size", [64, 100, 333, 512, 513, 2048], ids=lambda size: f"{size} pixels")
def test_size_is_exact(api: Api, size: int) -> None:
    """A PNG has the side that was asked for, also when modules do not divide it, centred."""
    api.made(slug="promo")
    image = picture(ask(api, format="png", size=size, margin=2))

    left, top, right, bottom = image.point(lambda bright: 255 - bright).getbbox()

    assert image.size == (size, size)
    assert left == top
    assert 0 <= (size - right) - left <= 1
    assert right - left == bottom - top
    assert texts(image) == ["https://sho.rt/promo"]


def test_transparent_png_is_transparent(api: Api) -> None:
    """The light modules let through what is below; the dark ones do not."""
    api.made(slug="promo")
    body = ask(api, format="png", light="transparent", dark="#102030").body
    image = Image.open(io.BytesIO(body)).convert("RGBA")

    assert {colour for _, colour in image.getcolors()} == {
        (255, 255, 255, 0),
        (0x10, 0x20, 0x30, 255),
    }


def test_colours_are_those_asked_for(api: Api) -> None:
    """#rgb is #rrggbb with each digit twice, with or without its #, in any case."""
    api.made(slug="promo")
    image = Image.open(io.BytesIO(ask(api, format="png", dark="#A01", light="FAfaFA").body))
    svg = ask(api, dark="#A01", light="FAfaFA").body.decode()

    assert {colour for _, colour in image.convert("RGB").getcolors()} == {
        (0xAA, 0x00, 0x11),
        (0xFA, 0xFA, 0xFA),
    }
    assert 'fill="#aa0011"' in svg
    assert 'fill="#fafafa"' in svg


@pytest.mark.parametrize(
    ("parameters", "refused"),
    [
        ({"format": "gif"}, {"/format": "choice"}),
        ({"format": ""}, {"/format": "choice"}),
        ({"size": 63}, {"/size": "out_of_range"}),
        ({"size": 2049}, {"/size": "out_of_range"}),
        ({"size": "1e3"}, {"/size": "out_of_range"}),
        ({"size": "٣٠٠"}, {"/size": "out_of_range"}),
        ({"size": "9" * 5000}, {"/size": "out_of_range"}),
        ({"margin": 1}, {"/margin": "out_of_range"}),
        ({"margin": 11}, {"/margin": "out_of_range"}),
        ({"margin": "-4"}, {"/margin": "out_of_range"}),
        ({"error": "m"}, {"/error": "choice"}),
        ({"dark": "red"}, {"/dark": "colour"}),
        ({"dark": "#12345"}, {"/dark": "colour"}),
        ({"dark": "transparent"}, {"/dark": "colour"}),
        ({"light": '#fff"/><script>'}, {"/light": "colour"}),
        ({"light": "#fff\n"}, {"/light": "colour"}),
        ({"logo_space": 26}, {"/logo_space": "out_of_range"}),
        ({"logo": "https://example.com/logo.png"}, {"/logo": "unknown_field"}),
        ({"size": 1, "margin": 99}, {"/size": "out_of_range", "/margin": "out_of_range"}),
        ({"dark": "#959595"}, {"/dark": "qr_contrast"}),
        ({"light": "#595959"}, {"/light": "qr_contrast"}),
        ({"dark": "fff", "light": "000"}, {"/dark": "qr_contrast"}),
        ({"dark": "ff0", "light": "transparent"}, {"/dark": "qr_contrast"}),
    ],
    ids=str,
)
def test_refused(api: Api, parameters: dict[str, Any], refused: dict[str, str]) -> None:
    """What can't be drawn, or would not be read, is 422 with a pointer to the parameter."""
    api.made(slug="promo")
    answer = ask(api, **parameters)

    assert answer.status_code == 422
    assert codes(answer) == refused


def test_too_small_to_see(api: Api) -> None:
    """A PNG in which a module would be a single pixel is refused, with the size that it needs."""
    api.made(slug=LONG)
    answer = ask(api, LONG, format="png", size=64)

    assert codes(answer) == {"/size": "qr_size"}
    needed = int(answer.json_body["errors"][0]["detail"].split()[3])
    assert ask(api, LONG, format="png", size=needed - 1).status_code == 422
    assert texts(picture(ask(api, LONG, format="png", size=needed)))


def test_only_the_owner(api: Api) -> None:
    """Without a key 401, without a link 404, after its deletion too; no cache keeps any answer."""
    api.made(slug="promo")
    assert ask(api).headers["Cache-Control"] == "no-store"
    assert api.ask("GET", "/v1/links/promo/qr").status_code == 401
    assert ask(api, "nobody").status_code == 404
    api.keyed("DELETE", "/links/promo")

    assert ask(api).status_code == 404
    assert ask(api).headers["Cache-Control"] == "no-store"


def test_the_slug_as_it_is_shown(api: Api) -> None:
    """The code has the short URL of the link, not what the request happened to spell."""
    api.made(slug="Promo")

    assert texts(picture(ask(api, "pROMO"))) == ["https://sho.rt/Promo"]


def test_beyond_ascii() -> None:
    """A slug in another script is percent-encoded, as scanners disagree on how to read bytes."""
    with make_api(EVERHOP_UNICODE_SLUGS="on") as api:
        api.made(slug="größe")
        answer = ask(api, "gr%C3%B6%C3%9Fe", format="png")

        assert texts(picture(answer)) == ["https://sho.rt/gr%C3%B6%C3%9Fe"]
        assert answer.headers["Content-Disposition"] == (
            'inline; filename="gr%C3%B6%C3%9Fe-qr.png"'
        )


def test_markup_in_a_picture() -> None:
    """What stands before the slug can't become markup of the SVG."""
    with make_api(EVERHOP_PUBLIC_URL="https://sho.rt/a&b") as api:
        api.made(slug="promo")
        svg = ask(api).body.decode()

        assert "<title>https://sho.rt/a&amp;b/promo</title>" in svg
        assert texts(picture(ask(api))) == ["https://sho.rt/a&b/promo"]
