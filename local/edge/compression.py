"""Compressing what an origin sent plain, for those who take it."""

import gzip
from dataclasses import replace

from local.edge.messages import Response, copy_headers, put, value_of


SMALLEST, LARGEST = 1_000, 10_000_000
_TYPES = frozenset(
    """application/dash+xml application/eot application/font application/font-sfnt
    application/javascript application/json application/opentype application/otf application/pdf
    application/pkcs7-mime application/protobuf application/rss+xml application/truetype
    application/ttf application/vnd.apple.mpegurl application/vnd.mapbox-vector-tile
    application/vnd.ms-fontobject application/wasm application/xhtml+xml application/xml
    application/x-font-opentype application/x-font-truetype application/x-font-ttf
    application/x-httpd-cgi application/x-javascript application/x-mpegurl application/x-opentype
    application/x-otf application/x-perl application/x-ttf font/eot font/opentype font/otf font/ttf
    image/svg+xml text/css text/csv text/html text/javascript text/js text/plain text/richtext
    text/tab-separated-values text/xml text/x-component text/x-java-source text/x-script
    vnd.apple.mpegurl""".split()
)


def compress(response: Response, accepted: str) -> Response:
    """The answer made small where that is right, else as it is; `accepted` is the normal form.

    In Brotli for whoever takes it, as CloudFront does, else in gzip.
    """
    coding = next((one for one in ("br", "gzip") if one in accepted.split(",")), None)
    if coding is None or not _is_fit(response):
        return response
    headers = copy_headers(response.headers)
    put(headers, "Content-Encoding", coding)
    put(headers, "Vary", ", ".join(filter(None, (value_of(headers, "vary"), "Accept-Encoding"))))
    headers.pop("content-length", None)
    tag = value_of(headers, "etag")
    if tag and not tag.startswith("W/"):
        put(headers, "ETag", f"W/{tag}")
    return replace(response, headers=headers, body=_in_coding(coding, response.body))


def _in_coding(coding: str, body: bytes) -> bytes:
    if coding == "gzip":
        return gzip.compress(body, 5, mtime=0)
    import brotli  # noqa: PLC0415 - few who ask a local stack take it, and the edge starts without

    small: bytes = brotli.compress(body, quality=5)
    return small


def _is_fit(response: Response) -> bool:
    kind = value_of(response.headers, "content-type").partition(";")[0].strip().lower()
    return (
        response.status in (200, 403, 404)
        and SMALLEST <= len(response.body) <= LARGEST
        and kind in _TYPES
        and "content-encoding" not in response.headers
    )
