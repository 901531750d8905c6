"""What the use cases need from the world: a store of links, a clock and chance."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from chalicelib.core.links import Link


Clock = Callable[[], datetime]
Chance = Callable[[int], int]  # chance(n) is a secure random number from 0 to n - 1


@dataclass(frozen=True, slots=True)
class Entry:
    """A link in a list, with its position there: lists go on after a position."""

    position: str
    link: Link


class LinkStore(Protocol):
    """Links by slug key. Every method raises Unavailable when the store does not answer."""

    def get(self, key: str, *, consistent: bool = False) -> Link | None:
        """The link or tombstone with this slug key; None when there never was one."""

    def create(self, key: str, link: Link) -> None:
        """Store a new link, once; SlugTaken when the key has a link or a quarantined tombstone."""

    def replace(self, key: str, link: Link) -> None:
        """Store the next version of a link; Stale unless the stored one is the version before."""

    def page(
        self, workspace: str, *, archived: bool, limit: int, after: str | None
    ) -> tuple[Entry, ...]:
        """Up to `limit` links after a position, newest first; fewer only at the end."""
