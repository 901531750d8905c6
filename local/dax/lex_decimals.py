"""Numbers as bytes that sort as the numbers do: how DAX writes a numeric sort key."""

from collections.abc import Iterator
from decimal import Decimal

from local.dax.cbor import Malformed
from local.dax.numbers import Number, number_of


_DIGITS = 38
_SHORT = range(-62, 62)  # the exponents that fit into a head of one byte
_ZERO = 0x80
_LONG_HEADS = {0xFE: 1, 0x81: 1, 0x01: -1, 0x7E: -1}  # each with the sign of its number
_XOR = {1: 0x80000000, -1: 0x7FFFFFFF}


def encode(number: Number) -> bytes:
    """The bytes of a number in its one form (see numbers)."""
    if not number:
        return bytes([_ZERO])
    sign = -1 if number < 0 else 1
    digits, point = _digits_of(number)
    return _head(point, sign) + _pack([*_cells(digits, sign)])


def _digits_of(number: Number) -> tuple[str, int]:
    """Digits and exponent, the number being 0.DIGITS times 10 to the exponent."""
    if isinstance(number, Decimal):
        parts = number.as_tuple()
        digits = "".join(map(str, parts.digits))
        return digits, len(digits) + int(parts.exponent)
    digits = str(abs(number))
    # Zeros at the end of an integer stay, or clients read 50 as 5E+1; but none beyond what they
    # hold.
    kept = digits[:_DIGITS] + digits[_DIGITS:].rstrip("0")
    return kept, len(digits)


def _head(point: int, sign: int) -> bytes:
    if point in _SHORT:
        return bytes([0xC0 + point if sign > 0 else 0x3F - point])
    first = (0xFE if point > 0 else 0x81) if sign > 0 else (0x01 if point > 0 else 0x7E)
    return bytes([first]) + ((point & 0xFFFFFFFF) ^ _XOR[sign]).to_bytes(4)


def _cells(digits: str, sign: int) -> Iterator[int]:
    """Three digits a cell of 10 bits, and one that says how many of the last are meant."""
    for start in range(0, len(digits), 3):
        cell = int(digits[start : start + 3].ljust(3, "0"))
        yield cell + 12 if sign > 0 else 1011 - cell
    last = (len(digits) - 1) % 3
    yield last if sign > 0 else 1023 - last


def _pack(cells: list[int]) -> bytes:
    bits = 0
    for cell in cells:
        bits = bits << 10 | cell
    padding = -10 * len(cells) % 8
    return (bits << padding).to_bytes((10 * len(cells) + padding) // 8)


def decode(data: bytes) -> Number:
    """The number of such bytes; Malformed when they are none."""
    if not data:
        raise Malformed("A numeric key of no bytes.")
    if data[0] in (_ZERO, 0x7F):
        return 0
    sign, point, cells = _read_head(data)
    digits = _read_cells(cells, sign)
    significand = tuple(int(digit) for digit in digits)
    return number_of(Decimal((int(sign < 0), significand, point - len(digits))))


def _read_head(data: bytes) -> tuple[int, int, bytes]:
    first = data[0]
    if first not in _LONG_HEADS:
        return (1, first - 0xC0, data[1:]) if first > _ZERO else (-1, 0x3F - first, data[1:])
    sign = _LONG_HEADS[first]
    point = (int.from_bytes(data[1:5]) ^ _XOR[sign]) & 0xFFFFFFFF
    return sign, point - (1 << 32) if point >> 31 else point, data[5:]


def _read_cells(data: bytes, sign: int) -> str:
    bits, size = int.from_bytes(data), 8 * len(data)
    digits = ""
    for end in range(10, size + 1, 10):
        cell = bits >> (size - end) & 1023
        last = cell if sign > 0 else 1023 - cell
        if last <= 2:
            return digits[: len(digits) - 2 + last]
        digits += f"{cell - 12 if sign > 0 else 1011 - cell:03d}"
    raise Malformed("A numeric key without its end.")
