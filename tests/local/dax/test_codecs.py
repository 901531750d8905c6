"""The bytes: as RFC 8949 has them, and as AWS's own client writes and reads them."""

import string
from decimal import Context, Decimal

import pytest
from amazondax import AttributeValueDecoder, AttributeValueEncoder, LexDecimal
from amazondax.DaxCborDecoder import DaxCborDecoder
from hypothesis import given, settings
from hypothesis import strategies as st

from local.dax.cbor import Incomplete, Malformed, Reader, Tagged, dumps
from local.dax.keys import decode_key, encode_key
from local.dax.lex_decimals import decode, encode
from local.dax.numbers import number_of
from local.dax.values import BINARIES, NUMBERS, STRINGS, item_of, value_of


def decimals() -> st.SearchStrategy[Decimal]:
    """What DynamoDB takes for a number: 38 digits, from 1E-130 to 9.99E+125."""
    digits = st.integers(-(10**38) + 1, 10**38 - 1)
    return st.builds(lambda n, e: Decimal(n).scaleb(e), digits, st.integers(-120, 80))


def short(number: Decimal | int) -> Decimal:
    """A number as a client must write it: the client refuses more than 38 digits, even zeros."""
    return Decimal(number).normalize(Context(prec=200))


def client_reader(data: bytes) -> DaxCborDecoder:
    """What AWS's client reads from a connection that brings these bytes."""
    sent = [data]

    def more(buffer: bytearray, _wanted: int) -> int:
        if not sent:
            return -1
        buffer.extend(sent[0])
        return len(sent.pop())

    return DaxCborDecoder(more)


numbers = decimals().map(number_of)
texts = st.text(max_size=30)
plain = (
    st.none()
    | st.booleans()
    | st.integers(-(10**60), 10**60)
    | st.binary(max_size=300)
    | texts
    | st.floats(allow_nan=False)
    | numbers
)
tagged = st.builds(
    Tagged,
    st.sampled_from([STRINGS, NUMBERS, BINARIES, 3324]),
    st.lists(texts, max_size=3) | st.integers(0, 9),
)
items = st.recursive(
    plain | tagged,
    lambda inside: (
        st.lists(inside, max_size=5) | st.dictionaries(texts | st.integers(), inside, max_size=5)
    ),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("hexadecimal", "item"),
    [
        ("00", 0),
        ("17", 23),
        ("1818", 24),
        ("1903e8", 1000),
        ("1a000f4240", 1000000),
        ("1bffffffffffffffff", 18446744073709551615),
        ("c249010000000000000000", 18446744073709551616),
        ("3bffffffffffffffff", -18446744073709551616),
        ("c349010000000000000000", -18446744073709551617),
        ("3863", -100),
        ("fb3ff199999999999a", 1.1),
        ("f4", False),
        ("f6", None),
        ("4401020304", b"\x01\x02\x03\x04"),
        ("62c3bc", "ü"),
        ("83010203", [1, 2, 3]),
        ("a201020304", {1: 2, 3: 4}),
        ("c48221196ab3", Decimal("273.15")),
        ("d90cf98261616162", Tagged(STRINGS, ["a", "b"])),
        ("674a37796e653547", "J7yne5G"),
    ],
)
def test_known_bytes(hexadecimal: str, item: object) -> None:
    """The examples of the RFC, and what every DAX connection begins with."""
    assert dumps(item).hex() == hexadecimal
    assert Reader(bytes.fromhex(hexadecimal)).item() == item


@pytest.mark.parametrize(
    ("hexadecimal", "item"),
    [
        ("5f42010243030405ff", b"\x01\x02\x03\x04\x05"),
        ("7f657374726561646d696e67ff", "streaming"),
        ("9f018202039f0405ffff", [1, [2, 3], [4, 5]]),
        ("bf61610161629f0203ffff", {"a": 1, "b": [2, 3]}),
        ("bf04410004420102ff", {4: b"\x01\x02"}),
        ("f93e00", 1.5),
        ("fa47c35000", 100000.0),
    ],
)
def test_forms_that_only_clients_write(hexadecimal: str, item: object) -> None:
    """Indefinite lengths are read, and of a key that comes twice the last counts."""
    assert Reader(bytes.fromhex(hexadecimal)).item() == item


@given(items)
def test_all_items_survive(item: object) -> None:
    """What is written is read again, to its last byte."""
    reader = Reader(dumps(item, "next"))

    assert reader.item() == item
    assert reader.item() == "next"
    assert reader.rest() == b""


@given(items, st.data())
def test_part_of_an_item_is_incomplete(item: object, data: st.DataObject) -> None:
    """A request that came in part is waited for, wherever it was cut."""
    encoded = dumps(item)
    cut = data.draw(st.integers(0, len(encoded) - 1))

    with pytest.raises(Incomplete):
        Reader(encoded[:cut]).item()


@given(st.binary(max_size=60))
def test_nonsense_ends(data: bytes) -> None:
    """Any bytes are read, or refused in a way that a connection knows."""
    try:
        Reader(data).items()
    except (Incomplete, Malformed, LookupError, TypeError, ValueError, ArithmeticError):
        return


