"""Edits that meet, deletes that meet edits, and searches over many links."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.core.destinations import DestinationPolicy
from chalicelib.core.errors import NotFound, SlugTaken, Stale, Unavailable
from chalicelib.core.links import Link
from chalicelib.core.slugs import SlugPolicy
from chalicelib.service.links import LinkService
from chalicelib.service.ports import SCANNED, ListQuery
from chalicelib.store.memory import LinkMemory
from chalicelib.urls import parse_url


D = "https://example.com/"


class Ticking:
    """A clock that goes on by a second each time it is asked."""

    def __init__(self) -> None:
        self.at = datetime(2026, 11, 23, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.at += timedelta(seconds=1)
        return self.at


class Counting:
    """Chance that never repeats a slug: each draw spells the next number."""

    def __init__(self) -> None:
        self.draws = 0

    def __call__(self, below: int) -> int:
        self.draws += 1
        number, digit = divmod(self.draws - 1, 7)
        return int(number // below**digit) % below


def service(
    store: LinkMemory | None = None, chance: Callable[[int], int] | None = None
) -> LinkService:
    return LinkService(
        store=store or LinkMemory(),
        slugs=SlugPolicy(),
        destinations=DestinationPolicy(),
        parse_url=parse_url,
        clock=Ticking(),
        chance=chance or Counting(),
    )


def test_edits_of_different_fields_are_both_kept() -> None:
    """Ten people who each add something at once all find it there."""
    links = service()
    links.create("w", {"destination": D, "slug": "shared"})
    edits = [{"title": "T"}, {"notes": "N"}, {"disabled": True}, {"tags": ["a"]}, {"status": 308}]
    barrier = threading.Barrier(len(edits))

    def edit(body: dict[str, object]) -> None:
        barrier.wait()
        links.edit("w", "shared", body)

    threads = [threading.Thread(target=edit, args=(body,)) for body in edits]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    link = links.read("w", "shared")

    assert (link.title, link.notes, link.disabled, link.tags, link.status) == (
        "T",
        "N",
        True,
        ("a",),
        308,
    )
    assert link.version == 6


def test_many_edits_at_once_are_all_kept() -> None:
    """Of 40 people who edit one link at the same moment, none is turned away."""
    links = service()
    links.create("w", {"destination": D, "slug": "busy"})
    barrier = threading.Barrier(40)

    def edit(number: int) -> None:
        barrier.wait()
        links.edit("w", "busy", {"title": str(number)})

    threads = [threading.Thread(target=edit, args=(number,)) for number in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert links.read("w", "busy").version == 41


def test_an_edit_that_changes_nothing_is_none() -> None:
    """The version stays, so that nobody else's If-Match fails for it."""
    links = service()
    made = links.create("w", {"destination": D, "slug": "same", "title": "T"})

    assert links.edit("w", "same", {}) == made
    assert links.edit("w", "same", {"title": "T"}) == made


@pytest.mark.parametrize(
    "text", ["münchen", "MÜNCHEN", "straße", "strasse", "mu\u0308nchen", "xn--"]
)
def test_a_search_finds_what_people_type(text: str) -> None:
    """A host in its own script, a decoded path, and every spelling of a letter are found."""
    links = service()
    links.create("w", {"destination": "https://münchen.de/straße/x", "title": "Fu\u0308r"})

    assert len(links.list("w", ListQuery(text=text)).links) == 1
    assert len(links.list("w", ListQuery(text="FÜR")).links) == 1


def test_no_slug_is_too_long_to_ask_for() -> None:
    """Reading what could not be a slug asks the store nothing: DynamoDB has a limit for keys."""
    with pytest.raises(NotFound):
        service().read("w", "x" * 3000)


class DeletedMeanwhile(LinkMemory):
    """A store where someone deletes the link just before the next replace."""

    deleter: Callable[[], None] | None = None

    def replace(self, key: str, link: Link) -> None:
        deleter, self.deleter = self.deleter, None
        if deleter:
            deleter()
        super().replace(key, link)


def test_a_delete_wins_over_an_edit_that_meets_it() -> None:
    """An edit that loses to a delete finds nothing, and the tombstone stays."""
    store = DeletedMeanwhile()
    links = service(store)
    links.create("w", {"destination": D, "slug": "x"})
    store.deleter = lambda: links.delete("w", "x")

    with pytest.raises(NotFound):
        links.edit("w", "x", {"title": "late"})
    found = store.get("x")
    assert found is not None
    assert found.deleted_at


class AlwaysStale(LinkMemory):
    """A store where someone else is always faster."""

    def replace(self, key: str, link: Link) -> None:
        raise Stale("no")


def test_an_edit_gives_up_with_an_answer() -> None:
    """Under endless contention an edit is told to try again, and has changed nothing."""
    links = service(AlwaysStale())
    links.create("w", {"destination": D, "slug": "busy"})

    with pytest.raises(Unavailable):
        links.edit("w", "busy", {"title": "T"})
    with pytest.raises(Stale):
        links.edit("w", "busy", {"title": "T"}, if_versions={7})


class Full(LinkMemory):
    """A store in which every slug is taken."""

    def create(self, key: str, link: Link) -> None:
        raise SlugTaken(key)


def test_no_free_slug_is_an_answer() -> None:
    """When every draw collides the create ends, with 503 and not with someone's slug."""
    with pytest.raises(Unavailable):
        service(Full()).create("w", {"destination": D})


def test_another_workspace_sees_nothing() -> None:
    """Reading, editing and deleting another workspace's link finds nothing there."""
    links = service()
    links.create("mine", {"destination": D, "slug": "x"})

    for act in (
        lambda: links.read("other", "x"),
        lambda: links.edit("other", "x", {}),
        lambda: links.delete("other", "x"),
    ):
        with pytest.raises(NotFound):
            act()
    assert links.list("other", ListQuery()).links == ()


def test_a_search_is_bounded_and_goes_on() -> None:
    """A filtered request looks through so many links, and its cursor goes on from there."""
    store = LinkMemory()
    links = service(store)
    first = links.create("w", {"destination": D, "slug": "needle", "title": "Haystack"})
    for number in range(SCANNED + 50):
        at = first.created_at + timedelta(milliseconds=number + 1)
        store.create(f"s{number}", replace(first, slug=f"s{number}", title=None, created_at=at))

    page = links.list("w", ListQuery(text="HAYSTACK"))
    assert page.links == ()
    assert page.after is not None
    page = links.list("w", ListQuery(text="HAYSTACK", after=page.after))
    assert [link.slug for link in page.links] == ["needle"]
    assert page.after is None


@settings(max_examples=60, deadline=None)
@given(
    titles=st.lists(st.sampled_from(["alpha", "Beta", "100%_", "a.*b", "🔥"]), max_size=25),
    text=st.sampled_from(["", "a", "BETA", "%", ".*", "🔥", "zz"]),
    limit=st.integers(1, 7),
)
def test_paging_finds_what_one_look_would(titles: list[str], text: str, limit: int) -> None:
    """However pages are cut, following the cursors gives every match once and in order."""
    links = service()
    for title in titles:
        links.create("w", {"destination": D, "title": title})
    expected = [title for title in reversed(titles) if text.casefold() in title.casefold()]

    seen: list[str | None] = []
    after = None
    while True:
        page = links.list("w", ListQuery(limit=limit, after=after, text=text))
        seen += [link.title for link in page.links]
        after = page.after
        if after is None:
            break

    if text != "a":  # slugs and the destination have an a too
        assert seen == expected
    else:
        assert len(seen) == len(titles)
