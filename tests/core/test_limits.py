"""Windows and header fields of rate limits."""

import re
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.limits import WINDOW, Standing, fields_of, window_at


NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
moments = st.datetimes(datetime(2020, 1, 1), datetime(2100, 1, 1)).map(
    lambda moment: moment.replace(tzinfo=UTC)
)


@given(moments)
def test_a_window_has_an_end(moment: datetime) -> None:
    """Waiting for what is left of a window leads into the next one, and a second less does not."""
    window = window_at(moment)
    whole = moment.replace(microsecond=0)

    assert 1 <= window.left <= WINDOW
    assert window_at(moment + timedelta(seconds=window.left)).number == window.number + 1
    assert window_at(whole + timedelta(seconds=window.left - 1)).number == window.number
    assert window.ends_at == whole + timedelta(seconds=window.left)


def test_windows_are_the_same_everywhere() -> None:
    """They begin with the minute, so that regions and processes need not agree on them."""
    assert window_at(NOON).left == 60
    assert window_at(NOON + timedelta(seconds=59, milliseconds=999)) == (
        window_at(NOON).number,
        1,
    )


def test_fields_are_structured() -> None:
    """Both are lists of one item with parameters, as RFC 9651 writes them."""
    fields = fields_of(Standing(True, 600, 597, 41))

    assert fields == {
        "RateLimit-Policy": '"default";q=600;w=60',
        "RateLimit": '"default";r=597;t=41',
    }
    for value in fields.values():
        assert re.fullmatch(r'"[ -!#-~]+"(;[a-z*][a-z0-9_.*-]*=[0-9]{1,15})+', value)
