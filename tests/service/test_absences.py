"""What a process knows of absences: when it asks, and how long it trusts what it last heard."""

from datetime import UTC, datetime

import pytest

from chalicelib.core.errors import Unavailable
from chalicelib.core.homes import Absence
from chalicelib.service.absences import KnownAbsences
from tests.clocks import SetClock


GONE = (Absence("eu-west-1", datetime(2026, 1, 1, tzinfo=UTC)),)


class Table:
    """What the region's table says; it counts how often it is asked."""

    def __init__(self) -> None:
        self.absences: tuple[Absence, ...] = ()
        self.is_silent = False
        self.asked = 0

    def __call__(self) -> tuple[Absence, ...]:
        self.asked += 1
        if self.is_silent:
            raise Unavailable("silent")
        return self.absences


def test_the_table_is_asked_every_five_seconds() -> None:
    """So much later a change is known, and no earlier is it asked again."""
    table, clock = Table(), SetClock()
    known = KnownAbsences(table, clock)
    assert known() == ()
    table.absences = GONE
    clock.move(seconds=4.9)
    assert known() == ()
    assert table.asked == 1
    clock.move(seconds=0.1)

    assert known() == known() == GONE
    assert table.asked == 2


def test_what_was_known_holds_for_ten_seconds() -> None:
    """A table that is silent for a moment stops nobody; for longer, nobody may write by old news."""
    table, clock = Table(), SetClock()
    known = KnownAbsences(table, clock)
    table.absences = GONE
    known()
    table.is_silent = True
    clock.move(seconds=9.9)
    assert known() == GONE
    clock.move(seconds=0.1)
    with pytest.raises(Unavailable):
        known()
    table.is_silent = False

    assert known() == GONE


def test_what_was_never_known_is_not_guessed() -> None:
    """A container that starts while the table is silent knows of no homes."""
    table = Table()
    table.is_silent = True

    with pytest.raises(Unavailable):
        KnownAbsences(table, SetClock())()


def test_a_clock_that_is_set_back_has_it_asked_again() -> None:
    """Or what is old would be trusted until the clock is there again."""
    table, clock = Table(), SetClock()
    known = KnownAbsences(table, clock)
    known()
    clock.move(seconds=-60)
    known()

    assert table.asked == 2
