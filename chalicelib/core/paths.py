"""Paths passed on from the visitor to the destination, below the destination's own."""

import re
from urllib.parse import quote

from chalicelib.core.destinations import is_web
from chalicelib.core.queries import MAX_LOCATION
from chalicelib.core.slugs import decode_slug


# What may stand in a segment as it is.
_PLAIN = "!$&'()*+,;=:@-._~"
# Servers take `..;x` for `..`, a backslash for a slash, and some decode once more than they should.
_UNSAFE = r"(?s:\.{1,2}(;.*)?|.*[/\\\x00-\x1f\x7f-\x9f].*)"


def join_path(destination: str, path: str) -> str | None:
    """The destination with the visitor's raw path (`/more/path`) after its own; None when unsafe.

    Each segment is decoded exactly once and encoded anew. One that is empty, leads upwards or hides
    a slash makes the whole path unsafe, so nothing reaches above the destination or another host.
    """
    joined = _safe_path(path) if is_web(destination) else None
    if joined is None:
        return None
    end = re.search(r"[?#]|$", destination)
    place = end.start() if end else len(destination)
    location = f"{destination[:place].removesuffix('/')}{joined}{destination[place:]}"
    return location if len(location) <= MAX_LOCATION else None


def _safe_path(path: str) -> str | None:
    first, *segments = path.split("/")
    if first or not segments:
        return None
    directory = segments[-1] == ""
    read = [_safe_segment(one) for one in (segments[:-1] if directory else segments)]
    if not all(read):
        return None
    return "".join(f"/{one}" for one in read) + ("/" if directory else "")


def _safe_segment(segment: str) -> str | None:
    text = decode_slug(segment)
    if not text or re.fullmatch(_UNSAFE, text):
        return None
    return quote(text, safe=_PLAIN)
