"""Homes of keys: every region finds the same, few move, and none has two at a time."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.homes import MOVES_FOR, Absence, home_at, home_of, present


NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
REGIONS = ("us-east-1", "eu-west-1", "ap-southeast-2", "sa-east-1")
KEYS = [f"key-{number}" for number in range(4000)]


def test_the_home_of_a_key_is_the_same_for_ever() -> None:
    """Deployments have links under these homes: another hash would make two homes of each."""
    assert [home_of(key, REGIONS) for key in ("promo", "a", "日本", "x" * 64)] == HOMES


HOMES = ["ap-southeast-2", "eu-west-1", "us-east-1", "ap-southeast-2"]


def test_each_region_is_home_of_its_share() -> None:
    """None has a tenth more than another, whatever the order in which they are named."""
    homes = [home_of(key, REGIONS) for key in KEYS]
    assert homes == [home_of(key, REGIONS[::-1]) for key in KEYS]
    assert all(900 < homes.count(region) < 1100 for region in REGIONS)


def test_only_what_a_region_wins_or_loses_moves() -> None:
    """A region more takes from all others, and no key moves between those."""
    fewer = REGIONS[:3]
    assert {
        home_of(key, REGIONS) for key in KEYS if home_of(key, REGIONS) != home_of(key, fewer)
    } == {"sa-east-1"}


@given(
    st.sampled_from(KEYS),
    st.lists(
        st.builds(
            lambda region, since, lasts: Absence(
                region,
                NOW + timedelta(seconds=since),
                None if lasts is None else NOW + timedelta(seconds=since + lasts),
            ),
            st.sampled_from(REGIONS),
            st.integers(-60, 60),
            st.none() | st.integers(0, 60),
        ),
        max_size=3,
    ),
    st.floats(-30, 30),
    st.floats(-1, 1),
)
def test_clocks_that_differ_never_see_two_homes(
    key: str, absences: list[Absence], at: float, skew: float
) -> None:
    """Nor does who has learned of a change only after a while: in between, there is none."""
    now = NOW + timedelta(seconds=at)
    one = home_at(key, REGIONS, absences, now)
    two = home_at(key, REGIONS, absences, now + skew * MOVES_FOR)
    assert one is None or two is None or one == two


def test_some_region_is_always_there() -> None:
    """All absent is none absent: a mistake of an operator is no outage."""
    gone = [Absence(region, NOW) for region in REGIONS]
    assert present(REGIONS, gone, NOW) == REGIONS
    assert present(REGIONS, gone[:1], NOW) == REGIONS[1:]
    assert present(REGIONS, gone[:1], NOW - timedelta(seconds=1)) == REGIONS
