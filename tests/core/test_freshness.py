"""The freshness budget: what the tiers may keep never adds up to more."""

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.freshness import DEFAULT_BUDGET, SHARES, share_for


@given(st.integers(0, 10**6))
def test_shares_stay_in_the_budget(budget: int) -> None:
    """All tiers together are never older than the budget, and the default one is used up."""
    assert sum(share_for(tier, budget) for tier in SHARES) <= budget
    assert sum(share_for(tier) for tier in SHARES) == DEFAULT_BUDGET
