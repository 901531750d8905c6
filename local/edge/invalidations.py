"""Which kept answers an invalidation means."""

import re
from urllib.parse import quote


# RFC 3986's unreserved and what a path or a query may have: CloudFront wants the rest encoded.
_AS_IS = "!$%&'()*+,-./:;=?@_~"


def invalidated(pattern: str, path: str, query: str) -> bool:
    """Whether a path of CreateInvalidation means the object of this path and kept query.

    `*` counts only at the end. A path without a query means the object that was asked without one.
    """
    normal = normal_path(pattern)
    name = f"{path}?{query}" if query else path
    if normal.endswith("*"):
        return name.startswith(normal[:-1])
    return name == normal


def normal_path(pattern: str) -> str:
    """A path of an invalidation as a request has it: with its slash, and encoded."""
    text = quote(pattern, safe=_AS_IS)
    return text if text.startswith("/") else f"/{text}"


def is_path(pattern: str) -> bool:
    """Whether CloudFront takes this as a path of an invalidation."""
    return bool(re.fullmatch(r"[^\s\x00-\x1f]{1,4000}", pattern))
