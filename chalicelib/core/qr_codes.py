"""QR codes: what one may look like, and which looks scanners would not read."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from chalicelib.core.errors import Invalid, Problem, Refused
from chalicelib.core.fields import Field, Parser, choice, read_fields


Level = Literal["L", "M", "Q", "H"]
MIN_CONTRAST = 3.0
TRANSPARENT = "transparent"
_HEX = re.compile(r"#?([0-9a-f]{3}|[0-9a-f]{6})", re.ASCII)
_DIGITS = re.compile(r"\d{1,5}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class QrStyle:
    """How a code is drawn; colours are #rrggbb, `size` is the side of the picture in pixels."""

    format: Literal["svg", "png"] = "svg"
    size: int = 512
    margin: int = 4
    error: Level = "M"
    dark: str = "#000000"
    light: str = "#ffffff"
    logo_space: int = 0

    @property
    def level(self) -> Level:
        """The error level needed: a logo hides modules, which only the highest makes up for."""
        return "H" if self.logo_space else self.error


def _whole(least: int, most: int) -> Parser:
    def parse(value: object) -> int:
        text = str(value)
        if not _DIGITS.fullmatch(text) or not least <= int(text) <= most:
            raise Refused("out_of_range", f"A whole number from {least} to {most}.")
        return int(text)

    return parse


def _colour(value: object) -> str:
    match = _HEX.fullmatch(str(value).lower())
    if match is None:
        raise Refused("colour", "A colour is #rgb or #rrggbb; in a URL, # is %23 or left out.")
    digits = match.group(1)
    return "#" + (digits if len(digits) == 6 else "".join(digit * 2 for digit in digits))


def _light(value: object) -> str:
    return TRANSPARENT if value == TRANSPARENT else _colour(value)


FIELDS: Mapping[str, Field] = {
    "format": Field(choice("svg", "png")),
    "size": Field(_whole(64, 2048)),
    # ISO 18004 asks for 4 modules. On dark grounds a weak reader did nearly as well with 2, and
    # lost half of the codes without any.
    "margin": Field(_whole(2, 10)),
    "error": Field(choice("L", "M", "Q", "H")),
    "dark": Field(_colour),
    "light": Field(_light),
    # With a logo over more than a quarter of the side, a weak reader lost a third of the codes.
    "logo_space": Field(_whole(0, 25)),
}


def read_style(parameters: Mapping[str, str]) -> QrStyle:
    """The style that query parameters ask for; Invalid names every one that can't be used."""
    style = QrStyle(**read_fields(dict(parameters), FIELDS))
    _check_contrast(style, "/dark" if "dark" in parameters else "/light")
    return style


def _check_contrast(style: QrStyle, pointer: str) -> None:
    # What a transparent code will stand on is not known; paper and pages are white.
    light = "#ffffff" if style.light == TRANSPARENT else style.light
    contrast = (luminance(light) + 0.05) / (luminance(style.dark) + 0.05)
    if contrast < 1:
        detail = "The dark colour must be the darker one: many scanners can't read inverted codes."
    elif contrast < MIN_CONTRAST:
        detail = f"The contrast is {contrast:.1f}:1; scanners need {MIN_CONTRAST:.0f}:1 or more."
    else:
        return
    raise Invalid([Problem(pointer, "qr_contrast", detail)])


def luminance(colour: str) -> float:
    """How bright a #rrggbb colour is, from 0 to 1, as WCAG defines it."""
    red, green, blue = (_linear(int(colour[at : at + 2], 16) / 255) for at in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return float(channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4)
