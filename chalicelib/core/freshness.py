"""How old an answer may be: one budget in seconds, and the share of it that each tier may use.

The table and DAX use up theirs before an answer is made. From then on the answer says when that
was, and the caches above share what is left: one that lay long in the API cache stays at the edge
for as much less.
"""

from collections.abc import Mapping
from datetime import datetime
from math import ceil
from typing import Literal

from chalicelib.core.times import sortable_time


Tier = Literal["edge", "api", "dax", "table"]
DEFAULT_BUDGET = 60
# In sixtieths, as the ages add up on the way to the visitor; the table's is its replication.
SHARES: Mapping[Tier, int] = {"edge": 20, "api": 20, "dax": 10, "table": 10}
GENERATED_AT = "everhop-generated-at"  # the header by which an answer says it


def share_for(tier: Tier, budget: int = DEFAULT_BUDGET) -> int:
    """Whole seconds that the tier may keep an answer; all tiers together stay in the budget."""
    return budget * SHARES[tier] // 60


def kept_for(budget: int = DEFAULT_BUDGET) -> int:
    """Seconds that an answer may be kept above the app, by all caches together."""
    return share_for("api", budget) + share_for("edge", budget)


def stamp_of(moment: datetime) -> str:
    """The header's value for an answer whose making began at this moment."""
    return sortable_time(moment)


def left_for(stamp: str, kept_for: int, now: float) -> int | None:
    """Whole seconds that are left of `kept_for` at `now` (seconds since 1970); from 0 on.

    None when the stamp is none. One from the future is of a clock that is ahead of ours.
    """
    try:
        made_at = datetime.fromisoformat(stamp).timestamp()
    except ValueError:
        return None
    return max(0, kept_for - max(0, ceil(now - made_at)))
