"""One home per slug: whoever asks wherever, a slug has one owner, and nobody guesses for a home."""

import random
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from secrets import randbelow

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.core import homes
from chalicelib.core.errors import NotFound, SlugTaken, Stale, Unavailable
from chalicelib.core.homes import Absence
from chalicelib.core.links import edit_link
from chalicelib.service.absences import KnownAbsences
from chalicelib.service.ports import ListQuery
from chalicelib.service.regional_links import RegionalLinks
from chalicelib.service.regions import Regions
from tests.service.regions import AP, EU, NAMES, US, World, ask_at_once, key_at, link


KEYS = [key_at(region, number) for region in NAMES for number in range(2)]


def test_a_link_is_written_at_its_home_alone() -> None:
    """From whichever region it is made or changed."""
    for here in NAMES:
        world = World()
        key = key_at(EU)
        first = link(key, world.clock())
        world.links(here).create(key, first)
        world.links(here).replace(key, edit_link(first, {"title": here}, world.clock()))

        assert [(at, it.title) for at, it in world.everywhere()] == [(EU, here)]


def test_what_is_at_home_here_needs_nobody() -> None:
    """All other regions may be gone, and none is asked, also for what nobody has."""
    world = World()
    for region in (EU, AP):
        world.lose(region)
    links, key = world.links(US), key_at(US)
    assert links.seek(key) is None
    links.create(key, link(key, world.clock()))
    links.replace(key, edit_link(link(key, world.clock()), {"title": "T"}, world.clock()))

    found = [links.get(key), links.get(key, consistent=True), links.current(key), links.seek(key)]
    assert [it.title for it in found if it] == ["T"] * 4
    assert world.asked == []


def test_a_visitor_finds_what_was_made_elsewhere_a_moment_ago() -> None:
    """Nothing is replicated yet: the home is asked, once."""
    world = World()
    key = key_at(EU)
    world.links(AP).create(key, link(key, world.clock()))
    world.asked.clear()

    for here in NAMES:
        assert world.links(here).seek(key) == link(key, world.clock())
    assert world.asked == [(US, EU), (AP, EU)]


def test_a_visitor_is_told_that_there_is_none_by_the_home_alone() -> None:
    """A home that is silent may have it: that is 503, soon to be tried again, and names the region."""
    world = World()
    key = key_at(EU)
    assert world.links(US).seek(key) is None
    world.lose(EU)

    with pytest.raises(Unavailable, match=EU) as caught:
        world.links(US).seek(key)
    assert caught.value.retry_for == 1


def test_a_visitor_of_what_is_here_waits_for_nobody() -> None:
    """A replica is enough to be followed, whatever became of the home."""
    world = World()
    key = key_at(EU)
    world.links(EU).create(key, link(key, world.clock()))
    world.replicate()
    world.lose(EU)

    assert world.links(US).seek(key) == world.links(US).get(key) == link(key, world.clock())
    assert world.asked == []


def test_owners_read_the_replica_while_the_home_is_silent() -> None:
    """But what this region has not got may be there all the same."""
    world = World()
    key, other = key_at(EU), key_at(EU, 1)
    world.links(EU).create(key, link(key, world.clock()))
    world.replicate()
    world.links(EU).create(other, link(other, world.clock()))
    world.lose(EU)

    assert world.links(US).get(key, consistent=True) == link(key, world.clock())
    with pytest.raises(Unavailable, match=EU):
        world.links(US).get(other, consistent=True)


def test_nothing_is_written_while_the_home_is_silent() -> None:
    """Not here in its place either, and the error names the region."""
    world = World()
    key = key_at(EU)
    first = link(key, world.clock())
    world.links(EU).create(key, first)
    world.replicate()
    world.lose(EU)

    for write in (
        lambda: world.links(US).create(key_at(EU, 1), first),
        lambda: world.links(US).replace(key, edit_link(first, {"title": "T"}, world.clock())),
        lambda: world.links(US).current(key),
    ):
        with pytest.raises(Unavailable, match=EU):
            write()
    assert {it.title for _, it in world.everywhere()} == {None}


def test_a_change_is_not_made_of_a_replica() -> None:
    """An old copy neither refuses an edit as stale, nor calls it done already, nor a link unknown."""
    world = World()
    key, body = key_at(EU), {"title": "T"}
    owners = {here: world.service(here, randbelow) for here in (US, EU)}
    owners[EU].create("w", {"destination": "https://e.test/", "slug": key})
    world.replicate()
    owners[EU].edit("w", key, body)

    assert owners[US].edit("w", key, {"notes": "N"}, if_versions=[2]).title == "T"
    with pytest.raises(Stale):
        owners[US].edit("w", key, body, if_versions=[1])
    assert owners[US].edit("w", key, {"title": None}).version == 4
    unknown = key_at(EU, 1)
    owners[EU].create("w", {"destination": "https://e.test/", "slug": unknown})
    world.lose(EU)
    for slug in (key, unknown):
        with pytest.raises(Unavailable):
            owners[US].edit("w", slug, {"title": None})
    with pytest.raises(NotFound):
        owners[EU].edit("w", key_at(EU, 2), body)


def test_drawn_slugs_are_at_home_where_they_are_drawn() -> None:
    """So links are made while every other region is gone, and while one is being declared absent."""
    world = World()
    for region in (EU, AP):
        world.lose(region)
    world.absences = (Absence(EU, world.clock() + timedelta(seconds=1)),)
    service = world.service(US, randbelow)
    made = [service.create("w", {"destination": "https://e.test/"}) for _ in range(50)]

    assert world.asked == []
    assert len({one.slug for one in made}) == 50
    assert {at for at, _ in world.everywhere()} == {US}
    assert {len(one.slug) for one in made} == {7}  # another draw is no collision


