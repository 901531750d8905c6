"""What a node counts: its calls by operation, and whether its caches had the answer."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Counters:
    """One node's counts since it started."""

    calls: Counter[str] = field(default_factory=Counter)  # by DynamoDB's names, and endpoints
    item_hits: int = 0
    item_misses: int = 0
    query_hits: int = 0
    query_misses: int = 0

    def as_json(self) -> dict[str, Any]:
        """The counts as they are now."""
        return {
            "calls": dict(self.calls),
            "item_cache": {"hits": self.item_hits, "misses": self.item_misses},
            "query_cache": {"hits": self.query_hits, "misses": self.query_misses},
        }


def total(counters: list[Counters]) -> Counters:
    """The counts of several nodes together."""
    return Counters(
        sum((one.calls for one in counters), Counter()),
        sum(one.item_hits for one in counters),
        sum(one.item_misses for one in counters),
        sum(one.query_hits for one in counters),
        sum(one.query_misses for one in counters),
    )
