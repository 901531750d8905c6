"""`python -m bench.rules`: it measures what it says, and knows when the bar is missed."""

import subprocess
import sys
from itertools import pairwise

import pytest

from bench.figures import Figure
from bench.rule_invocations import LAST, OTHERWISE, RULED, core_alone, make_rules, visit_event
from bench.rules import over_the_bar
from chalicelib.core.rules import Rules, dimensions
from tests.conftest import ROOT


@pytest.mark.stack
def test_a_thousand_rules_stay_under_the_bar() -> None:
    """A short run prints every figure, and following costs at most three of a bare 302."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.rules", "--seconds", "3"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    for name in ("from the table", "from memory", "core alone"):
        assert f"{name}, the last holds" in done.stdout
        assert f"{name}, none holds" in done.stdout


def test_a_missed_bar_is_told() -> None:
    """The invocations count, each by its median, and core alone does not."""
    figures = [
        Figure("invocation, slow", (3.1, 3.2, 9.0), (1.0, 1.0, 1.0)),
        Figure("invocation, once slow", (2.9, 2.9, 9.0), (1.0, 1.0, 1.0)),
        Figure("core alone, slow", (9.0, 9.0, 9.0), (1.0, 1.0, 1.0)),
    ]

    assert over_the_bar(figures) == ["invocation, slow"]


def test_the_rules_are_of_every_kind_and_only_the_last_can_hold() -> None:
    """So that each dimension is really looked up for each visitor."""
    rules = make_rules()
    call = core_alone()

    def led(query: str) -> str:
        return str(call(visit_event(RULED, query), None)["headers"]["Location"])

    assert len(rules) == 1000
    assert dimensions(Rules.of(rules)) == {"country", "device", "language", "time", "query:ref"}
    assert (led("ref=last"), led("ref=none")) == (LAST, OTHERWISE)
    assert all(one != other for one, other in pairwise(rules))