def test_a_slug_that_moves_is_written_by_nobody() -> None:
    """Around the moment it is 503; before and after it, one region has it. Visitors are served."""
    world = World()
    key = key_at(EU)
    world.absences = (Absence(EU, world.clock() + timedelta(seconds=60)),)
    world.links(US).create(key, link(key, world.clock()))
    world.replicate()
    world.clock.move(seconds=55)
    for act in (
        lambda: world.links(AP).create(key_at(EU, 1), link(key, world.clock())),
        lambda: world.links(AP).seek(key_at(EU, 1)),
    ):
        with pytest.raises(Unavailable, match="moved"):
            act()
    assert world.links(AP).seek(key) == world.links(AP).get(key, consistent=True)
    world.clock.move(seconds=16)

    world.links(AP).create(key_at(EU, 1), link(key_at(EU, 1), world.clock()))
    assert EU not in {at for at, it in world.everywhere() if it.slug == key_at(EU, 1)}
    assert (AP, EU) not in world.asked


def test_lists_are_of_this_region() -> None:
    """No other is asked for them."""
    world = World()
    key = key_at(EU)
    world.links(US).create(key, link(key, world.clock()))
    world.asked.clear()

    assert world.links(US).page("w", ListQuery()).links == ()
    assert len(world.links(EU).page("w", ListQuery()).links) == 1
    assert world.asked == []


def test_who_answered_is_told() -> None:
    """The region by name, also when it did not."""
    world = World()
    told: list[tuple[str, str]] = []
    links = RegionalLinks(
        world.stores[US],
        world.regions(US),
        world.links(US).store_of,
        tell=lambda tier, took, how: told.append((tier, how)),
        ask_within=ask_at_once,
    )
    links.seek(key_at(EU))
    world.lose(EU)
    links.seek(key_at(US))
    with pytest.raises(Unavailable):
        links.seek(key_at(EU))

    assert told == [("home", EU), ("home", f"{EU} did not answer")]


Attempt = tuple[str, str]  # where a create is sent, of which key
attempts = st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(KEYS)), max_size=40)
cuts = st.sets(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)))


def accepted(sent: Sequence[Attempt], cut: set[tuple[str, str]], *, at_home: bool) -> Counter[str]:
    """How many creates of each key were accepted, with nothing ever replicated."""
    world, accepts = World(), Counter[str]()
    world.cut = cut
    for here, key in sent:
        store = world.links(here) if at_home else world.stores[here]
        try:
            store.create(key, link(key, world.clock()))
        except (SlugTaken, Unavailable):
            continue
        accepts[key] += 1
    return accepts


@given(attempts, cuts)
def test_no_two_regions_accept_one_slug(sent: list[Attempt], cut: set[tuple[str, str]]) -> None:
    """Whatever is cut off from whatever, and without any replication."""
    assert all(count == 1 for count in accepted(sent, cut, at_home=True).values())


def test_writing_nearby_would_be_seen() -> None:
    """The check above does notice a store that writes where it is."""
    both = [(US, KEYS[0]), (EU, KEYS[0])]

    assert accepted(both, set(), at_home=False)[KEYS[0]] == 2


LEAD, LAG = timedelta(seconds=30), timedelta(seconds=5)


def accepted_while_moving(seed: int) -> Counter[str]:
    """The same while a region is declared absent and comes back, with clocks that differ.

    Each region learns of it when it looks again; changes take a while from one to the others.
    """
    drawn = random.Random(seed)  # noqa: S311 - no secret
    world, accepts = World(), Counter[str]()
    began = world.clock()
    absence = Absence(EU, began + LEAD, began + LEAD + timedelta(seconds=drawn.uniform(25, 60)))
    skews = {name: timedelta(seconds=drawn.uniform(-2, 2)) for name in NAMES}
    links = {name: world.links(name, _regions(world, name, absence, skews[name])) for name in NAMES}
    fresh: list[tuple[datetime, str]] = []
    while world.clock() < began + timedelta(seconds=150):
        here, key = drawn.choice(NAMES), drawn.choice(KEYS) + str(drawn.randrange(20))
        due = [it for it in fresh if it[0] <= world.clock() - LAG]
        _copy(world, {it[1] for it in due})
        fresh = [it for it in fresh if it not in due]
        try:
            links[here].create(key, link(key, world.clock()))
        except (SlugTaken, Unavailable):
            pass
        else:
            accepts[key] += 1
            fresh.append((world.clock(), key))
        world.clock.move(seconds=drawn.uniform(0, 1))
    return accepts


def _regions(world: World, here: str, absence: Absence, skew: timedelta) -> Regions:
    began = world.clock()

    def clock() -> datetime:
        return world.clock() + skew

    def read() -> tuple[Absence, ...]:
        return (absence,) if world.clock() > began else ()

    known = KnownAbsences(read, clock)
    known()
    return Regions(here, NAMES, known, clock)


def _copy(world: World, keys: set[str]) -> None:
    for key in keys:
        (one, *_) = [it._links[key] for it in world.stores.values() if key in it._links]
        for store in world.stores.values():
            store._links.setdefault(key, one)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**9))
def test_no_two_regions_accept_one_slug_while_it_moves(seed: int) -> None:
    """To the region that takes over, and back, as long as replication keeps up."""
    accepts = accepted_while_moving(seed)

    assert len(accepts) > 20
    assert set(accepts.values()) == {1}


def test_moving_at_once_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """The check above does notice regions that take over the moment they may."""
    monkeypatch.setattr(homes, "MOVES_FOR", timedelta(0))

    assert any(max(accepted_while_moving(seed).values()) > 1 for seed in range(50))
