"""Links in this process's memory: `chalice local` by itself, and tests. Gone when it ends."""

from operator import itemgetter
from threading import Lock

from chalicelib.core.errors import Stale
from chalicelib.core.links import Link, is_free, matches, taken_by
from chalicelib.service.ports import SCANNED, ListQuery, Page
from chalicelib.store.keys import list_sort


class LinkMemory:
    """The `LinkStore` over a dict; it keeps every promise but durability."""

    def __init__(self) -> None:
        self._links: dict[str, Link] = {}
        self._lock = Lock()

    def get(self, key: str, *, consistent: bool = False) -> Link | None:  # noqa: ARG002
        """See LinkStore; memory is always consistent."""
        return self._links.get(key)

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
                reverse=True,
            )
        rest = [pair for pair in listed if query.after is None or pair[0] < query.after]
        seen = rest[: SCANNED if query.filtered else query.limit]
        found = [pair for pair in seen if matches(pair[1], query.text, query.tag)]
        after = seen[-1][0] if len(seen) < len(rest) else None
        if len(found) > query.limit:
            found = found[: query.limit]
            after = found[-1][0]
        return Page(tuple(link for _, link in found), after)
