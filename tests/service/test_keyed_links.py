"""One key, one link: whatever crashes, gets lost, meets or collides on the way."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib.core.destinations import DestinationPolicy
from chalicelib.core.errors import (
    IdempotencyInProgress,
    IdempotencyMismatch,
    Invalid,
    NotFound,
    SlugTaken,
    Unavailable,
)
from chalicelib.core.idempotency import Asked, Claim, digest_request
from chalicelib.core.links import Link
from chalicelib.core.slugs import SlugPolicy
from chalicelib.service.keyed_links import KeyedLinkService
from chalicelib.service.links import LinkService
from chalicelib.service.ports import LinkStore
from chalicelib.store.memory import ClaimMemory, LinkMemory
from chalicelib.urls import parse_url
from tests.service.test_links import Counting, D, Ticking


DRAWN: dict[str, Any] = {"destination": D}
CUSTOM: dict[str, Any] = {"destination": D, "slug": "Promo"}
FIRST_DRAWN = "2222222"  # what Counting draws first


def asked(body: object, key: str = "k", workspace: str = "w") -> Asked:
    return Asked(workspace, key, digest_request("POST /v1/links", body, key))


def service(
    store: LinkStore,
    claims: Any,
    clock: Callable[[], datetime] | None = None,
    chance: Callable[[int], int] | None = None,
) -> KeyedLinkService:
    links = LinkService(
        store=store,
        slugs=SlugPolicy(),
        destinations=DestinationPolicy(),
        parse_url=parse_url,
        clock=clock or Ticking(),
        chance=chance or Drawing(),
    )
    return KeyedLinkService(links, claims)


class Drawing(Counting):
    """Counting for slugs; receipts are apart, so that drawn slugs stay in step."""

    def __init__(self) -> None:
        super().__init__()
        self.receipts = 0

    def __call__(self, below: int) -> int:
        if below < 1000:
            return super().__call__(below)
        self.receipts += 1
        return self.receipts


def made(store: LinkMemory, workspace: str = "w") -> list[Link]:
    return [link for link in store._links.values() if link.workspace == workspace]


@pytest.mark.parametrize("body", [DRAWN, CUSTOM])
def test_the_second_try_is_told_the_first_link(body: dict[str, Any]) -> None:
    """A try after the link was made changes nothing and says what the first one said."""
    store = LinkMemory()
    keyed = service(store, ClaimMemory())
    first, was_there = keyed.create(asked(body), body)
    second, is_replay = keyed.create(asked(body), body)

    assert (was_there, is_replay) == (False, True)
    assert second == first
    assert made(store) == [first]


def test_a_link_that_went_on_living() -> None:
    """After an edit, and after a delete, a try is still told of the link as it was made."""
    store = LinkMemory()
    keyed = service(store, ClaimMemory())
    first, _ = keyed.create(asked(DRAWN), DRAWN)
    keyed.links.edit("w", first.slug, {"destination": "https://elsewhere.example/"})
    assert keyed.create(asked(DRAWN), DRAWN) == (first, True)
    keyed.links.delete("w", first.slug)
    assert keyed.create(asked(DRAWN), DRAWN) == (first, True)

    with pytest.raises(NotFound):
        keyed.links.read("w", first.slug)
    assert len(made(store)) == 1


def test_another_body_is_a_mismatch() -> None:
    """A key that made a link stands for that request, and makes no other."""
    store = LinkMemory()
    keyed = service(store, ClaimMemory())
    keyed.create(asked(DRAWN), DRAWN)
    with pytest.raises(IdempotencyMismatch):
        keyed.create(asked(CUSTOM), CUSTOM)

    assert len(made(store)) == 1


def test_keys_are_a_workspaces_own() -> None:
    """The same key in two workspaces makes two links, one each."""
    store = LinkMemory()
    keyed = service(store, ClaimMemory())
    mine, _ = keyed.create(asked(DRAWN), DRAWN)
    theirs, replayed = keyed.create(asked(DRAWN, workspace="other"), DRAWN)

    assert mine.slug != theirs.slug
    assert not replayed
    assert [len(made(store)), len(made(store, "other"))] == [1, 1]


def test_a_key_is_free_after_a_day() -> None:
    """After 24 hours the same key and body make another link; a taken slug is then taken."""
    store, clock = LinkMemory(), Ticking()
    keyed = service(store, ClaimMemory(), clock)
    first, _ = keyed.create(asked(DRAWN), DRAWN)
    keyed.create(asked(CUSTOM, "c"), CUSTOM)
    clock.at += timedelta(hours=24)
    second, replayed = keyed.create(asked(DRAWN), DRAWN)

    assert not replayed
    assert second.slug != first.slug
    with pytest.raises(SlugTaken):
        keyed.create(asked(CUSTOM, "c"), CUSTOM)


@pytest.mark.parametrize("refused", [{"destination": "nonsense:"}, {**DRAWN, "status": 303}])
def test_a_refused_body_leaves_the_key_free(refused: dict[str, Any]) -> None:
    """Who corrects a field may send it with the same key."""
    keyed = service(LinkMemory(), ClaimMemory())
    with pytest.raises(Invalid):
        keyed.create(asked(refused), refused)

    assert keyed.create(asked(DRAWN), DRAWN)[1] is False


def test_a_taken_slug_leaves_the_key_free() -> None:
    """Who chooses another slug may send it with the same key; and 409 is judged afresh."""
    store = LinkMemory()
    keyed = service(store, ClaimMemory())
    keyed.links.create("other", CUSTOM)
    for _ in range(2):
        with pytest.raises(SlugTaken):
            keyed.create(asked(CUSTOM), CUSTOM)
    body = {**CUSTOM, "slug": "free"}

    assert keyed.create(asked(body), body)[0].slug == "free"
    assert [link.slug for link in made(store)] == ["free"]


def test_ones_own_link_of_before_is_taken() -> None:
    """A slug that an unkeyed create took is taken for a keyed one: no receipt, no replay."""
    keyed = service(LinkMemory(), ClaimMemory())
    keyed.links.create("w", CUSTOM)

    with pytest.raises(SlugTaken):
        keyed.create(asked(CUSTOM), CUSTOM)


def test_dates_are_judged_as_of_the_first_try() -> None:
    """A link that has ended meanwhile is still the answer, not a fault of the field."""
    clock = Ticking()
    keyed = service(LinkMemory(), ClaimMemory(), clock)
    body = {**DRAWN, "expires_at": (clock.at + timedelta(minutes=1)).isoformat()}
    first, _ = keyed.create(asked(body), body)
    clock.at += timedelta(hours=1)

    assert keyed.create(asked(body), body) == (first, True)


def test_drawn_slugs_that_collide() -> None:
    """A drawn slug that another has is drawn again, in the claim too."""
    store, claims = LinkMemory(), ClaimMemory()
    keyed = service(store, claims)
    keyed.links.create("other", {"destination": D, "slug": FIRST_DRAWN})
    first, _ = keyed.create(asked(DRAWN), DRAWN)

    assert first.slug != FIRST_DRAWN
    assert keyed.create(asked(DRAWN), DRAWN) == (first, True)
    assert made(store) == [first]


class Fault:
    """The step at which something goes wrong, counted over all calls to both stores."""

    def __init__(self, at: int, error: Exception, *, after: bool) -> None:
        self.left, self.error, self.after = at, error, after

    def call(self, act: Callable[[], Any]) -> Any:
        self.left -= 1
        if self.left == -1 and not self.after:
            raise self.error
        try:
            return act()
        finally:
            if self.left == -1 and self.after:
                raise self.error

    def around(self, store: Any) -> Any:
        return Faulty(store, self)


class Faulty:
    """A store whose calls go through a fault."""

    def __init__(self, store: Any, fault: Fault) -> None:
        self._store, self._fault = store, fault

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._store, name)
        return lambda *args, **named: self._fault.call(lambda: method(*args, **named))


@pytest.mark.parametrize("error", [Unavailable("away"), KeyboardInterrupt()], ids=["503", "crash"])
@pytest.mark.parametrize("after", [False, True], ids=["undone", "done"])
@pytest.mark.parametrize("step", range(9))
@pytest.mark.parametrize("kind", ["drawn", "custom", "collides"])
def test_every_crash_point(kind: str, step: int, *, after: bool, error: Any) -> None:
    """Wherever a try ends, before or after its call took effect, the next one completes it.

    One link, and each later try is told the same of it. A second fault in the retry is no matter.
    """
    store, claims, clock, chance = LinkMemory(), ClaimMemory(), Ticking(), Drawing()
    body = CUSTOM if kind == "custom" else DRAWN
    if kind == "collides":
        service(store, claims).links.create("other", {"destination": D, "slug": FIRST_DRAWN})
    for at in (step, step // 2):
        fault = Fault(at, error, after=after)
        faulty = service(fault.around(store), fault.around(claims), clock, chance)
        try:
            faulty.create(asked(body), body)
        except type(error):
            pass
    keyed = service(store, claims, clock, chance)
    link, _ = keyed.create(asked(body), body)

    assert made(store) == [link]
    assert keyed.create(asked(body), body) == (link, True)


def test_the_fault_strikes_where_it_should() -> None:
    """The crash points are real: claim stored without a link, link stored without an answer."""
    outcomes = []
    for step, after in ((1, False), (1, True), (2, False), (2, True)):
        store, claims = LinkMemory(), ClaimMemory()
        fault = Fault(step, Unavailable("away"), after=after)
        with pytest.raises(Unavailable):
            service(fault.around(store), fault.around(claims)).create(asked(DRAWN), DRAWN)
        outcomes.append((len(claims._claims), len(made(store))))

    assert outcomes == [(0, 0), (1, 0), (1, 0), (1, 1)]


@pytest.mark.parametrize("body", [DRAWN, CUSTOM])
@pytest.mark.parametrize("collides", [False, True])
def test_twenty_at_once(body: dict[str, Any], *, collides: bool) -> None:
    """Of 20 tries at once one makes the link, and all are told the same."""
    store = LinkMemory()
    keyed = service(store, ClaimMemory())
    if collides:
        keyed.links.create("other", {"destination": D, "slug": FIRST_DRAWN})
    told: list[tuple[Link, bool]] = []
    barrier = threading.Barrier(20)

    def create() -> None:
        barrier.wait()
        told.append(keyed.create(asked(body), body))

    threads = [threading.Thread(target=create) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(told) == 20
    assert [link for link, _ in told] == made(store) * 20
    assert [replayed for _, replayed in told].count(False) == 1


class OvertakenClaims(ClaimMemory):
    """Someone else's claim stands in the way of each of ours and is gone when it is read."""

    def claim(self, workspace: str, key: str, claim: Claim) -> Claim | None:
        return None