def values() -> st.SearchStrategy[dict[str, object]]:
    """Attribute values, with binary as the clients' bytes and numbers in their one form."""
    number = numbers.map(lambda one: str(short(one)))
    sets = (
        st.lists(texts, min_size=1, max_size=3, unique=True).map(lambda one: {"SS": one})
        | st.lists(number, min_size=1, max_size=3, unique=True).map(lambda one: {"NS": one})
        | st.lists(st.binary(max_size=5), min_size=1, max_size=3).map(lambda one: {"BS": one})
    )
    leaves = (
        texts.map(lambda one: {"S": one})
        | number.map(lambda one: {"N": one})
        | st.binary(max_size=20).map(lambda one: {"B": one})
        | st.booleans().map(lambda one: {"BOOL": one})
        | st.just({"NULL": True})
        | sets
    )
    return st.recursive(
        leaves,
        lambda inside: (
            st.lists(inside, max_size=4).map(lambda one: {"L": one})
            | st.dictionaries(texts, inside, max_size=4).map(lambda one: {"M": one})
        ),
        max_leaves=8,
    )


def same_numbers(value: object) -> object:
    """An attribute value with its numbers by what they are worth, and not by how they look."""
    if isinstance(value, list):
        return [same_numbers(one) for one in value]
    if isinstance(value, dict):
        return {
            kind: Decimal(content)
            if kind == "N" and isinstance(content, str)
            else [Decimal(one) for one in content]
            if kind == "NS" and isinstance(content, list)
            else same_numbers(content)
            for kind, content in value.items()
        }
    return value


@given(values())
@settings(max_examples=200)
def test_the_client_and_the_server_agree_on_values(value: dict[str, object]) -> None:
    """What AWS's client writes, the server understands; what it writes back, the client does."""
    written = value_of(Reader(AttributeValueEncoder.encode_attribute_value(value)).item())
    data = dumps(item_of(written))
    back = AttributeValueDecoder._decode_attribute_value(client_reader(data))

    assert value_of(Reader(data).item()) == written
    assert same_numbers(back) == same_numbers(value)


@given(numbers)
@settings(max_examples=300)
def test_the_client_and_the_server_agree_on_sort_keys(number: Decimal | int) -> None:
    """A numeric sort key is read on both sides as the number that was written."""
    exact = short(number)

    assert decode(encode(number)) == number
    assert decode(LexDecimal.encode(exact)) == number
    assert LexDecimal.decode_all(encode(number)) == exact


@given(numbers, numbers)
def test_sort_keys_sort_as_their_numbers(one: Decimal | int, other: Decimal | int) -> None:
    """Bytes compare as numbers do."""
    assert (encode(one) < encode(other)) == (one < other)


@pytest.mark.parametrize("text", ["0", "5", "50", "-7", "1000", "0.001", "123456.789", "-0.5"])
def test_sort_keys_are_the_bytes_of_the_client(text: str) -> None:
    """The zeros at the end of an integer stay, or a client would read 50 as 5E+1."""
    assert encode(number_of(text)) == LexDecimal.encode(Decimal(text))


@pytest.mark.parametrize(
    ("text", "hexadecimal"),
    [("0", "80"), ("1", "c11c0000"), ("-1", "3ee3fff0"), ("50", "c2800010")],
)
def test_known_sort_keys(text: str, hexadecimal: str) -> None:
    """A head with the exponent, cells of ten bits, and one that ends them."""
    assert encode(number_of(text)).hex() == hexadecimal


@pytest.mark.parametrize("text", ["1E+130", "1E-130", "-9.9E+125"])
def test_large_exponents(text: str) -> None:
    """A sort key beyond 62 places has a head of five bytes."""
    assert decode(encode(number_of(text))) == Decimal(text)


@pytest.mark.parametrize("data", [b"", b"\xc1", b"\xc1\xff\xff\xff"])
def test_sort_keys_that_are_none(data: bytes) -> None:
    """A sort key without its end is refused."""
    with pytest.raises(Malformed):
        decode(data)


@pytest.mark.parametrize(
    ("kinds", "value", "alike"),
    [
        (("N",), "1", "1.0"),
        (("N", "S"), "100", "1E2"),
        (("S", "N"), "100", "1E+2"),
        (("S", "N"), "-0.50", "-0.5"),
    ],
)
def test_one_key_has_one_form(kinds: tuple[str, ...], value: str, alike: str) -> None:
    """A client writes equal keys in different bytes; the cache knows them by the same."""
    names = ("pk", "sk")
    schema = tuple(zip(names, kinds, strict=False))
    client_schema = [{"AttributeName": name, "AttributeType": kind} for name, kind in schema]

    def key(number: str) -> dict[str, dict[str, str]]:
        return {name: {kind: number if kind == "N" else "a"} for name, kind in schema}

    sent = [AttributeValueEncoder.encode_key(key(one), client_schema) for one in (value, alike)]
    forms = {encode_key(decode_key(data, schema), schema) for data in sent}

    assert len(forms) == 1


@given(
    st.sampled_from(["S", "N", "B"]),
    st.sampled_from(["S", "N", "B", None]),
    st.text(string.printable, min_size=1, max_size=9),
    numbers.filter(bool),
)
def test_keys_survive(kind: str, sort: str | None, text: str, number: Decimal | int) -> None:
    """The key that a client sends is the key that it is told."""
    schema = (("pk", kind), *([("sk", sort)] if sort else []))
    client_schema = [{"AttributeName": name, "AttributeType": one} for name, one in schema]
    contents = {"S": text, "N": str(short(number)), "B": text.encode()}
    key = {name: {one: contents[one]} for name, one in schema}
    sent = AttributeValueEncoder.encode_key(key, client_schema)

    told = dumps(encode_key(decode_key(sent, schema), schema))

    read = AttributeValueDecoder._decode_key_bytes(client_reader(told), client_schema)
    assert same_numbers(read) == same_numbers(key)
