"""Passwords as values: which are taken, what is kept of one, and what a try of it costs."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.core.errors import Refused
from chalicelib.core.passwords import COST, Cost, is_password, parse_password, seal_password


CHEAP = Cost(1, 1, 1)
SALT = b"\x00" * 16
TYPED = st.text(st.characters(blacklist_categories=["Cc", "Cs"]), min_size=1, max_size=200)


@pytest.mark.parametrize("password", ["1", " ", "a b ", "x" * 200, "日本", "🗝" * 200, "\u200b"])
def test_passwords_that_are_taken(password: str) -> None:
    """1 to 200 characters that can be typed, kept with the spaces around them."""
    assert parse_password(password) == password


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("", "required"),
        ("x" * 201, "too_long"),
        ("a\nb", "characters"),
        ("a\tb", "characters"),
        ("\x00", "characters"),
        ("\ud800", "characters"),
        (1234, "type"),
        (True, "type"),
        (["a"], "type"),
    ],
)
def test_passwords_that_are_not(password: object, code: str) -> None:
    """Nothing, too much, what no field lets one type, and what is no text."""
    with pytest.raises(Refused) as caught:
        parse_password(password)

    assert caught.value.code == code


@settings(deadline=None)
@given(TYPED, TYPED, st.binary(min_size=16, max_size=16))
def test_only_the_password_opens(password: str, other: str, salt: bytes) -> None:
    """What was sealed opens it, with any salt; what is spelt otherwise does not."""
    seal = seal_password(password, salt, CHEAP)

    assert is_password(password, seal)
    assert is_password(other, seal) == (
        seal_password(other, salt, CHEAP) == seal_password(password, salt, CHEAP)
    )
    assert not is_password(password + "x", seal)


@pytest.mark.parametrize(
    ("chosen", "typed"), [("caf\u00e9", "cafe\u0301"), ("1234", "\uff11\uff12\uff13\uff14")]
)
def test_keyboards_may_differ(chosen: str, typed: str) -> None:
    """An é of one character or two, and the wide digits of a Japanese keyboard, are the same."""
    assert is_password(typed, seal_password(chosen, SALT, CHEAP))
    assert is_password(chosen, seal_password(typed, SALT, CHEAP))


@pytest.mark.parametrize("typed", ["Sesame", "sesame ", " sesame", "sesam", "sesame\u200b", ""])
def test_anything_else_is_wrong(typed: str) -> None:
    """Case, spaces and what can't be seen all matter."""
    assert not is_password(typed, seal_password("sesame", SALT, CHEAP))


def test_the_seal_tells_its_cost() -> None:
    """The seal is of the PHC form; one of an older cost still opens, so that COST can be raised."""
    older = Cost(COST.power - 1, COST.r, 1)
    seal = seal_password("sesame", SALT)

    assert seal.startswith("$scrypt$ln=14,r=8,p=5$AAAAAAAAAAAAAAAAAAAAAA$")
    assert "sesame" not in seal
    assert is_password("sesame", seal_password("sesame", SALT, older))
    assert seal_password("sesame", b"\x01" * 16) != seal


def test_a_try_is_slow() -> None:
    """A try costs real time, right or wrong: at least 50 ms of a processor (0.23 s were measured)."""
    seal = seal_password("sesame", SALT)
    took = []
    for typed in ("sesame", "wrong"):
        started = time.process_time()
        is_password(typed, seal)
        took.append(time.process_time() - started)

    assert min(took) > 0.05
