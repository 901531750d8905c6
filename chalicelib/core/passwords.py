"""Passwords of links: what one may be, and what is kept of it, which is never the password."""

import base64
import hashlib
import hmac
import re
import unicodedata
from typing import NamedTuple

from chalicelib.core.errors import Refused


MAX_PASSWORD = 200
# What no field on a page lets anyone type, and half characters.
_UNTYPED = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
PASSWORD_SCHEMA = {
    "type": "string",
    "format": "password",
    "writeOnly": True,
    "minLength": 1,
    "maxLength": MAX_PASSWORD,
    "pattern": "^[^\\u0000-\\u001f\\u007f-\\u009f]*$",
}


class Cost(NamedTuple):
    """What one try costs: scrypt's N (as a power of two), r and p."""

    power: int
    r: int
    p: int


# OWASP's least for scrypt, of equal cost the one with the least memory: 16 MiB, and 0.23 s of one
# core. It is kept with each password, so that raising it leaves those that are there as they are.
COST = Cost(14, 8, 5)


def parse_password(value: object) -> str:
    """The password as it was typed; Refused unless it has 1 to 200 characters that can be typed."""
    if not isinstance(value, str):
        raise Refused("type", "This is text.")
    if not value:
        raise Refused("required", "It is empty; send null for a link without a password.")
    if len(value) > MAX_PASSWORD:
        raise Refused("too_long", f"At most {MAX_PASSWORD} characters; this has {len(value)}.")
    if _UNTYPED.search(value):
        raise Refused("characters", "There is a character in it that nobody can type.")
    return value


def seal_password(password: str, salt: bytes, cost: Cost = COST) -> str:
    """What is kept of a password, in the PHC format: `$scrypt$ln=14,r=8,p=5$salt$hash`."""
    hashed = slow_hash(_spelt(password), salt, cost)
    return f"$scrypt$ln={cost.power},r={cost.r},p={cost.p}${_write(salt)}${_write(hashed)}"


def is_password(given: str, seal: str) -> bool:
    """Whether this is the password, in a time that does not tell how much of it was right."""
    _, _, costs, salt, hashed = seal.split("$")
    cost = Cost(*(int(part.partition("=")[2]) for part in costs.split(",")))
    return hmac.compare_digest(slow_hash(_spelt(given), _read(salt), cost), _read(hashed))


def slow_hash(text: bytes, salt: bytes, cost: Cost = COST) -> bytes:
    """32 bytes that cost so much that guesses of what a person chose are few."""
    most = 128 * cost.r * (2**cost.power + cost.p + 8)
    return hashlib.scrypt(
        text, salt=salt, n=2**cost.power, r=cost.r, p=cost.p, maxmem=most, dklen=32
    )


def _spelt(password: str) -> bytes:
    # Keyboards differ in how they make an é or a wide digit; people see no difference.
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")


def _write(data: bytes) -> str:
    return base64.b64encode(data).decode().rstrip("=")


def _read(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4))
