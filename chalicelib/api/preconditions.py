"""Conditional requests (RFC 9110, 13): If-Match on changes, If-None-Match on reads."""

import hashlib
import re

from chalice.app import Request, Response

from chalicelib.core.errors import PreconditionRequired


# Empty members are passed over (RFC 9110, 5.6.1).
_LIST = re.compile(r'[\s,]*(?:(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"\s*(?:,[\s,]*|$))*', re.ASCII)
_TAG = re.compile(r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"')
_VERSION = re.compile(r'"v([1-9]\d{0,14})(?:-[a-z]+)?"', re.ASCII)


def versions_to_match(request: Request, *, required: bool) -> frozenset[int] | None:
    """The versions that a change may replace; None is any, and none at all can't be met.

    Weak tags match nothing here, as RFC 9110 has it: they don't promise the very same version.
    """
    header = request.headers.get("if-match")
    if header is None:
        if required:
            raise PreconditionRequired("Send the link's ETag as If-Match, or * for any version.")
        return None
    if header.strip() == "*":
        return None
    found = map(_VERSION.fullmatch, _tags_of(header))
    return frozenset(int(match.group(1)) for match in found if match)


def answer_unless_known(request: Request, answer: Response) -> Response:
    """The answer to a read, or 304 when the client has it already; tags are compared weakly."""
    etag = str(answer.headers.setdefault("ETag", _tag_text(str(answer.body))))
    header = request.headers.get("if-none-match")
    if header is None or not _names(header, etag):
        return answer
    kept = {name: value for name, value in answer.headers.items() if name != "Content-Type"}
    return Response("", kept, 304)


def _tag_text(text: str) -> str:
    # Weak: what the tag promises is the same list, not the same bytes.
    return f'W/"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'


def _names(header: str, etag: str) -> bool:
    known = [tag.removeprefix("W/") for tag in _tags_of(header)]
    return header.strip() == "*" or etag.removeprefix("W/") in known


def _tags_of(header: str) -> list[str]:
    return _TAG.findall(header) if _LIST.fullmatch(header) else []
