"""Passwords and click limits as visitors meet them, with counters that race, fail and hang."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.core.destinations import DestinationPolicy
from chalicelib.core.errors import Unavailable
from chalicelib.core.links import Link, bury_link, edit_link
from chalicelib.core.locks import Hold
from chalicelib.core.passwords import Cost, seal_password
from chalicelib.core.redirects import Redirect, Refusal
from chalicelib.core.slugs import SlugPolicy
from chalicelib.core.visitors import Visitor
from chalicelib.service.clicks import ClickLimits
from chalicelib.service.locks import LockService
from chalicelib.service.passwords import PER_LINK, PER_VISITOR, PasswordTries
from chalicelib.service.ports import CounterStore
from chalicelib.service.redirects import RedirectService
from chalicelib.service.threads import WAITED
from chalicelib.store.memory import LinkMemory
from chalicelib.store.memory_counters import CounterMemory


NOW = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
D = "https://example.com/secret"
SEAL = seal_password("sesame", b"salt", Cost(1, 1, 1))
USED_UP = Refusal("exhausted")
HERE = "192.0.2.1"


@dataclass
class Deployment:
    """Visitors' use cases over one link, with a clock that a test moves."""

    counters: CounterStore
    now: datetime = NOW
    links: LinkMemory = field(default_factory=LinkMemory)

    def __post_init__(self) -> None:
        tries = PasswordTries(self.counters, lambda: self.now, b"secret")
        limits = ClickLimits(self.counters, lambda: self.now)
        locks = LockService(SlugPolicy(), limits, tries)
        policy = DestinationPolicy()
        self.visitors = RedirectService(
            self.links, SlugPolicy(), policy, lambda: self.now, lambda: locks
        )

    def make(self, **fields: object) -> Link:
        values = {"workspace": "w", "slug": "x", "destination": D} | fields
        link = Link(created_at=self.now, updated_at=self.now, **values)  # type: ignore[arg-type]
        self.links.create("x", link)
        return link

    def click(self) -> Redirect | Refusal | Hold:
        return self.visitors.follow("x", Visitor())

    def look(self) -> Redirect | Refusal | Hold:
        return self.visitors.follow("x", Visitor(), by_get=False)

    def send(self, password: str, address: str = HERE) -> Redirect | Refusal | Hold:
        return self.visitors.unlock("x", Visitor(address=address), password)


def deployment(counters: CounterStore | None = None) -> Deployment:
    return Deployment(counters or CounterMemory())


class Away(CounterMemory):
    """Counters that do not answer."""

    def add(self, *_: object, **__: object) -> int | None:
        raise Unavailable("The table did not answer.")

    def read(self, name: str) -> int:
        raise Unavailable("The table did not answer.")


class Hanging(CounterMemory):
    """Counters that answer much later."""

    def read(self, name: str) -> int:
        time.sleep(1)
        return super().read(name)


class Far(CounterMemory):
    """Counters that take a moment, so that requests at the same time do meet."""

    def read(self, name: str) -> int:
        total = super().read(name)
        time.sleep(0.01)
        return total


def outcomes(count: int, act: Callable[[int], object]) -> Counter[str]:
    """What so many at once get, by its name."""
    found: Counter[str] = Counter()
    start = threading.Barrier(count)

    def run(number: int) -> None:
        start.wait()
        outcome = act(number)
        found[getattr(outcome, "reason", type(outcome).__name__)] += 1

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


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


def test_a_link_has_a_limit_of_its_own() -> None:
    """Guesses from ever new addresses end too, for that one link."""
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


@pytest.mark.parametrize("exact", [True, False])
def test_a_limit_is_kept(exact: bool) -> None:
    """Three clicks of three lead on, the fourth does not; a higher limit, or none, revives it."""
    visit = deployment()
    link = visit.make(max_clicks=3, max_clicks_exact=exact)
    for _ in range(3):
        assert visit.click() == Redirect(D, 302, cacheable=not exact)
    assert [visit.click(), visit.click(), visit.look()] == [USED_UP] * 3
    assert visit.visitors.preview("x", Visitor()) == USED_UP

    raised = edit_link(link, {"max_clicks": 4}, NOW)
    visit.links.replace("x", raised)
    assert isinstance(visit.click(), Redirect)
    assert visit.click() == USED_UP
    visit.links.replace("x", edit_link(raised, {"max_clicks": None}, NOW))
    assert visit.click() == Redirect(D, 302)


