"""The route of QR codes: a link's short URL as a picture to print."""

from collections.abc import Callable, Mapping
from urllib.parse import quote

from chalice.app import Blueprint, HeadersType, Request, Response

from chalicelib.api.cursors import Parameter, check_parameters
from chalicelib.api.doors import NO_STORE, Doors, route, slug_in_path
from chalicelib.api.pictures import Picture
from chalicelib.core.errors import Invalid, NotFound
from chalicelib.core.qr_codes import FIELDS
from chalicelib.service.links import LinkService


# Draws a text as the query parameters ask: an SVG, which is text, or a PNG.
Draw = Callable[[str, Mapping[str, str]], str | bytes]
_HEADERS = {
    **NO_STORE,
    "X-Content-Type-Options": "nosniff",
    # A picture opened by itself is a document of our origin, and needs nothing.
    "Content-Security-Policy": "default-src 'none'",
}
_TYPES = "image/svg+xml, image/png"
# What a URL may hold as it is; anything else scanners would read in encodings of their own.
_URL = "!#$%&'()*+,-./:;=?@_~[]"


def routes(links: LinkService, doors: Doors, draw: Draw) -> Blueprint:
    """The blueprint, over these use cases and what draws a text."""
    api = Blueprint(__name__)

    @route(
        api,
        "/v1/links/{slug}/qr",
        ["GET"],
        lambda say: say.Operation(
            "Links",
            {200: say.Answer("The picture.", {"type": "string"}, _TYPES, example="<svg …>…</svg>")},
            errors=(NotFound, Invalid),
            parameters=(say.SLUG_IN_PATH, *_parameters()),
        ),
    )
    def draw_qr_code(request: Request, slug: str) -> Response:
        """Draw a link's QR code.

        The code leads to the link's short URL. Looks that scanners would not read are refused:
        too little contrast, light on dark, too little room around it.
        """
        workspace = doors.authorise(request, "read")
        check_parameters(request, _parameters())
        link = links.read(workspace, slug_in_path(slug))
        short_url = quote(doors.short_url(request, link.slug), safe=_URL)
        return _answer(draw(short_url, request.query_params or {}), quote(link.slug, safe=""))

    return api


def _parameters() -> list[Parameter]:
    return [Parameter(name, field.kind.schema, field.about) for name, field in FIELDS.items()]


def _answer(drawn: str | bytes, name: str) -> Response:
    kind, form = ("image/svg+xml", "svg") if isinstance(drawn, str) else ("image/png", "png")
    file = f'inline; filename="{name}-qr.{form}"'
    headers: HeadersType = {**_HEADERS, "Content-Type": kind, "Content-Disposition": file}
    return Response(drawn, headers) if isinstance(drawn, str) else Picture(drawn, headers)
