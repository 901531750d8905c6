"""Passwords as visitors meet them, with counters that race, fail and hang."""

from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.core.errors import Unavailable
from chalicelib.core.links import Link, edit_link
from chalicelib.core.locks import Hold
from chalicelib.core.passwords import Cost, seal_password
from chalicelib.core.redirects import Redirect, Refusal
from chalicelib.core.visitors import Visitor
from chalicelib.service import passwords
from chalicelib.service.passwords import PER_LINK, PER_VISITOR
from chalicelib.store.memory_counters import CounterMemory
from tests.service.lock_deployment import HERE, NOW, SEAL, Away, D, Far, deployment, outcomes


def test_right_and_wrong() -> None:
    """The right password leads on by 303, kept by no cache; a wrong one leads nowhere."""
    visit = deployment()
    visit.make(password=SEAL, status=308)

    assert visit.click() == Hold("password")
    assert visit.look() == Hold("password")
    assert visit.send("Sesame") == Hold("wrong")
    assert visit.send("") == Hold("wrong")
    assert visit.send("sesame") == Redirect(D, 303, cacheable=False)
    assert visit.visitors.preview("X", Visitor()) == Hold("password")


def test_a_link_without_a_password_takes_none() -> None:
    """A form sent to a link that has no password is told so, and one for no link too."""
    visit = deployment()
    visit.make()

    assert visit.send("sesame") == Hold("open")
    assert visit.visitors.unlock("none", Visitor(address=HERE), "sesame") == Refusal("unknown")
    assert visit.visitors.unlock(None, Visitor(address=HERE), "sesame") == Refusal("unknown")


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"disabled": True}, "disabled"),
        ({"expires_at": NOW}, "expired"),
        ({"starts_at": NOW + timedelta(hours=1)}, "scheduled"),
        ({"destination": "javascript:alert(1)"}, "unsafe"),
        ({"deleted_at": NOW}, "deleted"),
    ],
)
def test_refusals_come_before_locks(fields: dict[str, object], reason: str) -> None:
    """What can't be followed asks for no password, tries none, and counts no click."""
    visit = deployment(Away())
    visit.make(**{"password": SEAL, "max_clicks": 1, "max_clicks_exact": True, **fields})

    for outcome in (
        visit.click(),
        visit.look(),
        visit.send("sesame"),
        visit.visitors.preview("x", Visitor()),
    ):
        assert outcome == Refusal(reason)  # type: ignore[arg-type]


def test_wrong_passwords_run_out() -> None:
    """After ten wrong ones not even the right one is tried, until the window is over; then it is."""
    visit = deployment()
    visit.make(password=SEAL)
    for _ in range(PER_VISITOR.wrong):
        assert visit.send("wrong") == Hold("wrong")
    held = visit.send("sesame")

    assert isinstance(held, Hold)
    assert held.reason == "tries"
    assert 0 < held.wait_for <= PER_VISITOR.within + 1
    assert isinstance(visit.send("sesame", "192.0.2.2"), Redirect)
    visit.now += timedelta(seconds=held.wait_for)
    assert isinstance(visit.send("sesame"), Redirect)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("", "", True),
        ("test-invoke-source-ip", "192.0.2.1", False),
    ],
)
def test_who_is_one_visitor(one: str, other: str, same: bool) -> None:
    """An IPv4 address is a visitor, and so is all of an IPv6 /64: one can't just take the next."""
    visit = deployment()
    visit.make(password=SEAL)
    for _ in range(PER_VISITOR.wrong):
        visit.send("wrong", one)

    assert isinstance(visit.send("sesame", other), Hold) == same


def test_right_passwords_never_run_out() -> None:
    """An office behind one address, and everyone who has the password, get in however many."""
    visit = deployment()
    visit.make(password=SEAL)

    for number in range(PER_LINK.wrong + 50):
        assert isinstance(visit.send("sesame", f"192.0.2.{number % 3}"), Redirect)
    for _ in range(PER_VISITOR.wrong - 1):
        visit.send("wrong")
    assert isinstance(visit.send("sesame"), Redirect)


def test_right_ones_at_once_are_all_right() -> None:
    """Thirty of an office at the same moment get through: those under way are waited for."""
    visit = deployment(Far())
    visit.make(password=SEAL)

    assert outcomes(30, lambda _: visit.send("sesame")) == {"Redirect": 30}


def test_a_new_password_is_tried_anew() -> None:
    """Wrong tries of the old password do not lock out who has the new one."""
    visit = deployment()
    link = visit.make(password=SEAL)
    for _ in range(PER_VISITOR.wrong):
        visit.send("wrong")
    assert isinstance(visit.send("sesame"), Hold)
    seal = seal_password("simsim", b"salt", Cost(1, 1, 1))
    visit.links.replace("x", edit_link(link, {"password": seal}, visit.now))

    assert isinstance(visit.send("simsim"), Redirect)


def test_a_link_has_a_limit_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Guesses from ever new addresses end too, for that one link."""
    monkeypatch.setattr(passwords, "SETTLES_WITHIN", 0.001)  # guesses in a row: none is under way
    visit = deployment()
    visit.make(password=SEAL)
    told = Counter(
        getattr(visit.send("wrong", f"198.51.{number}.1"), "reason", "") for number in range(200)
    )

    assert told == {"wrong": PER_LINK.wrong, "tries": 200 - PER_LINK.wrong}
    other = Link(
        workspace="w", slug="y", destination=D, password=SEAL, created_at=NOW, updated_at=NOW
    )
    visit.links.create("y", other)
    assert isinstance(visit.visitors.unlock("y", Visitor(address=HERE), "sesame"), Redirect)


def test_guesses_at_once_are_as_few() -> None:
    """Sixty wrong ones at the same moment are not more tries than sixty in a row."""
    visit = deployment(Far())
    visit.make(password=SEAL)
    told = outcomes(60, lambda _: visit.send("wrong"))

    assert told == {"wrong": PER_VISITOR.wrong, "tries": 60 - PER_VISITOR.wrong}


@settings(deadline=None, max_examples=50)
@given(st.lists(st.booleans(), max_size=60))
def test_no_order_of_tries_gets_more(tries: list[bool]) -> None:
    """However right and wrong ones alternate, ten wrong ones are answered; then nothing is."""
    visit = deployment()
    visit.make(password=SEAL)
    wrong = 0
    for is_right in tries:
        outcome = visit.send("sesame" if is_right else "wrong")
        if wrong == PER_VISITOR.wrong:
            assert getattr(outcome, "reason", "") == "tries"
        else:
            assert isinstance(outcome, Redirect) == is_right
            wrong += not is_right


def test_no_password_is_tried_uncounted() -> None:
    """While tries can't be counted, none is made, not even the right one."""
    visit = deployment(Away())
    visit.make(password=SEAL)

    assert visit.click() == Hold("password")
    with pytest.raises(Unavailable):
        visit.send("sesame")


def test_the_table_learns_no_address() -> None:
    """The names of the counters do not have the visitor's address in them, and end with windows."""
    counters = CounterMemory()
    visit = deployment(counters)
    visit.make(password=SEAL)
    visit.send("wrong", "203.0.113.77")
    visit.send("sesame", "203.0.113.77")

    names = list(counters._totals)
    assert len(names) == 4
    assert all(name.startswith("x#2026-11-23T12:00:00.000Z#") for name in names)
    assert not [name for name in names if "203.0.113" in name]
