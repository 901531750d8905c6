"""What part of a kept answer a visitor gets: all of it, a range, or that nothing has changed."""

import re
from email.utils import parsedate_to_datetime

from local.edge.messages import Headers, Response, reason_of, value_of
from local.edge.ranges import part_of


# RFC 9110 15.4.5: what a 304 still says.
_SAID_WITHOUT_BODY = frozenset(
    "cache-control content-location date etag expires vary server".split()
)


def select(response: Response, headers: Headers) -> Response:
    """The answer to a GET or HEAD with these headers, out of the whole one."""
    if response.status != 200:
        return response
    if is_unchanged(response.headers, headers):
        return Response(304, _without_body(response.headers), b"", reason_of(304))
    wanted = value_of(headers, "range")
    if wanted and _applies(value_of(headers, "if-range"), response.headers):
        return part_of(response, wanted)
    return response


def is_unchanged(kept: Headers, asked: Headers) -> bool:
    """Whether the visitor has it already (RFC 9110 13.2.2: the tag decides where there is one)."""
    tags = value_of(asked, "if-none-match")
    if tags:
        tag = value_of(kept, "etag")
        return tags.strip() == "*" or (bool(tag) and _weak(tag) in map(_weak, _tags(tags)))
    since = _time(value_of(asked, "if-modified-since"))
    changed = _time(value_of(kept, "last-modified"))
    return since is not None and changed is not None and changed <= since


def _tags(text: str) -> list[str]:
    return re.findall(r'(?:W/)?"[^"]*"', text)


def _weak(tag: str) -> str:
    return tag.strip().removeprefix("W/")


def _time(text: str) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp() if text else None
    except (ValueError, OverflowError, IndexError, TypeError):
        return None


def _without_body(headers: Headers) -> Headers:
    return {
        name: lines
        for name, lines in headers.items()
        if name in _SAID_WITHOUT_BODY or not name.startswith(("content-", "last-modified"))
    }


def _applies(condition: str, headers: Headers) -> bool:
    if not condition:
        return True
    if '"' in condition:  # a weak tag never fits here
        return condition == value_of(headers, "etag")
    return condition == value_of(headers, "last-modified")
