"""API keys: how one looks, and how it is told from any other without storing it."""

import hashlib
import hmac
from collections.abc import Callable

from chalicelib.core.slugs import ALPHABET


KEY_PREFIX = "eh_"
_DRAWN = 32


def draw_key(below: Callable[[int], int]) -> str:
    """A new key with over 150 bits of chance from `below(n)`, a secure random number under n."""
    return KEY_PREFIX + "".join(ALPHABET[below(len(ALPHABET))] for _ in range(_DRAWN))


def digest_key(key: str) -> str:
    """What is stored of a key: it can be compared, but the key can't be had back from it."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def bearer_of(header: str | None) -> str | None:
    """The key in an Authorization header's value; None when it carries none."""
    scheme, _, key = (header or "").strip().partition(" ")
    return key.strip() or None if scheme.lower() == "bearer" else None


def is_key(key: str, digest: str) -> bool:
    """Whether the key has this digest, in a time that does not tell how much of it was right."""
    return hmac.compare_digest(digest_key(key), digest)
