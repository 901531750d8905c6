"""Clicks counted in two regions: none is lost on the way, and an exact limit is one limit.

What could break for a user: a link for three that leads four on; a link whose limit is never
reached, as each region overwrites what the other has counted; a redirect that waits for an ocean.
"""

from collections.abc import Callable

import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample

from chalicelib.core.errors import Unavailable
from chalicelib.core.homes import home_of
from chalicelib.core.links import Link
from chalicelib.core.locks import Hold
from chalicelib.service.clicks import ClickLimits, counter_of
from chalicelib.service.passwords import PER_LINK, PasswordTries
from chalicelib.service.ports import CounterStore
from chalicelib.service.regional_counters import OwnRows
from tests.service.lock_deployment import SEAL
from tests.service.two_regions import NAMES, A, B, World


Place = Callable[[World, str], CounterStore]
STEPS = st.lists(
    st.tuples(st.sampled_from(["click", "click", "carry"]), st.sampled_from(NAMES)), max_size=40
)


def a_slug(home: str) -> str:
    return next(slug for slug in map(str, range(99)) if home_of(slug, NAMES) == home)


def link(world: World, slug: str, most: int, **fields: object) -> Link:
    values = {"workspace": "w", "slug": slug, "destination": "https://e.test/"} | fields
    now = world.clock()
    return Link(created_at=now, updated_at=now, max_clicks=most, **values)  # type: ignore[arg-type]


def limits(world: World, place: Place = World.counters_at) -> dict[str, ClickLimits]:
    """What counts clicks in each region; a bug in it ends the test."""

    def report(bug: Exception) -> None:
        raise bug

    return {name: ClickLimits(place(world, name), world.clock, report) for name in NAMES}


def lost_clicks(steps: list[tuple[str, str]], place: Place) -> int:
    """How many of the clicks in these steps no region knows of in the end."""
    world, clicked = World(), 0
    counters = {name: place(world, name) for name in NAMES}
    for act, region in steps:
        if act == "click":
            counters[region].add("x#clicks", 1)
            clicked += 1
            world.write_down()
        else:
            world.replicate(region)
    world.settle()
    return max(clicked - counter.read("x#clicks") for counter in counters.values())


@settings(max_examples=300, deadline=None)
@given(STEPS)
def test_no_click_is_lost(steps: list[tuple[str, str]]) -> None:
    """Each is counted once, in whatever order the rows are replicated."""
    assert lost_clicks(steps, World.counters_at) == 0


def test_one_row_for_all_regions_would_lose_clicks() -> None:
    """The test before this one finds it, when both regions add to one counter."""

    def shared(world: World, region: str) -> CounterStore:
        return world.regions[region].counters

    try:
        find(STEPS, lambda steps: lost_clicks(steps, shared) != 0)
    except NoSuchExample:
        pytest.fail("It finds nothing.")


@settings(max_examples=200, deadline=None)
@given(
    steps=st.lists(
        st.tuples(st.sampled_from(["click", "carry", "down", "up"]), st.sampled_from(NAMES)),
        max_size=40,
    ),
    most=st.integers(1, 6),
    home=st.sampled_from(NAMES),
)
def test_an_exact_limit_is_never_exceeded(
    steps: list[tuple[str, str]], most: int, home: str
) -> None:
    """Whichever regions are clicked in or away; and each click of it that is left can be had."""
    world = World()
    limit, taken, slug = limits(world), 0, a_slug(home)
    exact = link(world, slug, most, max_clicks_exact=True)
    for act, region in steps:
        if act == "click":
            try:
                taken += limit[region].take(slug, exact)
            except Unavailable:
                assert world.regions[home].away
            world.write_down()
        elif act == "carry":
            world.replicate(region)
        else:
            world.regions[region].away = act == "down"
    assert taken <= most
    world.regions[home].away = False
    rest = sum(limit[region].take(slug, exact) for region in NAMES for _ in range(most))
    assert taken + rest == most


def test_a_home_that_is_away_gives_no_exact_click() -> None:
    """Elsewhere an exact limit is 503, and no click is given that may be one too many."""
    world = World()
    slug = a_slug(A)
    world.regions[A].away = True
    exact, about = link(world, slug, 1, max_clicks_exact=True), link(world, slug, 1)
    with pytest.raises(Unavailable, match="us-east-1"):
        limits(world)[B].take(slug, exact)

    assert limits(world)[B].take(slug, about)


def test_about_never_leaves_the_region() -> None:
    """A limit that is about asks nobody, wherever the link is at home; regions learn in time."""
    world = World()
    slug, limit = a_slug(A), limits(world)
    about = link(world, slug, 3)
    assert [limit[region].take(slug, about) for region in (A, B, B, B)] == [True] * 4
    assert not limit[B].take(slug, about)
    assert limit[A].take(slug, about)
    assert world.asked == []

    world.settle()
    world.clock.move(seconds=2)
    assert [limit[region].take(slug, about) for region in NAMES] == [False, False]


def test_what_one_region_counted_goes_on_counting() -> None:
    """Clicks from before there were regions, and those of either way, use up one limit."""
    world = World()
    slug = a_slug(A)
    about, exact = link(world, slug, 4), link(world, slug, 4, max_clicks_exact=True)
    name = counter_of(slug, about)
    for region in NAMES:
        world.regions[region].counters.add(name, 2)
    assert limits(world)[B].take(slug, about)
    world.settle()
    assert world.counters_at(A).read(name) == 3

    assert limits(world)[B].take(slug, exact)
    assert not limits(world)[A].take(slug, exact)
    assert not limits(world)[B].take(slug, exact)


def test_passwords_are_tried_by_region() -> None:
    """No region needs another for it, and all together let a link be tried no more than one did."""
    world = World()
    for region in NAMES:
        world.regions[region].away = True
    tries = {
        name: PasswordTries(
            OwnRows(world.regions[name].counters, name),
            world.clock,
            b"secret",
            pause=lambda _: None,
            shares=len(NAMES),
        )
        for name in NAMES
    }
    locked = link(world, "x", 1, password=SEAL)

    def wrong(region: str) -> int:
        holds = [
            tries[region].hold("x", locked, "wrong", f"192.0.2.{number}") for number in range(99)
        ]
        world.settle()
        return holds.count(Hold("wrong"))

    assert wrong(A) + wrong(B) == PER_LINK.wrong
    assert tries[B].hold("x", locked, "sesame", "198.51.100.1") is not None
