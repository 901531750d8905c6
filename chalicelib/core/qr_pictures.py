"""QR codes drawn: a square of dark and light modules becomes an SVG or PNG picture."""

import struct
import zlib
from collections.abc import Iterator, Sequence
from html import escape
from itertools import groupby

from chalicelib.core.errors import Invalid, Problem
from chalicelib.core.qr_codes import TRANSPARENT, QrStyle


Matrix = Sequence[Sequence[int]]  # rows of modules; 1 is dark
MIN_SCALE = 2  # pixels a module needs for a camera to see it


def spare_centre(matrix: Matrix, percent: int) -> Matrix:
    """The code with a light square in its centre, at most `percent` of its side, for a logo."""
    count = len(matrix)
    side = count * percent // 100
    side -= 1 - side % 2  # codes have an odd side: only an odd square is in the centre
    if side < 1:
        return matrix
    start = (count - side) // 2
    middle = range(start, start + side)
    return [
        [0 if y in middle and x in middle else dark for x, dark in enumerate(row)]
        for y, row in enumerate(matrix)
    ]


def draw_svg(matrix: Matrix, style: QrStyle, title: str) -> str:
    """The code as a standalone SVG, in units of modules; readers are told its title."""
    side = len(matrix) + 2 * style.margin
    ground = f'<path fill="{style.light}" d="M0 0h{side}v{side}H0z"/>'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{style.size}" height="{style.size}" '
        f'viewBox="0 0 {side} {side}" shape-rendering="crispEdges" role="img">'
        f"<title>{escape(title)}</title>{'' if style.light == TRANSPARENT else ground}"
        f'<path fill="{style.dark}" d="{"".join(_runs(matrix, style.margin))}"/></svg>\n'
    )


def _runs(matrix: Matrix, margin: int) -> Iterator[str]:
    for y, row in enumerate(matrix):
        x = 0
        for dark, modules in groupby(row):
            length = sum(1 for _ in modules)
            if dark:
                yield f"M{x + margin} {y + margin}h{length}v1h-{length}z"
            x += length


def draw_png(matrix: Matrix, style: QrStyle) -> bytes:
    """The code as a PNG of exactly `size` pixels; what does not divide widens the margin."""
    side = len(matrix) + 2 * style.margin
    scale = style.size // side
    if scale < MIN_SCALE:
        detail = f"This code needs {MIN_SCALE * side} pixels or more, or an SVG."
        raise Invalid([Problem("/size", "qr_size", detail)])
    start = (style.size - scale * len(matrix)) // 2
    empty = _row([], scale, start, style.size)
    rows = [_row(row, scale, start, style.size) * scale for row in matrix]
    end = style.size - start - scale * len(matrix)
    return _png(empty * start + b"".join(rows) + empty * end, style)


def _row(modules: Sequence[int], scale: int, start: int, size: int) -> bytes:
    """One line of pixels, a bit each, after the byte that says that it is not filtered."""
    bits = "0" * start + "".join(("1" if dark else "0") * scale for dark in modules)
    width = (size + 7) // 8
    return b"\0" + int(bits.ljust(width * 8, "0"), 2).to_bytes(width, "big")


def _png(pixels: bytes, style: QrStyle) -> bytes:
    see_through = style.light == TRANSPARENT
    light = "#ffffff" if see_through else style.light
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        (
            # One bit a pixel, its colour from a palette.
            _chunk(b"IHDR", struct.pack(">IIBBBBB", style.size, style.size, 1, 3, 0, 0, 0)),
            _chunk(b"PLTE", bytes.fromhex(light[1:] + style.dark[1:])),
            _chunk(b"tRNS", b"\0") if see_through else b"",
            _chunk(b"IDAT", zlib.compress(pixels, 9)),
            _chunk(b"IEND", b""),
        )
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