def test_one_count_for_both_ways() -> None:
    """A limit that becomes exact, or no longer is, goes on from the clicks there were."""
    visit = deployment()
    link = visit.make(max_clicks=2)
    visit.click()
    exact = edit_link(link, {"max_clicks_exact": True}, NOW)
    visit.links.replace("x", exact)

    assert isinstance(visit.click(), Redirect)
    assert visit.click() == USED_UP
    visit.links.replace("x", edit_link(exact, {"max_clicks_exact": False}, NOW))
    visit.now += timedelta(seconds=2)
    assert visit.click() == USED_UP


def test_fifty_at_once() -> None:
    """Of fifty clicks at once on an exact limit of one, one leads on."""
    visit = deployment(Far())
    visit.make(max_clicks=1, max_clicks_exact=True)

    assert outcomes(50, lambda _: visit.click()) == {"Redirect": 1, "exhausted": 49}


def test_who_does_not_click_uses_nothing_up() -> None:
    """Robots and HEAD are redirected while an approximate limit lasts, and burn nothing of any."""
    about, exact = deployment(), deployment()
    about.make(max_clicks=1)
    exact.make(max_clicks=1, max_clicks_exact=True)
    for _ in range(5):
        assert about.look() == Redirect(D, 302)
        # Else `curl -I` would read the destination of a link for one for ever.
        assert exact.look() == Hold("counted")
        assert exact.visitors.preview("x", Visitor()) == Hold("counted")

    assert isinstance(about.click(), Redirect)
    assert isinstance(exact.click(), Redirect)


def test_a_password_page_is_no_click() -> None:
    """Only the right password uses up a click: neither the page nor a wrong one does."""
    visit = deployment()
    visit.make(password=SEAL, max_clicks=1, max_clicks_exact=True)
    visit.click()
    visit.look()
    visit.send("wrong")

    assert visit.send("sesame") == Redirect(D, 303, cacheable=False)
    assert visit.send("sesame") == USED_UP
    visit.now += timedelta(seconds=2)
    assert visit.click() == USED_UP


def test_counting_never_fails_a_redirect() -> None:
    """With the counters away an approximate limit lets through; an exact one does not."""
    about, exact = deployment(Away()), deployment(Away())
    about.make(max_clicks=1)
    exact.make(max_clicks=1, max_clicks_exact=True)

    assert [about.click(), about.click(), about.look()] == [Redirect(D, 302)] * 3
    with pytest.raises(Unavailable):
        exact.click()
    assert exact.look() == Hold("counted")


def test_counting_never_makes_a_redirect_wait_long() -> None:
    """Counters that hang cost a visitor a tenth of a second and no more."""
    visit = deployment(Hanging())
    visit.make(max_clicks=1)
    started = time.monotonic()

    assert visit.click() == Redirect(D, 302)
    assert time.monotonic() - started < WAITED + 0.3


def test_a_link_without_a_limit_asks_no_counter() -> None:
    """Nor does its preview: most links pay nothing for what few have."""
    visit = deployment(Away())
    link = visit.make()

    assert visit.click() == Redirect(D, 302)
    assert visit.visitors.preview("x", Visitor()) == link


def test_a_new_link_begins_anew() -> None:
    """A slug that is free again after its quarantine has none of the clicks of the link before."""
    visit = deployment()
    link = visit.make(max_clicks=1, max_clicks_exact=True)
    visit.click()
    visit.links.replace("x", bury_link(link, NOW))
    visit.now += timedelta(days=91)
    visit.make(max_clicks=1, max_clicks_exact=True)

    assert isinstance(visit.click(), Redirect)


def test_two_containers_agree_within_a_second() -> None:
    """What another container counted is known once the memo of a second is over."""
    counters = CounterMemory()
    one, other = deployment(counters), deployment(counters)
    link = one.make(max_clicks=2)
    other.links.create("x", link)
    other.click()
    one.click()
    other.now += timedelta(seconds=1)

    assert other.click() == USED_UP


def test_the_seal_is_not_shown() -> None:
    """A link in a log or a traceback does not show what its password was sealed to."""
    link = replace(deployment().make(password=SEAL), title="T")

    assert SEAL not in repr(link)
    assert SEAL[-20:] not in str(link)