def test_a_key_that_others_keep_busy() -> None:
    """Who can't take part is told to send it again, and has made nothing."""
    store = LinkMemory()
    with pytest.raises(IdempotencyInProgress):
        service(store, OvertakenClaims()).create(asked(DRAWN), DRAWN)

    assert made(store) == []


class SlowTwin(LinkMemory):
    """A store in which a twin with the same key overtakes the first create."""

    twin: Callable[[], None] | None = None

    def create(self, key: str, link: Link) -> None:
        twin, self.twin = self.twin, None
        if twin:
            twin()
        super().create(key, link)


def test_a_twin_that_overtakes() -> None:
    """The slow one of two finds the link that the fast one made, also after a colliding draw."""
    store, claims = SlowTwin(), ClaimMemory()
    keyed = service(store, claims)
    keyed.links.create("other", {"destination": D, "slug": FIRST_DRAWN})
    told: list[tuple[Link, bool]] = []
    store.twin = lambda: told.append(keyed.create(asked(DRAWN), DRAWN))
    told.append(keyed.create(asked(DRAWN), DRAWN))

    assert [replayed for _, replayed in told] == [False, True]
    assert [link for link, _ in told] == made(store) * 2


def test_nothing_of_the_body_stays_in_the_claim() -> None:
    """A claim outlives a deleted link by hours: it holds a slug and digests, no destination."""
    claims = ClaimMemory()
    body = {**CUSTOM, "title": "Private title"}
    service(LinkMemory(), claims).create(asked(body), body)
    (claim,) = claims._claims.values()

    assert claim.plan == "Promo"
    assert "example.com" not in repr(claim)
    assert "Private" not in repr(claim)
