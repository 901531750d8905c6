"""Batches: wherever one ends, the same batch and key complete exactly what is missing."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.core.errors import IdempotencyMismatch, Invalid, Unavailable
from chalicelib.core.idempotency import Asked, chance_of, digest_request
from chalicelib.core.links import Link
from chalicelib.core.slugs import draw_slug
from chalicelib.service.batches import BatchService, MadeLink, Outcome
from chalicelib.service.workers import NOT_KNOWN, NOT_TRIED, work_off
from chalicelib.store.memory import ClaimMemory, LinkMemory
from tests.service.test_keyed_links import Drawing, made
from tests.service.test_keyed_links import service as keyed_service
from tests.service.test_links import D, Ticking


ROWS: list[Any] = [
    {"destination": D},
    {"destination": D, "slug": "promo"},
    {"destination": "nonsense:"},
    {"destination": D, "slug": "PROMO"},
    {"destination": D, "title": "T"},
]


def plenty() -> float:
    return 60.0


def asked(rows: list[Any], key: str = "k", workspace: str = "w") -> Asked:
    return Asked(workspace, key, digest_request("POST /v1/links/batch", {"links": rows}, key))


def service(
    store: Any, claims: Any, clock: Any = None, chance: Any = None, workers: int = 1
) -> BatchService:
    links = keyed_service(store, claims, clock, chance).links
    return BatchService(links, claims, workers=workers)


def statuses(outcomes: list[Outcome]) -> list[int]:
    return [201 if isinstance(one, MadeLink) else one.status for one in outcomes]


def links_of(outcomes: list[Outcome]) -> list[Link]:
    return [one.link for one in outcomes if isinstance(one, MadeLink)]


def send(batches: BatchService, rows: list[Any], key: str = "k") -> list[Outcome]:
    return batches.create("w", rows, asked(rows, key), plenty)


def by_slug(links: list[Link]) -> list[Link]:
    return sorted(links, key=lambda link: link.slug)


def test_each_row_is_a_link_or_its_error() -> None:
    """In the order of the rows, and pointing into the batch; the first of two with a slug has it."""
    store = LinkMemory()
    outcomes = send(service(store, ClaimMemory()), ROWS)

    assert statuses(outcomes) == [201, 201, 422, 409, 201]
    assert isinstance(outcomes[2], Invalid)
    assert [one.pointer for one in outcomes[2].problems] == ["/links/2/destination"]
    assert "/links/1" in str(outcomes[3])
    assert by_slug(made(store)) == by_slug(links_of(outcomes))


def test_a_slug_goes_to_the_first_valid_row() -> None:
    """A row that is refused for another field takes no slug from those after it."""
    bad = {"destination": "nonsense:", "slug": "promo"}
    outcomes = send(service(LinkMemory(), ClaimMemory()), [bad, ROWS[1], ROWS[3]])

    assert statuses(outcomes) == [422, 201, 409]


def test_all_bad_fields_of_a_row_at_once() -> None:
    """A row that is no object, and one with three mistakes, say all that is wrong with them."""
    rows = ["text", {"destination": 5, "slug": "a b", "expire_at": None}]
    outcomes = send(service(LinkMemory(), ClaimMemory()), rows)

    pointers = [
        {one.pointer for one in outcome.problems}
        for outcome in outcomes
        if isinstance(outcome, Invalid)
    ]
    assert pointers == [
        {"/links/0"},
        {"/links/1/destination", "/links/1/slug", "/links/1/expire_at"},
    ]


@pytest.mark.parametrize("workers", [1, 8])
def test_the_second_try_is_told_the_same(workers: int) -> None:
    """Also of links that were edited or deleted since; nothing is made, and no slug is drawn anew."""
    store = LinkMemory()
    batches = service(store, ClaimMemory(), workers=workers)
    first = send(batches, ROWS)
    drawn = links_of(first)[0]
    batches.links.edit("w", "promo", {"title": "Edited"})
    batches.links.delete("w", drawn.slug)
    second = send(batches, ROWS)

    assert links_of(second) == links_of(first)
    assert statuses(second) == statuses(first)
    assert all(one.replayed for one in second if isinstance(one, MadeLink))
    assert len(made(store)) == 3


def test_a_key_stands_for_its_batch() -> None:
    """Another batch with the key is refused as a whole, also one that only corrects a row."""
    store, claims = LinkMemory(), ClaimMemory()
    batches = service(store, claims)
    send(batches, ROWS)
    corrected = [*ROWS[:2], {"destination": D}, *ROWS[3:]]
    with pytest.raises(IdempotencyMismatch):
        send(batches, corrected)
    with pytest.raises(IdempotencyMismatch):
        keyed_service(store, claims).create(Asked("w", "k", "x"), {"destination": D})

    assert len(made(store)) == 3


def test_a_batch_that_was_refused_leaves_its_key_free() -> None:
    """Nothing was made under the key, so what is corrected may be sent with it."""
    batches = service(LinkMemory(), ClaimMemory())
    batches.links.create("other", ROWS[1])
    assert statuses(send(batches, ROWS[1:4])) == [409, 422, 409]

    assert statuses(send(batches, [ROWS[0]])) == [201]


def test_a_key_is_free_after_a_day() -> None:
    """After 24 hours the same batch makes new links, where slugs are drawn."""
    store, clock = LinkMemory(), Ticking()
    batches = service(store, ClaimMemory(), clock)
    send(batches, ROWS)
    clock.at += timedelta(hours=24)

    assert statuses(send(batches, ROWS)) == [201, 409, 422, 409, 201]
    assert len(made(store)) == 5


def test_without_a_key_each_batch_is_its_own() -> None:
    """Two batches alike are two sets of links, and no claim is kept for either."""
    store, claims = LinkMemory(), ClaimMemory()
    batches = service(store, claims)
    for _ in range(2):
        outcomes = batches.create("w", [{"destination": D}] * 3, None, plenty)
        assert not any(one.replayed for one in outcomes if isinstance(one, MadeLink))

    assert len(made(store)) == 6
    assert claims._claims == {}


class Dying:
    """A process that ends at one of its calls: from then on nothing of it reaches a store."""

    def __init__(self, at: int, *, after: bool) -> None:
        self.left, self.after = at, after

    def around(self, store: Any) -> Any:
        return _Mortal(store, self)

    def call(self, act: Callable[[], Any]) -> Any:
        self.left -= 1
        if self.left >= 0:
            return act()
        if self.left == -1 and self.after:
            act()
        raise KeyboardInterrupt


class _Mortal:
    def __init__(self, store: Any, process: Dying) -> None:
        self._store, self._process = store, process

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._store, name)
        return lambda *args, **named: self._process.call(lambda: method(*args, **named))


def first_drawn() -> str:
    """The slug that row 0 draws first under the only receipt that Drawing gives."""
    return draw_slug(chance_of(f"{1:032x}/0"), 0)


@pytest.mark.parametrize("collides", [False, True])
@pytest.mark.parametrize("after", [False, True], ids=["undone", "done"])
@pytest.mark.parametrize("step", range(10))
def test_every_crash_point(step: int, *, after: bool, collides: bool) -> None:
    """Wherever the function dies, before or after its call took effect, a retry makes the rest.

    One link a row, and every later try is told the same; a second crash on the way is no matter.
    """
    store, claims, clock, chance = LinkMemory(), ClaimMemory(), Ticking(), Drawing()
    if collides:
        keyed_service(store, claims).links.create(
            "other", {"destination": D, "slug": first_drawn()}
        )
    for at in (step, step // 2):
        process = Dying(at, after=after)
        dying = service(process.around(store), process.around(claims), clock, chance)
        with suppress(KeyboardInterrupt):
            send(dying, ROWS)
    batches = service(store, claims, clock, chance)
    outcomes = send(batches, ROWS)

    assert statuses(outcomes) == [201, 201, 422, 409, 201]
    assert by_slug(made(store)) == by_slug(links_of(outcomes))
    assert links_of(send(batches, ROWS)) == links_of(outcomes)
    assert first_drawn() not in {link.slug for link in links_of(outcomes)} or not collides


def test_the_crash_points_are_real() -> None:
    """Claim and no link; one link of three; three links and no answer."""
    found = []
    for step, after in ((1, True), (2, True), (4, True)):
        store, claims, process = LinkMemory(), ClaimMemory(), Dying(step, after=after)
        with pytest.raises(KeyboardInterrupt):
            send(service(process.around(store), process.around(claims)), ROWS)
        found.append((len(claims._claims), len(made(store))))

    assert found == [(1, 0), (1, 1), (1, 3)]


class Flaky(LinkMemory):
    """A store that fails as it is told, before or after it did what was asked."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__()
        self.faults = faults

    def create(self, key: str, link: Link) -> None:
        fault = self.faults.pop(0) if self.faults else ""
        if fault == "before":
            raise Unavailable("Throttled.")
        super().create(key, link)
        if fault == "after":
            raise Unavailable("The answer was lost.")


