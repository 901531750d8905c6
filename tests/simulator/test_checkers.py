"""Each checker finds the mistake that is planted for it: one that finds nothing proves nothing."""

import pytest

from tests.simulator.checkers import CHECKERS, check
from tests.simulator.planted import PLANTED


SEEDS = 150


@pytest.mark.parametrize("mistake", PLANTED, ids=lambda it: it.replace(" ", "-"))
def test_a_planted_mistake_is_found(mistake: str) -> None:
    make, checker = PLANTED[mistake]
    found = (
        any(one.startswith(f"{checker}:") for one in check(make(seed).go()))
        for seed in range(SEEDS)
    )
    assert any(found)


def test_every_checker_has_one() -> None:
    assert {one.__name__ for one in CHECKERS} == {checker for _, checker in PLANTED.values()}
