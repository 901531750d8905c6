"""What a region does about changes of links: caches forget, from the table upwards; conflicts show.

Upwards, as a cache that forgets before the one below it is filled again with what is old. All of it
can be done again for the same change, and ends the same.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from chalicelib.core.changes import (
    Change,
    Purge,
    Purged,
    Record,
    change_of,
    is_past,
    newest_of,
    restore,
)
from chalicelib.core.errors import Stale, Unavailable
from chalicelib.service.ports import Clock, LinkStore


@dataclass(frozen=True, slots=True)
class Done:
    """What became of a batch: what it told, and of which keys it has to be told again."""

    changes: tuple[Change, ...] = ()
    purged: Purged = field(default_factory=Purged)
    unrestored: frozenset[str] = frozenset()

    @property
    def failed(self) -> frozenset[str]:
        """The keys whose records must come again."""
        return frozenset(self.purged.failed) | self.unrestored

    @property
    def conflicts(self) -> tuple[Change, ...]:
        """The changes by which something was lost."""
        return tuple(it for it in self.changes if it.conflict)


@dataclass(frozen=True, slots=True)
class ChangeService:
    """The handler of one region; `tiers` are asked in their order, the lowest first."""

    store: LinkStore
    tiers: Mapping[str, Purge]
    clock: Clock

    def handle(self, records: Sequence[Record]) -> Done:
        """Do what these records ask for; those of one key are in their order."""
        now = self.clock()
        changes = tuple(it for one in records if (it := change_of(one, now)))
        unrestored = {it.key for it in changes if it.conflict and not self._restore(it, now)}
        due = [it for it in newest_of(changes) if it.what != "swept" and not is_past(it, now)]
        return Done(changes, self._purge(due), frozenset(unrestored))

    def _purge(self, due: Sequence[Change]) -> Purged:
        told = Purged()
        for purge in self.tiers.values():
            # A tier above one that failed forgets all the same: it may be asked by somebody who
            # goes past the other. It is asked once more when the record comes again.
            told.add(purge(due, frozenset(told.failed | told.ignored)))
        return told

    def _restore(self, change: Change, now: datetime) -> bool:
        """Put a tombstone back that something came in place of; whether that needs no more."""
        tombstone = restore(change, now)
        if tombstone is None:
            return True
        try:
            # Whoever did it before us, or has made something of it since, keeps theirs.
            with suppress(Stale):
                self.store.replace(change.key, tombstone)
        except Unavailable:
            return False
        return True


def describe_done(done: Done, now: datetime) -> dict[str, Any]:
    """What a batch's line in the log says of it, without who or what the links are."""
    late = [now - it.at for it in done.changes if it.at]
    return {
        "Changes": len(done.changes),
        "Conflicts": len(done.conflicts),
        "PurgesFailed": len(done.failed),
        "PurgesIgnored": len(done.purged.ignored),
        "PurgeDelay": round(max(it.total_seconds() for it in late) * 1000) if late else 0,
    }