row_bodies = st.fixed_dictionaries(
    {"destination": st.sampled_from([D, "nonsense:"])},
    optional={"slug": st.sampled_from(["a", "A", "b", "c"])},
)
faults = st.lists(st.sampled_from(["", "before", "after"]), max_size=30)


@settings(max_examples=200, deadline=None)
@given(st.lists(row_bodies, min_size=1, max_size=8), faults, st.sampled_from([1, 4]))
def test_going_on_until_nothing_is_503(rows: list[Any], planned: list[str], workers: int) -> None:
    """However the table fails, sending the batch again ends with one link for each row that may."""
    calm, stormy = LinkMemory(), Flaky(planned)
    expected = statuses(send(service(calm, ClaimMemory()), rows))
    batches = service(stormy, ClaimMemory(), workers=workers)
    outcomes = send(batches, rows)
    for _ in range(31):
        told = {
            number: one.link for number, one in enumerate(outcomes) if isinstance(one, MadeLink)
        }
        outcomes = send(batches, rows)
        again = {
            number: one.link for number, one in enumerate(outcomes) if isinstance(one, MadeLink)
        }
        assert all(again.get(number, link) == link for number, link in told.items())

    assert statuses(outcomes) == expected
    assert by_slug(made(stormy)) == by_slug(links_of(outcomes))


