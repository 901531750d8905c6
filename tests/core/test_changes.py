"""What a stream's record comes to: which caches must forget, what was lost, what it costs."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.core.changes import (
    MOST_PATHS,
    Change,
    Purging,
    Record,
    Version,
    change_of,
    edge_paths,
    is_past,
    newest_of,
    reference_of,
    restore,
)
from chalicelib.core.links import QUARANTINE, Link, bury_link, edit_link


NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
LINK = Link(
    workspace="w", slug="Promo", destination="https://a.test/", created_at=NOW, updated_at=NOW
)
MOVED = edit_link(LINK, {"destination": "https://b.test/"}, NOW)
OFF = edit_link(LINK, {"disabled": True}, NOW)
GONE = bury_link(LINK, NOW)
LATER = NOW + QUARANTINE + timedelta(days=1)


def change(old: Link | None, new: Link | None, at: datetime = NOW, key: str = "promo") -> Change:
    """The change by two writes with ids of their own."""
    versions = [it and Version(it, name) for name, it in (("before", old), ("after", new))]
    found = change_of(Record("1", at, key, *versions), at)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        (None, LINK, "made"),
        (LINK, MOVED, "edited"),
        (LINK, edit_link(LINK, {"title": "T"}, NOW), "edited"),
        (LINK, edit_link(LINK, {"tags": ("a",), "notes": "n"}, NOW), "unseen"),
        (LINK, edit_link(LINK, {"archived": True}, NOW), "unseen"),
        (LINK, OFF, "taken_down"),
        (LINK, edit_link(LINK, {"expires_at": NOW}, NOW), "taken_down"),
        (LINK, GONE, "taken_down"),
        (LINK, None, "taken_down"),
        (OFF, edit_link(OFF, {"disabled": False}, NOW), "revived"),
        (OFF, bury_link(OFF, NOW), "edited"),
        (GONE, None, "swept"),
    ],
    ids=["made", "moved", "titled", "tagged", "archived", "disabled", "ended", "deleted",
         "removed", "enabled", "deleted when off", "swept"],
)  # fmt: skip
def test_what_becomes_of_a_link(old: Link | None, new: Link | None, what: str) -> None:
    """As visitors see it, to whom its notes are nothing; even a refusal has its own page."""
    found = change(old, new)

    assert (found.what, found.conflict) == (what, None)


def test_a_record_of_no_change_is_none() -> None:
    """The same write told again is nothing, whatever else the record says."""
    same = Version(LINK, "one")

    assert change_of(Record("1", NOW, "promo", same, same), NOW) is None
    assert change_of(Record("1", NOW, "promo", None, None), NOW) is None


def test_conflicts_show() -> None:
    """Two writes of the same version, a tombstone undone; but no slug that is free again."""
    other = replace(MOVED, destination="https://c.test/")
    again = replace(LINK, created_at=LATER, updated_at=LATER)

    assert change(MOVED, other).conflict == "overwritten"
    assert change(MOVED, GONE).conflict == "overwritten"
    assert change(GONE, MOVED).conflict == "resurrected"
    assert (change(GONE, again, LATER).what, change(GONE, again, LATER).conflict) == ("made", None)


def test_a_tombstone_comes_back_as_it_was() -> None:
    """One version on, so that the table takes it; its quarantine neither begins anew nor ends."""
    late = NOW + timedelta(minutes=5)
    found = restore(change(GONE, replace(MOVED, version=7)), late)

    assert found is not None
    assert (found.version, found.updated_at, found.deleted_at) == (8, late, GONE.deleted_at)
    assert restore(change(LINK, MOVED), late) is None


def test_many_changes_of_a_link_are_one() -> None:
    """The last state and the gravest of it all; links in the order of their last change."""
    changes = [change(None, LINK), change(None, LINK, key="b"), change(LINK, OFF),
               change(OFF, edit_link(OFF, {"notes": "n"}, NOW))]  # fmt: skip
    found = newest_of(changes)

    assert [(it.key, it.what) for it in found] == [("b", "made"), ("promo", "taken_down")]
    assert (found[1].before, found[1].now) == (None, changes[-1].now)


RULED = replace(MOVED, max_clicks=5)


@pytest.mark.parametrize(
    ("purging", "paths"),
    [
        ("all", ["/moved", "/off*", "/ruled", "/ruled~", "/%C3%BC"]),
        ("takedowns", ["/off*"]),
        ("off", []),
    ],
)
def test_what_the_edge_is_told(purging: Purging, paths: list[str]) -> None:
    """A path for each link, of a takedown its queries too; nothing for what it does not keep."""
    changes = [
        change(LINK, MOVED, key="moved"),
        change(LINK, OFF, key="off"),
        change(LINK, RULED, key="ruled"),
        change(LINK, MOVED, key="ü"),
        change(None, LINK, key="made"),
        change(LINK, edit_link(LINK, {"notes": "n"}, NOW), key="noted"),
    ]

    assert edge_paths(changes, purging) == paths


def test_too_many_paths_are_one() -> None:
    """Each is paid: a bulk edit costs one path, and not hundreds."""
    some = [change(LINK, MOVED, key=f"s{number}") for number in range(MOST_PATHS + 1)]

    assert len(edge_paths(some[:-1], "all")) == MOST_PATHS
    assert edge_paths(some, "all") == ["/*"]


def test_a_reference_is_that_of_its_changes() -> None:
    """The same for the same, in whatever order; another region or another write is another."""
    one, two = change(LINK, MOVED), change(LINK, OFF, key="b")
    said: Any = {"us-east-1"}
    first = reference_of([one, two], ["/a"], said)

    assert first == reference_of([two, one], ["/a"], said)
    others = [reference_of([one], ["/a"], said), reference_of([one, two], ["/b"], said),
              reference_of([one, two], ["/a"], {"eu-west-1"})]  # fmt: skip
    assert len({first, *others}) == 4
    assert len(first) <= 128


def test_what_caches_forget_by_themselves() -> None:
    """A record that comes after the budget is no matter of caches any more."""
    found = change(LINK, MOVED)

    assert not is_past(found, NOW + timedelta(seconds=60))
    assert is_past(found, NOW + timedelta(seconds=62))
