"""API keys: the grammar of their text, what is stored of them, and when they end."""

import secrets
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.core.access import (
    KeyParts,
    can_be_key_id,
    draw_key,
    is_secret,
    read_key,
    seal_secret,
    write_key,
)
from chalicelib.core.errors import Invalid
from chalicelib.core.fields import read_fields
from chalicelib.core.keys import (
    KEY_FIELDS,
    ROTATION_FIELDS,
    ApiKey,
    describe_key,
    retire_key,
    revoke_key,
    state_of_key,
)
from chalicelib.core.slugs import ALPHABET


NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
DAY = timedelta(days=1)
characters = st.sampled_from(ALPHABET)
ids = st.text(characters, min_size=10, max_size=10)
key_secrets = st.text(characters, min_size=32, max_size=32)
many = settings(max_examples=300, deadline=None)


@many
@given(ids, key_secrets)
def test_a_key_reads_as_it_was_written(key_id: str, secret: str) -> None:
    """52 characters of which none is taken for another, and nothing is lost."""
    text = write_key(KeyParts(key_id, secret))

    assert read_key(text) == KeyParts(key_id, secret)
    assert len(text) == 52
    assert set(text.removeprefix("eh_")) <= set(ALPHABET)


@many
@given(ids, key_secrets, st.integers(0, 51), st.characters())
def test_one_wrong_character_is_no_key(key_id: str, secret: str, at: int, other: str) -> None:
    """Whichever character is typed wrong, no look-up is needed to know."""
    text = write_key(KeyParts(key_id, secret))
    wrong = text[:at] + other + text[at + 1 :]

    assert wrong == text or read_key(wrong) is None


def test_every_single_change_of_a_key_is_caught() -> None:
    """All 1,274 keys that are one character of the alphabet away are refused."""
    text = draw_key(secrets.randbelow)
    wrong = [
        text[:at] + other + text[at + 1 :]
        for at in range(3, 52)
        for other in ALPHABET
        if other != text[at]
    ]

    assert len(wrong) == 49 * 26
    assert [one for one in wrong if read_key(one)] == []


@many
@given(ids, key_secrets, st.integers(3, 50))
def test_swapped_neighbours_are_no_key(key_id: str, secret: str, at: int) -> None:
    """The other common slip of the pen."""
    text = write_key(KeyParts(key_id, secret))
    swapped = text[:at] + text[at + 1] + text[at] + text[at + 2 :]

    assert swapped == text or read_key(swapped) is None


@many
@given(st.text() | st.text(characters, min_size=49, max_size=49).map("eh_".__add__))
def test_made_up_keys_are_none(text: str) -> None:
    """Any text can be asked about; what has the form has no fitting checksum by chance."""
    assert read_key(text) is None


@pytest.mark.parametrize("change", [str.upper, lambda key: f" {key}", lambda key: key + "\n"])
def test_a_key_is_written_one_way(change: object) -> None:
    """Another case or space around it is not the key."""
    assert read_key(change(draw_key(secrets.randbelow))) is None


@many
@given(key_secrets, key_secrets, st.text(min_size=1))
def test_a_seal_fits_one_secret(secret: str, other: str, salt: str) -> None:
    """The seal is of this secret under this salt, and shows neither."""
    seal = seal_secret(secret, salt)

    assert is_secret(secret, salt, seal)
    assert is_secret(other, salt, seal) == (other == secret)
    assert not is_secret(secret, salt + "x", seal)
    assert secret not in seal


def test_ids() -> None:
    """What can't be an id is known without a look-up."""
    assert can_be_key_id("23456789bc")
    assert not any(map(can_be_key_id, ["", "23456789b", "23456789bcd", "23456789b#", "a" * 10]))


def key(**fields: object) -> ApiKey:
    values = {"id": "k", "workspace": "w", "name": "n", "scopes": ("read",)} | fields
    return ApiKey(salt="s", seal="e", created_at=NOW, **values)  # type: ignore[arg-type]


def test_states() -> None:
    """A key ends at its own time or that of its overlap, whichever is first, or when revoked."""
    lasting = key(expires_at=NOW + 2 * DAY)

    assert state_of_key(key(), NOW + 10_000 * DAY) == "active"
    assert state_of_key(lasting, NOW + 2 * DAY - timedelta(milliseconds=1)) == "active"
    assert state_of_key(lasting, NOW + 2 * DAY) == "expired"
    assert state_of_key(retire_key(lasting, "x", NOW + DAY), NOW + DAY) == "expired"
    assert state_of_key(retire_key(lasting, "x", NOW + 3 * DAY), NOW + 2 * DAY) == "expired"
    assert state_of_key(revoke_key(lasting, NOW), NOW) == "revoked"


def test_ended_keys_are_listed_for_90_days() -> None:
    """A key that never ends is kept; one at the end of time breaks nothing."""
    assert key().listed_until is None
    assert key(expires_at=NOW).listed_until == NOW + 90 * DAY
    assert revoke_key(key(expires_at=NOW + DAY), NOW).listed_until == NOW + 90 * DAY
    assert key(expires_at=datetime(9999, 12, 31, tzinfo=UTC)).listed_until is not None


def test_what_is_shown_has_no_secret() -> None:
    """Neither the salt nor the seal is in any answer."""
    shown = describe_key(replace(key(), salt="the salt", seal="the seal"), NOW)

    assert not {"salt", "seal", "key", "secret"} & set(shown)
    assert "the s" not in str(shown)


@pytest.mark.parametrize(
    ("fields", "body", "code"),
    [
        (KEY_FIELDS, {"name": " "}, "required"),
        (KEY_FIELDS, {"name": None}, "required"),
        (KEY_FIELDS, {"name": "x" * 101}, "too_long"),
        (KEY_FIELDS, {"name": 1}, "type"),
        (KEY_FIELDS, {"scopes": []}, "type"),
        (KEY_FIELDS, {"scopes": "read"}, "type"),
        (KEY_FIELDS, {"scopes": ["root"]}, "choice"),
        (KEY_FIELDS, {"scopes": [["read"]]}, "choice"),
        (KEY_FIELDS, {"workspace": ""}, "workspace"),
        (KEY_FIELDS, {"workspace": "a#b"}, "workspace"),
        (KEY_FIELDS, {"workspace": "-a"}, "workspace"),
        (KEY_FIELDS, {"workspace": "A"}, "workspace"),
        (KEY_FIELDS, {"workspace": "a" * 33}, "workspace"),
        (KEY_FIELDS, {"workspace": "a\n"}, "workspace"),
        (KEY_FIELDS, {"expires_at": "tomorrow"}, "time"),
        (KEY_FIELDS, {"salt": "x"}, "unknown_field"),
        (ROTATION_FIELDS, {"overlap_for": -1}, "out_of_range"),
        (ROTATION_FIELDS, {"overlap_for": 604_801}, "out_of_range"),
        (ROTATION_FIELDS, {"overlap_for": True}, "out_of_range"),
        (ROTATION_FIELDS, {"overlap_for": 1.0}, "out_of_range"),
        (ROTATION_FIELDS, {"scopes": ["admin"]}, "unknown_field"),
    ],
)
def test_fields(fields: object, body: dict[str, object], code: str) -> None:
    """A field that can't be used is named with its code."""
    with pytest.raises(Invalid) as raised:
        read_fields(body, fields)

    assert [problem.code for problem in raised.value.problems] == [code]
