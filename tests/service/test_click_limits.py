"""Click limits as visitors meet them, with counters that race, fail and hang."""

from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.core.errors import Unavailable
from chalicelib.core.links import bury_link, edit_link
from chalicelib.core.locks import Hold
from chalicelib.core.redirects import Redirect
from chalicelib.core.visitors import Visitor
from chalicelib.store.memory_counters import CounterMemory
from tests.service.lock_deployment import (
    NOW,
    SEAL,
    USED_UP,
    Away,
    Broken,
    D,
    Far,
    Hanging,
    deployment,
    outcomes,
)


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


def test_a_bug_in_counting_fails_no_redirect() -> None:
    """It is told to whom keeps the log, and visitors get their redirect."""
    visit = deployment(Broken())
    visit.make(max_clicks=1)

    assert [visit.click(), visit.look()] == [Redirect(D, 302)] * 2
    assert [type(bug) for bug in visit.bugs] == [KeyError, KeyError]


def test_counting_never_makes_a_redirect_wait_long() -> None:
    """Counters that hang keep no visitor: what they would answer, late, would be a refusal."""
    visit = deployment(Hanging())
    visit.make(max_clicks=1)

    assert visit.click() == Redirect(D, 302)


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
