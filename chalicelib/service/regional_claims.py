"""Claims of requests that are sent again: the first may have reached another region.

A first attempt claims in its own region, and pays nothing for the others. Those after it are rare
and a second link is worse than a wait: they look into every region, and claim in the others before
their own. So a first attempt that is only now about to claim, there, finds what they have begun.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from chalicelib.core.idempotency import Claim
from chalicelib.service.ports import ClaimStore, OtherRegions
from chalicelib.service.regions import Regions
from chalicelib.service.threads import ask_all_within


# Seconds, of all others at once: four times the way across an ocean and back, as a new connection
# has it. A region that is away does not hold up a create for longer.
WAIT = 0.6
Answer = Claim | None
AskAll = Callable[[float, Iterable[Callable[[], Answer]]], list[Answer]]


@dataclass(frozen=True, slots=True)
class RepeatedClaims:
    """The `ClaimStore` over this region's and those of the others, as far as these answer."""

    local: ClaimStore
    regions: Regions
    others: OtherRegions[ClaimStore]
    wait: float = WAIT
    ask_all: AskAll = ask_all_within

    def find(self, workspace: str, key: str, now: datetime) -> Claim | None:
        """See ClaimStore; the earliest, where two regions could not ask each other."""
        found = self.local.find(workspace, key, now)
        return found or _earliest(self._ask(lambda store: store.find(workspace, key, now)))

    def claim(self, workspace: str, key: str, claim: Claim) -> Claim | None:
        """See ClaimStore; what another region has already stands."""
        told = self._ask(lambda store: store.claim(workspace, key, claim))
        theirs = (one for one in told if one and one.receipt != claim.receipt)
        return _earliest(theirs) or self.local.claim(workspace, key, claim)

    def release(self, workspace: str, key: str, claim: Claim, now: datetime) -> None:
        """See ClaimStore; in every region that answers, as it may stand in each."""
        self._ask(lambda store: store.release(workspace, key, claim, now))
        self.local.release(workspace, key, claim, now)

    def _ask(self, ask: Callable[[ClaimStore], Answer]) -> list[Answer]:
        return self.ask_all(
            self.wait, [partial(self.others, region, ask) for region in self.regions.others]
        )


def _earliest(claims: Iterable[Answer]) -> Answer:
    there = (one for one in claims if one is not None)
    return min(there, key=lambda one: (one.claimed_at, one.receipt), default=None)
