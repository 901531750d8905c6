"""What a change of the table means: told by what stood there before it, and what stands there now.

Each region's stream tells of all writes, of its own and of other regions, in order for each link.
"""

import hashlib
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal, NamedTuple
from urllib.parse import quote

from chalicelib.core.freshness import DEFAULT_BUDGET
from chalicelib.core.links import Link, is_free, state_of
from chalicelib.core.redirects import is_apart
from chalicelib.core.short_paths import APART


# unseen: nothing that visitors are shown    swept: a tombstone whose time was over
What = Literal["made", "edited", "taken_down", "revived", "unseen", "swept"]
# overwritten: one of two writes on the same version is lost    resurrected: a tombstone was
Conflict = Literal["overwritten", "resurrected"]
Purging = Literal["all", "takedowns", "off"]
# What of a link no visitor is shown, by any answer that is kept.
_UNSEEN = ("notes", "tags", "archived", "updated_at", "version", "made_by")
_NEVER_KEPT = frozenset({"made", "unseen", "swept"})  # the edge keeps no refusal for long
MOST_PATHS = 10  # of one invalidation; more of them at once are told as one, which means all


class Version(NamedTuple):
    """A link or tombstone as it stood in the table, and which write put it there."""

    link: Link
    write_id: str


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a stream: `sequence` is its place, `at` when this region had the write."""

    sequence: str
    at: datetime
    key: str
    old: Version | None
    new: Version | None


@dataclass(frozen=True, slots=True)
class Change:
    """What became of the link with this slug key, and what went wrong by it."""

    key: str
    what: What
    now: Version | None
    before: Version | None
    conflict: Conflict | None = None
    at: datetime | None = None


@dataclass(slots=True)
class Purged:
    """Keys that a tier gave no answer about, and those of which it still told the old."""

    failed: set[str] = field(default_factory=set)
    ignored: set[str] = field(default_factory=set)

    def add(self, other: "Purged") -> None:
        """Have the keys of the other too."""
        self.failed |= other.failed
        self.ignored |= other.ignored


# Has one tier forget these links; never raises. `unsure` are the keys that a tier below it may
# still tell the old of.
Purge = Callable[[Sequence[Change], frozenset[str]], Purged]


def change_of(record: Record, now: datetime) -> Change | None:
    """What a record tells; None when it is of no change."""
    old, new = record.old, record.new
    if (old and old.write_id) == (new and new.write_id):
        return None
    what = _what(old and old.link, new and new.link, now)
    return Change(record.key, what, new, old, _conflict(old, new), record.at)


def _what(old: Link | None, new: Link | None, now: datetime) -> What:
    if new is None:
        return "swept" if old is None or old.deleted_at else "taken_down"
    if old is None or old.deleted_at:
        return "unseen" if new.deleted_at else "made"
    was_shown, is_shown = _is_shown(old, now), _is_shown(new, now)
    if was_shown != is_shown:
        return "revived" if is_shown else "taken_down"
    return "unseen" if _as_seen(old) == _as_seen(new) else "edited"


def _is_shown(link: Link, now: datetime) -> bool:
    return link.deleted_at is None and state_of(link, now) == "active"


def _as_seen(link: Link) -> Link:
    empty = Link(workspace="", slug="", destination="", created_at=link.created_at,
                 updated_at=link.created_at)  # fmt: skip
    return replace(link, **{name: getattr(empty, name) for name in _UNSEEN})


def _conflict(old: Version | None, new: Version | None) -> Conflict | None:
    if old is None or new is None:
        return None
    if old.link.deleted_at and not new.link.deleted_at:
        return None if is_free(old.link, new.link.updated_at) else "resurrected"
    return "overwritten" if new.link.version <= old.link.version else None


def restore(change: Change, now: datetime) -> Link | None:
    """The tombstone as the next version of what came in its place; None when nothing did."""
    if change.conflict != "resurrected" or change.before is None or change.now is None:
        return None
    version = change.now.link.version + 1
    return replace(change.before.link, version=version, updated_at=now)


def is_past(change: Change, now: datetime, budget: int = DEFAULT_BUDGET) -> bool:
    """Whether every cache has forgotten by itself what was before the change."""
    return change.at is not None and now - change.at > timedelta(seconds=budget + 1)


def newest_of(changes: Iterable[Change]) -> list[Change]:
    """Of each link one change: from its first state to its last, and the gravest that happened."""
    kept: dict[str, Change] = {}
    for change in changes:
        before = kept.pop(change.key, None)  # in the order of their last
        what = change.what if before is None else max(before.what, change.what, key=_GRAVITY.index)
        first = change.before if before is None else before.before
        kept[change.key] = replace(change, what=what, before=first)
    return list(kept.values())


_GRAVITY: Sequence[What] = ("swept", "unseen", "made", "revived", "edited", "taken_down")


def edge_paths(changes: Sequence[Change], purging: Purging) -> list[str]:
    """The paths that the edge is to forget, each of which costs; [] when there are none.

    A link that is taken down is forgotten with every query; of others the address without one,
    and where the link leads by rules the one of its own. Queries are left to the budget: only so
    many paths with a `*` may be under way at a time.
    """
    paths = [path for one in changes if _is_told(one, purging) for path in _paths(one)]
    return ["/*"] if len(paths) > MOST_PATHS else paths


def _is_told(change: Change, purging: Purging) -> bool:
    if purging == "takedowns":
        return change.what == "taken_down"
    return purging == "all" and change.what not in _NEVER_KEPT


def _paths(change: Change) -> list[str]:
    path = f"/{quote(change.key, safe='')}"
    if change.what == "taken_down":
        return [f"{path}*"]
    links = [it.link for it in (change.before, change.now) if it]
    apart = any(is_apart(link, link.updated_at, DEFAULT_BUDGET) for link in links)
    return [path, path + APART] if apart else [path]


def reference_of(changes: Iterable[Change], paths: Iterable[str], said: Collection[str]) -> str:
    """What an invalidation is known by: the same for the same changes, so that none is paid twice.

    `said` is what else tells two of them apart.
    """
    ids = [it.now.write_id if it.now else f"gone {it.key}" for it in changes]
    text = "\n".join([*sorted(ids), *paths, *sorted(said)])
    return f"everhop-{hashlib.sha256(text.encode()).hexdigest()[:40]}"
