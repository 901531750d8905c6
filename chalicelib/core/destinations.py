r"""Where a link may lead: what is refused, and the one form in which a destination is stored.

A WHATWG parser, handed in by the caller, reads the text as browsers do, so that no rule here can
be walked around by spelling (`HTTP://2130706433/`, `https:\\\\host`, upper case, full-width dots).
"""

import re
from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from chalicelib.core.errors import Refused
from chalicelib.core.hosts import SHORTENERS, is_listed_host, is_own_host, is_private_host


MAX_LENGTH = 2048
WEB_SCHEMES = frozenset({"http", "https"})
# Run code, read files or hide the destination: never allowed, not even by a setting.
NEVER_SCHEMES = frozenset(
    "javascript data vbscript file filesystem blob about view-source jar resource chrome".split()
)
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):", re.ASCII)
# C0 and C1 controls, DEL, line separators: parsers drop or split on some of them.
_CONTROL = r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]"
# Encoded line breaks in what ends up in a header; a lone %0A is usual in `?text=` of share links.
_ENCODED_BREAK = r"(?i)%0d|^[^?#]*%0a|%00"
_VISIBLE = re.compile(r"[\x21-\x7e]+", re.ASCII)
_DEFAULT_PORTS = {"http": "80", "https": "443"}


class ParsedUrl(NamedTuple):
    """A URL as the WHATWG parser serialises it; `port` is empty when it is the scheme's own."""

    href: str
    scheme: str
    host: str
    port: str
    userinfo: str


UrlParser = Callable[[str], ParsedUrl | None]


class DestinationPolicy(NamedTuple):
    """What a deployment allows; hosts are in the form of `hosts.bare_host`."""

    own_hosts: frozenset[str] = frozenset()
    extra_schemes: frozenset[str] = frozenset()
    denied_hosts: frozenset[str] = frozenset()
    deny_shorteners: bool = False
    allow_private: bool = False

    @property
    def schemes(self) -> frozenset[str]:
        """Every scheme that a destination may have."""
        return WEB_SCHEMES | (self.extra_schemes - NEVER_SCHEMES)


def parse_destination(value: object, policy: DestinationPolicy, parse_url: UrlParser) -> str:
    """The destination as it is stored and sent; Refused with a `destination_...` code.

    http and https come out as browsers serialise them (punycode host, percent-encoded rest);
    a scheme that the deployment opted in to comes out byte for byte.
    """
    text = _check_text(value)
    scheme = _scheme_of(text)
    if scheme not in policy.schemes:
        raise Refused("destination_scheme", _scheme_detail(policy))
    if scheme not in WEB_SCHEMES:
        return _opaque(text)
    url = parse_url(text)
    if url is None or not url.host:
        raise Refused("destination_invalid", "This is not an address that a browser could open.")
    _check_url(url, policy)
    return url.href


def destination_schema(policy: DestinationPolicy) -> dict[str, Any]:
    """The JSON Schema of what `parse_destination` takes, as far as the text alone tells."""
    schemes = sorted(policy.schemes)
    spelt = "|".join("".join(map(_any_case, scheme)) for scheme in schemes)
    return {
        "type": "string",
        "minLength": 1,
        "maxLength": MAX_LENGTH,
        "pattern": f"^(?:{spelt}):[^\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029]*$",
    }


def _any_case(character: str) -> str:
    return f"[{character.upper()}{character}]" if character.isalpha() else re.escape(character)


def _check_text(value: object) -> str:
    if not isinstance(value, str):
        raise Refused("type", "A destination is text, like https://example.com/page.")
    if not value:
        raise Refused("destination_invalid", "A destination can't be empty.")
    if len(value) > MAX_LENGTH:
        raise _too_long(len(value))
    if re.search(_CONTROL, value) or re.search(_ENCODED_BREAK, value):
        raise Refused("destination_control", "There is a line break or control character in it.")
    if value != value.strip():
        raise Refused("destination_invalid", "There is a space before or after it.")
    return value


def _too_long(length: int) -> Refused:
    detail = f"At most {MAX_LENGTH} characters once encoded; this has {length}."
    return Refused("destination_too_long", detail)


def _scheme_of(text: str) -> str:
    match = _SCHEME.match(text)
    return match.group(1).lower() if match else ""


def _scheme_detail(policy: DestinationPolicy) -> str:
    allowed = ["https", "http", *sorted(policy.schemes - WEB_SCHEMES)]
    return f"It must begin with one of: {', '.join(f'{name}:' for name in allowed)}."


def _opaque(text: str) -> str:
    if not _VISIBLE.fullmatch(text):
        raise Refused("destination_invalid", "Percent-encode what is not visible ASCII in it.")
    return text


def _check_url(url: ParsedUrl, policy: DestinationPolicy) -> None:
    port = url.port or _DEFAULT_PORTS.get(url.scheme, "")
    if url.userinfo:
        detail = "A user name before @ hides the real host; leave it out."
        raise Refused("destination_userinfo", detail)
    if is_own_host(url.host, port, policy.own_hosts):
        raise Refused("destination_loop", "This leads back to this service, which would loop.")
    if not policy.allow_private and is_private_host(url.host):
        raise Refused("destination_private", f"{url.host} is a private address.")
    if is_listed_host(url.host, policy.denied_hosts):
        raise Refused("destination_denied", f"{url.host} is on the deployment's deny list.")
    if policy.deny_shorteners and is_listed_host(url.host, SHORTENERS):
        raise Refused("destination_shortener", f"{url.host} shortens links itself.")
    if len(url.href) > MAX_LENGTH:
        raise _too_long(len(url.href))


def is_safe_location(text: str, policy: DestinationPolicy) -> bool:
    """Whether a stored destination may go into a Location header: the second wall."""
    fit = bool(_VISIBLE.fullmatch(text)) and _scheme_of(text) in policy.schemes
    return fit and not _leads_to_denied(text, policy)


def _leads_to_denied(text: str, policy: DestinationPolicy) -> bool:
    """Whether a stored destination's host is denied by now: hosts turn bad after links are made."""
    if not policy.denied_hosts:
        return False
    # What is stored is as a browser serialises it, so there is one way to read its host.
    return is_listed_host(urlsplit(text).hostname or "", policy.denied_hosts)


def is_web(destination: str) -> bool:
    """Whether a stored destination is http or https, and so has a path and a query."""
    return destination.startswith(("https://", "http://"))
