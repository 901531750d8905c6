"""Cursors: a place in one list, signed so that it is of use for that list alone."""

import base64
import binascii
import hmac

from chalicelib.core.errors import Refused


MAX_LENGTH = 1400  # a position is a sort key, which DynamoDB limits to 1,024 bytes
_SIGNATURE = 16


def write_cursor(secret: bytes, list_name: str, position: str) -> str:
    """The opaque text that stands for a position in the list of this name."""
    place = position.encode()
    return _encode(_sign(secret, list_name, place) + place)


def read_cursor(secret: bytes, list_name: str, cursor: str) -> str:
    """The position; Refused unless `write_cursor` gave it out for this very list."""
    signed = _decode(cursor) if len(cursor) <= MAX_LENGTH else b""
    signature, place = signed[:_SIGNATURE], signed[_SIGNATURE:]
    if not hmac.compare_digest(signature, _sign(secret, list_name, place)):
        raise Refused("cursor", "This cursor was not given out by this list.")
    return place.decode()


def _encode(signed: bytes) -> str:
    return base64.urlsafe_b64encode(signed).decode().rstrip("=")


def _decode(cursor: str) -> bytes:
    try:
        signed = base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True)
    except (binascii.Error, ValueError):
        return b""
    # Base64 has several spellings of the same bytes; only ours was given out.
    return signed if _encode(signed) == cursor else b""


def _sign(secret: bytes, list_name: str, place: bytes) -> bytes:
    # Lengths first: no list name and place can be cut elsewhere and be another pair.
    name = list_name.encode("utf-8", "surrogatepass")
    return hmac.digest(secret, b"%d\n%s%s" % (len(name), name, place), "sha256")[:_SIGNATURE]
