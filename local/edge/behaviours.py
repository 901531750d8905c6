"""Which behaviour a path has: the first whose pattern fits, as CloudFront compares them."""

import re
import string
from collections.abc import Callable, Sequence
from functools import lru_cache

from local.edge.distributions import Behaviour


_ENCODED = re.compile(r"%([0-9A-Fa-f]{2})")
_UNRESERVED = frozenset(string.ascii_letters + string.digits + "-._~")


def pattern_for(pattern: str) -> re.Pattern[str]:
    """`*` is any characters, `?` exactly one; all else is itself, with its case.

    A pattern means the same with and without its first slash.
    """
    path = pattern if pattern.startswith(("/", "*")) else f"/{pattern}"
    parts = (".*" if one == "*" else "." if one == "?" else re.escape(one) for one in path)
    return re.compile("".join(parts), re.DOTALL)


def normal_path(path: str) -> str:
    """A path as CloudFront compares it with patterns (RFC 3986 6.2.2); it goes on as it came."""
    if "%" in path:
        path = _ENCODED.sub(_plain, path)
    return _without_dots(path) if "/." in path else path


def _plain(found: re.Match[str]) -> str:
    one = chr(int(found[1], 16))
    return one if one in _UNRESERVED else found[0].upper()


def _without_dots(path: str) -> str:
    kept: list[str] = []
    *segments, last = path.split("/")[1:]
    for segment in segments:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    if last == "..":
        del kept[-1:]
    return "/" + "/".join([*kept, "" if last in (".", "..") else last])


def finder(behaviours: Sequence[Behaviour]) -> Callable[[str], Behaviour]:
    """What finds a path's behaviour; the last one, the default, takes what is left."""
    *listed, default = behaviours
    patterns = [(pattern_for(one.pattern).fullmatch, one) for one in listed]

    @lru_cache(4096)
    def find(raw: str) -> Behaviour:
        path = normal_path(raw)
        return next((one for matches, one in patterns if matches(path)), default)

    return find
