"""Keyed creates that reach two regions: one link for one key, as long as both regions answer.

What could break for a user: a retry, sent on to the second nearest region by the edge, that makes a
second link; a region that is lost and takes all keyed creates with it.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample

from chalicelib.core.destinations import DestinationPolicy
from chalicelib.core.errors import SlugTaken, Unavailable
from chalicelib.core.homes import Absence, home_of
from chalicelib.core.idempotency import Asked, Claim
from chalicelib.core.links import Link
from chalicelib.core.slugs import SlugPolicy
from chalicelib.service.batches import BatchService, MadeLink
from chalicelib.service.keyed_links import KeyedLinkService
from chalicelib.service.links import LinkService
from chalicelib.service.ports import ClaimStore, LinkStore
from chalicelib.urls import parse_url
from tests.service.test_keyed_links import CUSTOM, DRAWN, asked
from tests.service.two_regions import NAMES, A, B, World


class Crash(Exception):
    """The function ends here; nobody is answered."""


@dataclass
class Crashing:
    """A store whose writes come to an end before or after the n-th one of a request."""

    store: ClaimStore | LinkStore
    method: str
    when: str

    def __getattr__(self, name: str) -> Callable[..., object]:
        method: Callable[..., object] = getattr(self.store, name)
        if name != self.method:
            return method

        def crash(*arguments: object) -> object:
            if self.when == "before":
                raise Crash
            method(*arguments)
            raise Crash

        return crash


def service_at(world: World, region: str, *, asks: bool = True) -> KeyedLinkService:
    """The use cases of one region; without `asks` a retry looks into its own region alone."""
    links = LinkService(
        store=world.links_at(region),
        slugs=SlugPolicy(),
        destinations=DestinationPolicy(),
        parse_url=parse_url,
        clock=world.clock,
        chance=world.chance,
        regions=sorted(NAMES, key=lambda other: other != region),
    )
    local = world.regions[region].claims
    return KeyedLinkService(links, local, world.claims_at(region) if asks else None)


def crashing(service: KeyedLinkService, method: str, when: str) -> KeyedLinkService:
    """The same, in a function that dies at that point of a request."""
    if method == "create":
        store = Crashing(service.links.store, method, when)
        return replace(service, links=replace(service.links, store=store))
    repeated = service.repeated and Crashing(service.repeated, method, when)
    return replace(service, claims=Crashing(service.claims, method, when), repeated=repeated)


def again(request: Asked) -> Asked:
    return replace(request, is_repeated=True)


def all_links(world: World) -> set[str]:
    return {link.slug for one in world.regions.values() for link in one.links._links.values()}


FAULTS = [("claim", "before"), ("claim", "after"), ("create", "before"), ("create", "after"), None]
# Each try, by its region, how it ends, and which regions' writes are replicated after it.
TRIES = st.lists(
    st.tuples(
        st.sampled_from(NAMES),
        st.sampled_from(FAULTS),
        st.lists(st.sampled_from(NAMES), max_size=2),
    ),
    min_size=1,
    max_size=5,
)
Tries = list[tuple[str, tuple[str, str] | None, list[str]]]


def links_made(tries: Tries, *, asks: bool = True) -> tuple[set[str], set[str]]:
    """The links that are there in the end, and those that the tries were told of."""
    world, told = World(), set()
    request = asked(DRAWN)
    for number, (region, fault, carried) in enumerate([*tries, (B, None, [])]):
        service = service_at(world, region, asks=asks)
        try:
            act = crashing(service, *fault) if fault else service
            told.add(act.create(again(request) if number else request, DRAWN)[0].slug)
        except Crash:
            pass
        world.write_down()
        for origin in carried:
            world.replicate(origin)
    world.settle()
    return all_links(world), told


@settings(max_examples=300, deadline=None)
@given(TRIES)
def test_one_link_for_one_key(tries: Tries) -> None:
    """Wherever a request is sent again, and wherever each try of it died: one link, and told so."""
    there, told = links_made(tries)

    assert len(there) == 1
    assert told == there


def test_retries_that_ask_nobody_would_make_two() -> None:
    """The test before this one finds it, when a second region does not ask the first."""
    try:
        find(TRIES, lambda tries: len(links_made(tries, asks=False)[0]) > 1)
    except NoSuchExample:
        pytest.fail("It finds nothing.")


class Interrupted:
    """Claims of a first try that is overtaken between its look and its claim."""

    def __init__(self, claims: ClaimStore, meanwhile: Callable[[], object]) -> None:
        self._claims = claims
        self._meanwhile = meanwhile

    def find(self, workspace: str, key: str, now: datetime) -> Claim | None:
        found = self._claims.find(workspace, key, now)
        self._meanwhile()
        return found

    def __getattr__(self, name: str) -> Callable[..., object]:
        method: Callable[..., object] = getattr(self._claims, name)
        return method


@pytest.mark.parametrize(("first", "second"), [(A, B), (B, A)], ids=["A-B", "B-A"])
def test_a_retry_that_overtakes_the_first_try(first: str, second: str) -> None:
    """The first try, slow, finds what its retry has begun elsewhere, and makes no other link."""
    world, request = World(), asked(DRAWN)
    made: list[Link] = []
    slow = service_at(world, first)
    slow = replace(
        slow,
        claims=Interrupted(
            slow.claims,
            lambda: made.append(service_at(world, second).create(again(request), DRAWN)[0]),
        ),
    )
    late, was_there = slow.create(request, DRAWN)
    world.write_down()
    world.settle()

    assert (late.slug, was_there) == (made[0].slug, True)
    assert all_links(world) == {late.slug}


def test_a_first_try_asks_nobody() -> None:
    """It costs no call to another region, of a drawn slug and of one that is at home here."""
    world = World()
    service_at(world, A).create(asked(DRAWN), DRAWN)

    assert world.asked == []


def test_a_lost_region_stops_no_keyed_create() -> None:
    """The retry of a create whose region is gone makes a link elsewhere, if no claim came over."""
    world, request = World(), asked(DRAWN)
    with pytest.raises(Crash):
        crashing(service_at(world, A), "claim", "after").create(request, DRAWN)
    world.regions[A].away = True
    link, _ = service_at(world, B).create(again(request), DRAWN)

    assert home_of(link.slug, NAMES) == B
    assert service_at(world, B).create(again(request), DRAWN) == (link, True)


def test_a_chosen_slug_is_known_again_without_its_claim() -> None:
    """The first try wrote to another region's table and was lost with its claim: no 409 for it."""
    world = World()
    (slug,) = [it for it in ("promo", "sale", "news", "jobs") if home_of(it, NAMES) == B][:1]
    body = {"destination": "https://e.test/", "slug": slug}
    first, _ = service_at(world, A).create(asked(body), body)
    world.regions[A].away = True
    world.clock.move(seconds=5)

    assert service_at(world, B).create(again(asked(body)), body) == (first, True)
    for stranger in (asked(body, key="other"), asked(body, workspace="x")):
        with pytest.raises(SlugTaken):
            service_at(world, B).create(again(stranger), body)


