"""Links in this process's memory: `chalice local` by itself, and tests. Gone when it ends."""

from dataclasses import replace
from datetime import datetime
from operator import itemgetter
from threading import Lock

from chalicelib.core.errors import Stale
from chalicelib.core.idempotency import Claim, released_at
from chalicelib.core.links import Link, is_free, matches, state_of, taken_by
from chalicelib.service.ports import ListQuery, Page, page_end
from chalicelib.store.keys import list_sort


class LinkMemory:
    """The `LinkStore` over a dict; it keeps every promise but durability."""

    def __init__(self) -> None:
        self._links: dict[str, Link] = {}
        self._lock = Lock()

    def get(self, key: str, *, consistent: bool = False) -> Link | None:  # noqa: ARG002
        """See LinkStore; memory is always consistent."""
        return self._links.get(key)

    def current(self, key: str) -> Link | None:
        """See LinkStore."""
        return self.get(key, consistent=True)

    def seek(self, key: str) -> Link | None:
        """See LinkStore."""
        return self.get(key, consistent=True)

    def create(self, key: str, link: Link) -> None:
        """See LinkStore."""
        with self._lock:
            there = self._links.get(key)
            if there and not is_free(there, link.updated_at):
                raise taken_by(there, link)
            self._links[key] = link

    def replace(self, key: str, link: Link) -> None:
        """See LinkStore."""
        with self._lock:
            there = self._links.get(key)
            if there is None or there.deleted_at or there.version != link.version - 1:
                raise Stale("This link was changed by someone else.")
            self._links[key] = link

    def page(self, workspace: str, query: ListQuery) -> Page:
        """See LinkStore."""
        with self._lock:
            listed = sorted(
                (
                    (list_sort(key, link), link)
                    for key, link in self._links.items()
                    if link.workspace == workspace
                    and link.archived == query.archived
                    and link.deleted_at is None
                ),
                key=itemgetter(0),
                reverse=not query.oldest_first,
            )
        rest = [pair for pair in listed if _is_after(pair[0], query)]
        seen = rest[: query.scanned if query.filtered else query.limit]
        found = [pair for pair in seen if _is_found(pair[1], query)]
        after = seen[-1][0] if len(seen) < len(rest) else None
        end = page_end((link for _, link in found), query.limit)
        if end < len(found):
            found = found[:end]
            after = found[-1][0]
        return Page(tuple(link for _, link in found), after)


def _is_after(place: str, query: ListQuery) -> bool:
    if query.after is None:
        return True
    return place > query.after if query.oldest_first else place < query.after


def _is_found(link: Link, query: ListQuery) -> bool:
    in_state = query.state is None or state_of(link, query.at) == query.state
    return in_state and matches(link, query.text, query.tag)


class ClaimMemory:
    """The `ClaimStore` over a dict; claims that are over stay until their key comes again."""

    def __init__(self) -> None:
        self._claims: dict[tuple[str, str], Claim] = {}
        self._lock = Lock()

    def find(self, workspace: str, key: str, now: datetime) -> Claim | None:
        """See ClaimStore."""
        claim = self._claims.get((workspace, key))
        return claim if claim and claim.is_live(now) else None

    def claim(self, workspace: str, key: str, claim: Claim) -> Claim | None:
        """See ClaimStore."""
        with self._lock:
            there = self.find(workspace, key, claim.claimed_at)
            if there is None:
                self._claims[workspace, key] = claim
            return there or claim

    def release(self, workspace: str, key: str, claim: Claim, now: datetime) -> None:
        """See ClaimStore."""
        with self._lock:
            there = self._claims.get((workspace, key))
            if there and there.receipt == claim.receipt:
                self._claims[workspace, key] = replace(claim, expires_at=released_at(now))
