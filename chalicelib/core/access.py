"""API keys: how one looks, and how it is told from any other without storing it.

    key = "eh_" id{10} secret{32} checksum{7}      52 characters, the last 49 of the slugs' alphabet

The id finds the key and may be seen by anyone, the secret (152 bits of chance) is kept by its owner
alone. The checksum is the CRC-32 of all before it: a slip of the pen, or what a secret scanner took
for a key, is known for what it is without a look-up. CRC-32 misses no single wrong character.
"""

import hashlib
import hmac
import re
from binascii import crc32
from collections.abc import Callable
from typing import Literal, NamedTuple

from chalicelib.core.slugs import ALPHABET


Scope = Literal["read", "write", "admin"]
SCOPES: tuple[Scope, ...] = ("read", "write", "admin")
# The workspace of whoever runs the deployment: its admin keys reach the keys of all workspaces.
OPERATOR = "default"
BOOTSTRAP = "bootstrap"

KEY_PREFIX = "eh_"
_ID, _SECRET, _CHECKSUM = 10, 32, 7
_KEY = re.compile(
    f"({KEY_PREFIX}([{ALPHABET}]{{{_ID}}})([{ALPHABET}]{{{_SECRET}}}))([{ALPHABET}]{{{_CHECKSUM}}})"
)


class KeyParts(NamedTuple):
    """What a key's text says: which key it claims to be, and the proof."""

    id: str
    secret: str


class Access(NamedTuple):
    """What a key opens: one workspace, for what its scopes name and nothing besides."""

    workspace: str
    key_id: str
    scopes: tuple[Scope, ...]


def draw_characters(below: Callable[[int], int], count: int) -> str:
    """Characters of the slugs' alphabet from `below(n)`, a secure random number under n."""
    return "".join(ALPHABET[below(len(ALPHABET))] for _ in range(count))


def draw_parts(below: Callable[[int], int]) -> KeyParts:
    """The id and the secret of a new key."""
    return KeyParts(draw_characters(below, _ID), draw_characters(below, _SECRET))


def write_key(parts: KeyParts) -> str:
    """The text that the key's owner is handed."""
    text = KEY_PREFIX + parts.id + parts.secret
    return text + _checksum(text)


def draw_key(below: Callable[[int], int]) -> str:
    """The text of a new key."""
    return write_key(draw_parts(below))


def read_key(text: str) -> KeyParts | None:
    """The parts of a key's text; None when it can't be one that was ever handed out."""
    match = _KEY.fullmatch(text)
    if match is None or match[4] != _checksum(match[1]):
        return None
    return KeyParts(match[2], match[3])


def can_be_key_id(text: str) -> bool:
    """Whether a key could have this id, so that nonsense costs no look-up."""
    return len(text) == _ID and set(text) <= set(ALPHABET)


def _checksum(text: str) -> str:
    number, digits = crc32(text.encode()), ""
    for _ in range(_CHECKSUM):
        number, digit = divmod(number, len(ALPHABET))
        digits += ALPHABET[digit]
    return digits


def seal_secret(secret: str, salt: str) -> str:
    """What is stored of a secret: its HMAC under the key's own salt."""
    return hmac.digest(salt.encode(), secret.encode(), "sha256").hex()


def is_secret(secret: str, salt: str, seal: str) -> bool:
    """Whether the secret has this seal, in a time that does not tell how much of it was right."""
    return hmac.compare_digest(seal_secret(secret, salt), seal)


def digest_key(key: str) -> str:
    """What a deployment is told of its bootstrap key, whose text may be any."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def bearer_of(header: str | None) -> str | None:
    """The key in an Authorization header's value; None when it carries none."""
    scheme, _, key = (header or "").strip().partition(" ")
    return key.strip() or None if scheme.lower() == "bearer" else None


def is_key(key: str, digest: str) -> bool:
    """Whether the key has this digest, in a time that does not tell how much of it was right."""
    return hmac.compare_digest(digest_key(key), digest)
