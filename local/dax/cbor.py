"""CBOR (RFC 8949) as far as DAX speaks it: items out of bytes and into bytes."""

import struct
from collections.abc import Callable
from decimal import Decimal
from typing import Any, NamedTuple


POSITIVE, NEGATIVE, DECIMAL = 2, 3, 4  # tags
_SIZES = {24: ">B", 25: ">H", 26: ">I", 27: ">Q"}
_FLOATS = {25: ">e", 26: ">f", 27: ">d"}
_SIMPLE = {20: False, 21: True, 22: None, 23: None}
_BREAK = object()


class Incomplete(Exception):
    """The bytes end before the item does."""


class Malformed(ValueError):
    """The bytes are no CBOR that DAX's clients write."""


class Tagged(NamedTuple):
    """An item with a tag that has a meaning for DAX alone."""

    tag: int
    item: Any


class Encoded(bytes):
    """CBOR that is written as it is."""

    __slots__ = ()


class Reader:
    """Reads items one after the other, from `at` on."""

    __slots__ = ("at", "data")

    def __init__(self, data: bytes, at: int = 0) -> None:
        self.data = data
        self.at = at

    def item(self) -> Any:
        """The next item; Incomplete when more bytes are needed."""
        item = self._next()
        if item is _BREAK:
            raise Malformed("A break where an item must be.")
        return item

    def items(self) -> list[Any]:
        """All items to the end."""
        found = []
        while self.at < len(self.data):
            found.append(self.item())
        return found

    def rest(self) -> bytes:
        """The bytes that were not read."""
        return self.data[self.at :]

    def _next(self) -> Any:
        try:
            head = self.data[self.at]
        except IndexError:
            raise Incomplete from None
        self.at += 1
        return _READERS[head >> 5](self, head & 31)

    def _take(self, size: int) -> bytes:
        end = self.at + size
        if end > len(self.data):
            raise Incomplete
        taken = self.data[self.at : end]
        self.at = end
        return taken

    def _argument(self, minor: int) -> int:
        if minor < 24:
            return minor
        if minor not in _SIZES:
            raise Malformed("A head that means nothing here.")
        form = _SIZES[minor]
        return int(struct.unpack(form, self._take(struct.calcsize(form)))[0])

    def _until_break(self) -> list[Any]:
        found = []
        while (item := self._next()) is not _BREAK:
            found.append(item)
        return found

    def _natural(self, minor: int) -> int:
        return self._argument(minor)

    def _negative(self, minor: int) -> int:
        return -1 - self._argument(minor)

    def _bytes(self, minor: int) -> bytes:
        if minor == 31:
            return b"".join(self._until_break())
        return self._take(self._argument(minor))

    def _text(self, minor: int) -> str:
        if minor == 31:
            return "".join(self._until_break())
        return self._take(self._argument(minor)).decode()

    def _array(self, minor: int) -> list[Any]:
        if minor == 31:
            return self._until_break()
        return [self.item() for _ in range(self._argument(minor))]

    def _map(self, minor: int) -> dict[Any, Any]:
        # A key may come twice (the condition of a write does): the last one counts.
        if minor == 31:
            flat = self._until_break()
            return dict(zip(flat[::2], flat[1::2], strict=True))
        return {self.item(): self.item() for _ in range(self._argument(minor))}

    def _tagged(self, minor: int) -> Any:
        tag, item = self._argument(minor), self.item()
        if tag == POSITIVE:
            return int.from_bytes(item)
        if tag == NEGATIVE:
            return -1 - int.from_bytes(item)
        if tag == DECIMAL:
            exponent, mantissa = item
            digits = tuple(int(digit) for digit in str(abs(mantissa)))
            return Decimal((int(mantissa < 0), digits, exponent))
        return Tagged(tag, item)

    def _simple(self, minor: int) -> Any:
        if minor == 31:
            return _BREAK
        if minor in _FLOATS:
            form = _FLOATS[minor]
            return struct.unpack(form, self._take(struct.calcsize(form)))[0]
        if minor not in _SIMPLE:
            raise Malformed("A simple value that means nothing here.")
        return _SIMPLE[minor]


_READERS: tuple[Callable[[Reader, int], Any], ...] = (
    Reader._natural,  # noqa: SLF001 - the class's own methods, by major type
    Reader._negative,  # noqa: SLF001
    Reader._bytes,  # noqa: SLF001
    Reader._text,  # noqa: SLF001
    Reader._array,  # noqa: SLF001
    Reader._map,  # noqa: SLF001
    Reader._tagged,  # noqa: SLF001
    Reader._simple,  # noqa: SLF001
)


def dumps(*items: Any) -> bytes:
    """Items as CBOR, one after the other, in the shortest form and of definite length."""
    out = bytearray()
    for item in items:
        _write(out, item)
    return bytes(out)


def _write(out: bytearray, item: Any) -> None:
    _WRITERS[type(item)](out, item)


def _head(out: bytearray, major: int, argument: int) -> None:
    if argument < 24:
        out.append(major << 5 | argument)
        return
    minor = 24 + (argument > 0xFF) + (argument > 0xFFFF) + (argument > 0xFFFFFFFF)
    out.append(major << 5 | minor)
    out += struct.pack(_SIZES[minor], argument)


def _write_int(out: bytearray, number: int) -> None:
    major, argument = (0, number) if number >= 0 else (1, -1 - number)
    if argument < 1 << 64:
        _head(out, major, argument)
        return
    _head(out, 6, POSITIVE + major)
    _write_bytes(out, argument.to_bytes((argument.bit_length() + 7) // 8))


def _write_bytes(out: bytearray, data: bytes) -> None:
    _head(out, 2, len(data))
    out += data


def _write_text(out: bytearray, text: str) -> None:
    data = text.encode()
    _head(out, 3, len(data))
    out += data


def _write_array(out: bytearray, items: list[Any] | tuple[Any, ...]) -> None:
    _head(out, 4, len(items))
    for item in items:
        _write(out, item)


def _write_map(out: bytearray, items: dict[Any, Any]) -> None:
    _head(out, 5, len(items))
    for key, item in items.items():
        _write(out, key)
        _write(out, item)


def _write_tagged(out: bytearray, tagged: Tagged) -> None:
    _head(out, 6, tagged.tag)
    _write(out, tagged.item)


def _write_decimal(out: bytearray, number: Decimal) -> None:
    sign, digits, exponent = number.as_tuple()
    mantissa = int("".join(map(str, digits)))
    _write_tagged(out, Tagged(DECIMAL, [exponent, -mantissa if sign else mantissa]))


def _write_float(out: bytearray, number: float) -> None:
    out += b"\xfb" + struct.pack(">d", number)


_WRITERS: dict[type, Callable[[bytearray, Any], None]] = {
    int: _write_int,
    bytes: _write_bytes,
    str: _write_text,
    list: _write_array,
    tuple: _write_array,
    dict: _write_map,
    Tagged: _write_tagged,
    Decimal: _write_decimal,
    float: _write_float,
    bool: lambda out, true: out.append(0xF5 if true else 0xF4),
    type(None): lambda out, _: out.append(0xF6),
    Encoded: lambda out, data: out.extend(data),
}
