"""Slugs: which are allowed, when two are the same, and how new ones are drawn."""

import re
import unicodedata
from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import unquote_to_bytes

from chalicelib.core.errors import Refused
from chalicelib.core.texts import fold


# No vowels, so no words by chance; nothing that is taken for something else (0 o, 1 i l j).
ALPHABET = "23456789bcdfghkmnpqrstvwxyz"
DRAWN_LENGTH = 7
MAX_LENGTH = 64

# First path segments that the service answers itself (a test holds them against the real routes
# and files), and those that browsers, crawlers and scanners ask every site for.
RESERVED = frozenset(
    "api r v1 _local assets index.html robots.txt favicon.ico admin health static local dev prod "
    "_next .well-known sitemap.xml manifest.json sw.js apple-app-site-association "
    "assetlinks.json security.txt apple-touch-icon.png ads.txt humans.txt wp-login wp-admin "
    "xmlrpc cgi-bin".split()
)
_SCANNED = re.compile(r"\.(php\d?|aspx?|jsp|cgi|env|git|sql|bak|ini|ya?ml)$|^\.")
# Letters and marks that show nothing: a slug with one would be another's twin.
_INVISIBLE = (
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
_PLAIN = re.compile(r"[A-Za-z0-9_-]*", re.ASCII)
_WORD_CATEGORIES = ("L", "M", "N")
_PLAIN_PATTERN = "^[-_]*[A-Za-z0-9][A-Za-z0-9_-]*$"
_BROKEN_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")


class SlugPolicy(NamedTuple):
    """What a deployment allows; chosen once, as it decides which slugs are the same."""

    case_sensitive: bool = False
    unicode: bool = False
    denied: frozenset[str] = frozenset()


def slug_key(slug: str, policy: SlugPolicy) -> str:
    """The text under which the slug is stored and found: equal for slugs that are the same."""
    return unicodedata.normalize("NFKC", slug) if policy.case_sensitive else fold(slug)


def parse_slug(value: object, policy: SlugPolicy) -> str:
    """The slug as it will be shown; Refused (slug_length, slug_reserved, slug_characters, ...)."""
    if not isinstance(value, str):
        raise Refused("type", "A slug is text.")
    slug = unicodedata.normalize("NFC", value)
    key = slug_key(slug, policy)
    # The key may be many times as long: one Arabic ligature folds to 18 letters.
    if not 1 <= len(slug) <= MAX_LENGTH or len(key) > MAX_LENGTH:
        raise Refused("slug_length", f"A slug has 1 to {MAX_LENGTH} characters.")
    if _is_reserved(key):
        raise Refused("slug_reserved", f"“{slug}” is kept for the service itself.")
    _check_characters(slug, key, policy)
    if any(term in key for term in policy.denied):
        raise Refused("slug_denied", "This slug is on the deployment's deny list.")
    return slug


def slug_schema(policy: SlugPolicy) -> dict[str, Any]:
    """The JSON Schema of what `parse_slug` takes, but for the words that are kept or denied."""
    schema = {"type": "string", "minLength": 1, "maxLength": MAX_LENGTH}
    return schema if policy.unicode else {**schema, "pattern": _PLAIN_PATTERN}


def _is_reserved(key: str) -> bool:
    folded = key.casefold()
    return folded in RESERVED or bool(_SCANNED.search(folded)) or folded.startswith(".well-known")


def _check_characters(slug: str, key: str, policy: SlugPolicy) -> None:
    both = slug + key
    # Nearly every slug is plain, and this is asked for each redirect, at the edge too.
    if not _PLAIN.fullmatch(both) and not (policy.unicode and all(map(_is_wordlike, both))):
        raise Refused("slug_characters", "A slug has only letters A-Z, digits, - and _.")
    if not slug.strip("-_"):
        raise Refused("slug_characters", "A slug has at least one letter or digit.")


def _is_wordlike(character: str) -> bool:
    category = unicodedata.category(character)
    wordlike = category[0] in _WORD_CATEGORIES or category in ("So", "Sk")
    seen = not character.isascii() and not re.match(_INVISIBLE, character)
    return bool(_PLAIN.fullmatch(character)) or (wordlike and seen)


def can_be_slug(text: str, policy: SlugPolicy) -> bool:
    """Whether a link could have this slug, so that scanners cost no look-up."""
    try:
        return bool(parse_slug(text, SlugPolicy(policy.case_sensitive, policy.unicode)))
    except Refused:
        return False


def decode_slug(segment: str) -> str | None:
    """A path segment percent-decoded exactly once; None when it is not well encoded UTF-8."""
    if _BROKEN_ESCAPE.search(segment):
        return None
    try:
        return unquote_to_bytes(segment).decode("utf-8")
    except UnicodeError:
        return None


def draw_slug(below: Callable[[int], int], tries_before: int) -> str:
    """A new slug from `below(n)`, a secure random number under n; longer after two collisions."""
    length = DRAWN_LENGTH + tries_before // 2
    return "".join(ALPHABET[below(len(ALPHABET))] for _ in range(length))