def test_ten_twins_at_once() -> None:
    """Of ten tries at once each row is made by one, and all are told of the same links."""
    store, claims = LinkMemory(), ClaimMemory()
    batches = service(store, claims, workers=4)
    rows = [{"destination": D}, {"destination": D, "slug": "promo"}] * 10
    told: list[list[Outcome]] = []
    barrier = threading.Barrier(10)

    def run() -> None:
        barrier.wait()
        told.append(send(batches, rows))

    threads = [threading.Thread(target=run) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert {tuple(statuses(one)) for one in told} == {(201, 201) + (201, 409) * 9}
    assert len({tuple(links_of(one)) for one in told}) == 1
    assert by_slug(made(store)) == by_slug(links_of(told[0]))
    news = Counter(
        one.link.slug
        for each in told
        for one in each
        if isinstance(one, MadeLink) and not one.replayed
    )
    assert set(news.values()) == {1}


class Slow(LinkMemory):
    """A store whose every create takes a while."""

    def create(self, key: str, link: Link) -> None:
        time.sleep(0.02)
        super().create(key, link)


def test_time_that_runs_out() -> None:
    """What was not begun is not stored and says so; a retry makes exactly that."""
    store = Slow()
    batches = service(store, ClaimMemory(), workers=2)
    rows = [{"destination": D} for _ in range(60)]
    ends_at = time.monotonic() + 0.15
    outcomes = batches.create("w", rows, asked(rows), lambda: ends_at - time.monotonic())
    untried = [one for one in outcomes if isinstance(one, Unavailable) and str(one) == NOT_TRIED]
    time.sleep(0.5)  # what was under way comes to its end
    begun = len(made(store))
    again = send(batches, rows)

    assert untried
    assert begun == 60 - len(untried)
    assert statuses(again) == [201] * 60
    assert by_slug(made(store)) == by_slug(links_of(again))


def test_no_time_at_all() -> None:
    """A request that comes too late does nothing, and says so of every row."""
    store = LinkMemory()
    outcomes = service(store, ClaimMemory()).create("w", [{"destination": D}], None, lambda: -1.0)

    assert [str(one) for one in outcomes] == [NOT_TRIED]
    assert made(store) == []


def test_work_that_hangs_is_not_waited_for() -> None:
    """The one that hangs is not known, those behind it were not tried, those before it are done."""
    hang, ends_at = threading.Event(), time.monotonic() + 0.1
    acts: list[Callable[[], Any]] = [lambda: 1, lambda: hang.wait(5), lambda: 3]
    outcomes = work_off(acts, lambda: ends_at - time.monotonic(), 1)
    hang.set()

    assert outcomes[0] == 1
    assert [str(one) for one in outcomes[1:]] == [NOT_KNOWN, NOT_TRIED]


def test_a_mistake_of_ours_is_not_swallowed() -> None:
    """What an act raises besides its own errors ends the request, and the acts behind it."""
    done: list[int] = []

    def fail() -> int:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        work_off([fail, *[lambda: done.append(time.sleep(0.01) or 1)] * 50], plenty, 1)

    assert len(done) < 50


def test_slugs_can_not_be_foreseen_without_the_receipt() -> None:
    """A row's slugs are the same at each try, and share nothing with those of other rows."""
    draws = {draw_slug(chance_of(f"receipt/{number}"), 0) for number in range(500)}

    assert len(draws) == 500
    assert draw_slug(chance_of("receipt/7"), 0) in draws
    assert draw_slug(chance_of("other/7"), 0) not in draws
