"""Texts drawn as QR codes: segno finds the modules, core says how they look."""

from collections.abc import Mapping


def draw_qr(text: str, parameters: Mapping[str, str]) -> str | bytes:
    """The code as an SVG, which is text, or a PNG; Invalid names each parameter it can't use.

    The error level becomes higher than asked when that makes the code no larger.
    """
    # Imported here, all of it: redirects must not wait for it in a cold start.
    import segno  # noqa: PLC0415

    from chalicelib.core.qr_codes import read_style  # noqa: PLC0415
    from chalicelib.core.qr_pictures import draw_png, draw_svg, spare_centre  # noqa: PLC0415

    style = read_style(parameters)
    matrix = spare_centre(segno.make_qr(text, error=style.level).matrix, style.logo_space)
    return draw_png(matrix, style) if style.format == "png" else draw_svg(matrix, style, text)
