"""The WHATWG URL parser (ada-url) in the shape that core asks for.

Loaded at the first create or edit: a redirect never needs it, and it would cost each cold start
30 ms.
"""

from typing import Any

from chalicelib.core.destinations import ParsedUrl


def parse_url(text: str) -> ParsedUrl | None:
    """The URL as a browser would read it without a base; None when it could not."""
    import ada_url  # noqa: PLC0415

    try:
        url = ada_url.URL(text)
    except ValueError:
        return None
    return ParsedUrl(
        href=url.href,
        scheme=url.protocol.removesuffix(":"),
        host=url.hostname,
        port=url.port,
        userinfo=_userinfo(url),
    )


def _userinfo(url: Any) -> str:
    return f"{url.username}:{url.password}".strip(":")
