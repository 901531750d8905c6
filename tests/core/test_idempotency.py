"""Idempotency keys and cursors as values: which are taken, and which requests and lists are one."""

import hashlib
import json
import time
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.cursors import read_cursor, write_cursor
from chalicelib.core.errors import IdempotencyMismatch, Refused
from chalicelib.core.idempotency import check_same, digest_request, new_claim, parse_key


NOW = datetime(2026, 11, 23, 12, 0, 0, 999000, tzinfo=UTC)
POSITION = "2026-11-23T12:00:00.000Z#promo"


@pytest.mark.parametrize("key", ["a", "~" * 255, '"8e03978e-40d5"', "!#$%&'()*+,-./:;<=>?@"])
def test_keys_that_are_taken(key: str) -> None:
    """1 to 255 visible ASCII characters, whatever they are."""
    assert parse_key(key) == key


@pytest.mark.parametrize("key", ["", " ", "a b", "a\n", "\n", "ä", "a" * 256, "\x7f", "a\x00"])
def test_keys_that_are_not(key: str) -> None:
    """Empty, long, with spaces, with what is not visible or not ASCII."""
    with pytest.raises(Refused) as caught:
        parse_key(key)

    assert caught.value.code == "idempotency_key"


def digest(route: str, body: object) -> str:
    return digest_request(route, body, "key")


def test_a_body_is_the_same_however_it_is_spelt() -> None:
    """The order of fields does not matter; their values, kinds and the route do."""
    same = digest("POST /v1/links", {"a": 1, "b": {"c": [1], "d": None}})
    others = [
        digest("POST /v1/links", {"a": 1, "b": {"c": [1]}}),
        digest("POST /v1/links", {"a": "1", "b": {"c": [1], "d": None}}),
        digest("POST /v1/links", {"a": True, "b": {"c": [1], "d": None}}),
        digest("POST /v1/links", {"a": 1, "b": {"c": [1, 1], "d": None}}),
        digest("POST /v1/batch", {"a": 1, "b": {"c": [1], "d": None}}),
        digest("POST /v1/links", "\ud800"),
    ]

    assert digest("POST /v1/links", {"b": {"d": None, "c": [1]}, "a": 1}) == same
    assert len({same, *others}) == len(others) + 1


def test_a_password_is_as_slow_in_a_digest_as_in_a_link() -> None:
    """A body with a password, at any depth, is not hashed so fast that the password can be tried."""
    for body in ({"password": "1234"}, {"links": [{"a": 1}, {"password": "1234"}]}):
        started = time.process_time()
        slow = digest_request("POST /v1/links", body, "key")
        took = time.process_time() - started
        fast = hashlib.sha256(
            f"POST /v1/links\n{json.dumps(body, separators=(',', ':'))}".encode()
        ).hexdigest()

        assert slow != fast
        assert slow != digest_request("POST /v1/links", body, "another")
        assert digest_request("POST /v1/links", body, "key") == slow
        assert took > 0.02


def test_a_claim_lasts_a_day() -> None:
    """A key stands for its request for 24 hours (less what is finer than a second)."""
    claim = new_claim("digest", "receipt", "plan", NOW)

    assert claim.is_live(NOW + timedelta(hours=23, minutes=59, seconds=59))
    assert not claim.is_live(NOW + timedelta(hours=24))


def test_the_pointer_of_a_mismatch_is_the_header() -> None:
    """A program can tell that the key is what is wrong, not a field."""
    with pytest.raises(IdempotencyMismatch) as caught:
        check_same(new_claim("one", "r", "p", NOW), "other")

    assert caught.value.problems[0].pointer == "/Idempotency-Key"


@given(st.text(st.characters(codec="utf-8"), max_size=80), st.text(max_size=40))
def test_a_cursor_leads_back(position: str, name: str) -> None:
    """What was written for a list is read for that list."""
    assert read_cursor(b"secret", name, write_cursor(b"secret", name, position)) == position


@given(st.data())
def test_a_changed_cursor_is_refused(data: st.DataObject) -> None:
    """Any other character anywhere, one more or one less, makes it nobody's cursor."""
    cursor = write_cursor(b"secret", "list", POSITION)
    at = data.draw(st.integers(0, len(cursor) - 1))
    character = data.draw(st.characters(codec="utf-8").filter(lambda one: one != cursor[at]))
    changed = [
        cursor[:at] + character + cursor[at + 1 :],
        cursor[:at],
        cursor + character,
    ]

    for text in changed:
        with pytest.raises(Refused):
            read_cursor(b"secret", "list", text)


def test_another_lists_cursor_is_refused() -> None:
    """A cursor is of use for its own list and its own deployment alone."""
    cursor = write_cursor(b"secret", "list", POSITION)

    for secret, name in ((b"secret", "other"), (b"other", "list"), (b"secret", "list2026")):
        with pytest.raises(Refused):
            read_cursor(secret, name, cursor)
