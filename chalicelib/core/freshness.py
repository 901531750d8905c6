"""How old an answer may be: one budget in seconds, and the share of it that each tier may use."""

from collections.abc import Mapping
from typing import Literal


Tier = Literal["edge", "api", "dax", "table"]
DEFAULT_BUDGET = 60
# In sixtieths, as the ages add up on the way to the visitor; the table's is its replication.
SHARES: Mapping[Tier, int] = {"edge": 20, "api": 20, "dax": 10, "table": 10}


def share_for(tier: Tier, budget: int = DEFAULT_BUDGET) -> int:
    """Whole seconds that the tier may keep an answer; all tiers together stay in the budget."""
    return budget * SHARES[tier] // 60
