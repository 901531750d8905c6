"""The one budget: with every purge lost, an edit is seen in time through all tiers together."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.core.freshness import DEFAULT_BUDGET, kept_for, share_for
from infra.edge.settings import Settings
from tests.edge.conftest import baked
from tests.service.tiers import Tiers


Step = tuple[Any, ...]
LAG = share_for("table")
STEPS = st.one_of(
    st.tuples(st.just("wait"), st.integers(1, 30_000)),
    st.tuples(st.just("edit"), st.integers(0, LAG * 1000)),
    st.tuples(st.just("ask"), st.sampled_from(["", "a=1"])),
)
# Each tier takes what it may of the one below at the last moment.
WORST: list[Step] = [
    ("edit", 0),
    ("edit", LAG * 1000),
    ("wait", LAG * 1000 - 1),
    ("ask", "a=1"),  # fills DAX
    ("wait", share_for("dax") * 1000 - 1),
    ("ask", ""),  # fills the API cache out of DAX
    ("forget",),
    ("wait", share_for("api") * 1000 - 1),
    ("ask", ""),  # fills the edge out of the API cache
    ("wait", share_for("edge") * 1000 - 2),
    ("ask", ""),
]


def oldest_shown(steps: list[Step], by: Settings | None = None) -> float:
    """For how many seconds somebody was shown what had been edited, at the most."""
    tiers, oldest = Tiers(by), 0.0
    written = [tiers.clock()]  # when each version was; nobody is shown version 0
    for what, *how in [("edit", 0), *steps]:
        if what == "wait":
            tiers.clock.move(milliseconds=how[0])
        elif what == "edit":
            tiers.write("promo", len(written), how[0] / 1000)
            written.append(tiers.clock())
        elif what == "forget":
            tiers.edge.clear()
        else:
            shown = tiers.ask("promo", *how)
            if shown + 1 < len(written):
                since = tiers.clock() - written[shown + 1]
                oldest = max(oldest, since.total_seconds())
    return oldest


@settings(max_examples=60, deadline=None)
@given(st.lists(STEPS, max_size=30))
def test_an_edit_is_seen_within_the_budget(steps: list[Step]) -> None:
    """Whatever is asked when, by way of whichever caches."""
    assert oldest_shown(steps) <= DEFAULT_BUDGET


def test_the_budget_is_used_up_and_no_more() -> None:
    """The worst order of things comes near it, so that the check could see a second too many."""
    assert DEFAULT_BUDGET - 1 <= oldest_shown(WORST) <= DEFAULT_BUDGET


def test_an_edge_that_counts_anew_is_caught() -> None:
    """Were the seconds counted from when the edge got an answer, they would add up to too many."""
    anew = baked()._replace(fresh_for=kept_for() + share_for("api"))
    late: list[Step] = [*WORST, ("wait", share_for("api") * 1000), ("ask", "")]

    assert oldest_shown(late) <= DEFAULT_BUDGET < oldest_shown(late, anew)