def test_a_key_stands_for_a_chosen_slug_for_its_day_only() -> None:
    """When its claim is over, a create of a slug that is taken is refused, with whatever key."""
    world = World()
    service_at(world, A).create(asked(CUSTOM), CUSTOM)
    world.clock.move(seconds=25 * 3600)
    with pytest.raises(SlugTaken):
        service_at(world, A).create(asked(CUSTOM), CUSTOM)


def test_a_lost_region_can_have_made_a_second_link() -> None:
    """What is documented: nothing came over before it was lost, so both links are there."""
    world, request = World(), asked(DRAWN)
    first, _ = service_at(world, A).create(request, DRAWN)
    world.regions[A].away = True
    second, _ = service_at(world, B).create(again(request), DRAWN)
    world.write_down()
    world.regions[A].away = False
    world.settle()

    assert all_links(world) == {first.slug, second.slug}


def test_a_replay_needs_no_home() -> None:
    """When the link has come over, the retry is told of it, though its home is gone."""
    world, request = World(), asked(DRAWN)
    first, _ = service_at(world, A).create(request, DRAWN)
    world.settle()
    world.regions[A].away = True

    assert service_at(world, B).create(again(request), DRAWN) == (first, True)


def test_a_claim_that_came_over_is_kept_to() -> None:
    """With its home away it is 503 and no second link; then, or after an evacuation, the first."""
    world, request = World(), asked(DRAWN)
    with pytest.raises(Crash):
        crashing(service_at(world, A), "claim", "after").create(request, DRAWN)
    world.settle()
    world.regions[A].away = True
    with pytest.raises(Unavailable):
        service_at(world, B).create(again(request), DRAWN)
    assert all_links(world) == set()

    world.absences.append(Absence(A, world.clock()))
    world.clock.move(seconds=20)
    link, was_there = service_at(world, B).create(again(request), DRAWN)
    assert (home_of(link.slug, NAMES), was_there) == (A, False)


def test_a_refusal_leaves_the_key_free_everywhere() -> None:
    """A claim that was found in, or put into, another region does not bind a corrected body."""
    world = World()
    service_at(world, A).links.create("w", {**CUSTOM})
    world.settle()
    for number, region in enumerate((A, B, A)):
        request = asked(CUSTOM)
        with pytest.raises(SlugTaken):
            service_at(world, region).create(again(request) if number else request, CUSTOM)
    made, was_there = service_at(world, B).create(again(asked(DRAWN)), DRAWN)

    assert not was_there
    assert service_at(world, A).create(again(asked(DRAWN)), DRAWN) == (made, True)


def test_a_batch_that_goes_on_elsewhere() -> None:
    """Rows that name no slug come out the same there: they are drawn for the first try's region."""
    world, rows = World(), [{"destination": "https://e.test/"} for _ in range(6)]
    request = asked(rows)
    broken = crashing(service_at(world, A), "create", "after")
    with pytest.raises(Crash):
        BatchService(broken.links, broken.claims, workers=1).create("w", rows, request, lambda: 9)
    begun = all_links(world)
    other = service_at(world, B)
    done = BatchService(other.links, other.claims, repeated=other.repeated).create(
        "w", rows, again(request), lambda: 9
    )

    slugs = [one.link.slug for one in done if isinstance(one, MadeLink)]
    assert len(slugs) == 6
    assert len(begun) >= 1
    assert {home_of(slug, NAMES) for slug in slugs} == {A}
    assert set(slugs) == all_links(world) >= begun
