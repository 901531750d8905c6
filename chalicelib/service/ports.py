"""What the use cases need from the world: stores of what is kept, a clock and chance."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple, Protocol

from chalicelib.core.links import Link, State


if TYPE_CHECKING:  # what no redirect needs, no cold start loads
    from chalicelib.core.idempotency import Claim
    from chalicelib.core.keys import ApiKey


Clock = Callable[[], datetime]
Chance = Callable[[int], int]  # chance(n) is a secure random number from 0 to n - 1
END_OF_TIME = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ListQuery:
    """Which of a workspace's links to list, newest first unless told otherwise.

    `after` is the position to go on from; `text` is case-folded and literal; `state` is as of `at`.
    """

    limit: int = 50
    after: str | None = None
    text: str = ""
    tag: str | None = None
    archived: bool = False
    oldest_first: bool = False
    state: State | None = None
    at: datetime = END_OF_TIME  # the use case says when

    @property
    def filtered(self) -> bool:
        """Whether links are looked through, and not just counted off."""
        return bool(self.text) or self.tag is not None or self.state is not None


class Page(NamedTuple):
    """Some links of a list, and the position to go on from when there may be more."""

    links: tuple[Link, ...]
    after: str | None


# Links that one filtered request looks through before it hands back a position to go on from.
SCANNED = 1000


# Of rules that one page of a list answers with: Lambda's own limit for an answer is 6 MB.
PAGE_RULES = 1024 * 1024


def page_end(links: Iterable[Link], limit: int) -> int:
    """How many of these links fit into a page: `limit`, or fewer when their rules are long."""
    room, count = PAGE_RULES, 0
    for link in islice(links, limit):
        room -= len(link.rules.text)
        if room < 0 and count:
            break
        count += 1
    return count


class LinkStore(Protocol):
    """Links by slug key. Every method raises Unavailable when the store does not answer."""

    def get(self, key: str, *, consistent: bool = False) -> Link | None:
        """The link or tombstone with this slug key; None when there never was one."""

    def create(self, key: str, link: Link) -> None:
        """Store a new link, once; SlugTaken when the key has a link or a quarantined tombstone."""

    def replace(self, key: str, link: Link) -> None:
        """Store the next version of a link; Stale unless the stored one is the version before."""

    def page(self, workspace: str, query: ListQuery) -> Page:
        """Up to `limit` links that the query finds among the next SCANNED; may be none."""


class ClaimStore(Protocol):
    """What idempotency keys stand for. Every method raises Unavailable as a LinkStore does."""

    def find(self, workspace: str, key: str, now: datetime) -> Claim | None:
        """The live claim of a workspace's key, read so that no write before it is missed."""

    def claim(self, workspace: str, key: str, claim: Claim) -> Claim | None:
        """Store the claim unless the key has a live one; the one that it has then.

        None when that can't be told: the one that stood in the way is gone by now.
        """

    def release(self, workspace: str, key: str, claim: Claim, now: datetime) -> None:
        """Let the key stand for nothing, if it still has this claim."""


class KeyPage(NamedTuple):
    """Some keys of a workspace, newest first, and whether there may be more after them."""

    keys: tuple[ApiKey, ...]
    more: bool


class KeyStore(Protocol):
    """API keys by id. Every method raises Unavailable when the store does not answer."""

    def get(self, key_id: str) -> ApiKey | None:
        """The key as it is now, without the day it was last used; None when there is none."""

    def create(self, key: ApiKey) -> None:
        """Store a new key, once; KeyConflict when its id is another's."""

    def replace(self, key: ApiKey) -> None:
        """Store the next version of a key; Stale unless the stored one is the version before."""

    def page(self, workspace: str, limit: int, after: ApiKey | None) -> KeyPage:
        """Up to `limit` keys of the workspace that are older than `after`."""

    def note_use(self, key: ApiKey, day: date) -> None:
        """Keep the day a key was used on; not written again when it is kept already."""


class CounterStore(Protocol):
    """Numbers that only grow, by name. Every method raises Unavailable as a LinkStore does.

    Whether a repeated call after a lost answer counts twice can't be told: a counter may be high,
    it is never low.
    """

    def add(
        self, name: str, amount: int, *, until: datetime | None = None, most: int | None = None
    ) -> int | None:
        """Add to a counter that begins at 0; the new total.

        None, and nothing is added, when that would exceed `most`. After `until` the counter may be
        swept away; a name is not used beyond it.
        """

    def read(self, name: str) -> int:
        """The total that was current within the last second or so."""
