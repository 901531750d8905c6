"""Links as visitors use them: follow, and look before following."""

from dataclasses import dataclass

from chalicelib.core.destinations import DestinationPolicy
from chalicelib.core.links import Link
from chalicelib.core.locks import Hold
from chalicelib.core.redirects import Redirect, Refusal, follow, refuse
from chalicelib.core.slugs import SlugPolicy, can_be_slug, slug_key
from chalicelib.service.locks import LockService
from chalicelib.service.ports import Clock, LinkStore


@dataclass(frozen=True, slots=True)
class RedirectService:
    """The use cases of visitors, for one deployment's policies."""

    store: LinkStore
    slugs: SlugPolicy
    destinations: DestinationPolicy
    clock: Clock
    locks: LockService

    def follow(
        self, slug: str | None, visitor_query: str, *, is_click: bool = True
    ) -> Redirect | Refusal | Hold:
        """Where this slug leads now; `slug` is decoded, and None when it could not be."""
        link, outcome = self._follow(slug, visitor_query)
        if link is None or isinstance(outcome, Refusal):
            return outcome
        return self.locks.pass_on(link, outcome, is_click=is_click)

    def unlock(
        self, slug: str | None, visitor_query: str, password: str, address: str
    ) -> Redirect | Refusal | Hold:
        """Where this slug leads the visitor at `address` who has this password."""
        link, outcome = self._follow(slug, visitor_query)
        if link is None or isinstance(outcome, Refusal):
            return outcome
        return self.locks.unlock(link, outcome, password, address)

    def preview(self, slug: str | None) -> Link | Refusal | Hold:
        """The link for a visitor who looks first; refused just as following it would be."""
        link = self._find(slug)
        refusal = refuse(link, self.destinations, self.clock())
        if refusal or link is None:
            return refusal or Refusal("unknown")
        return self.locks.look(link) or link

    def _follow(
        self, slug: str | None, visitor_query: str
    ) -> tuple[Link | None, Redirect | Refusal]:
        link = self._find(slug)
        return link, follow(link, visitor_query, self.destinations, self.clock())

    def _find(self, slug: str | None) -> Link | None:
        if slug is None or not can_be_slug(slug, self.slugs):
            return None
        key = slug_key(slug, self.slugs)
        # A miss is never trusted from a cache or a lagging read: the table itself is asked.
        return self.store.get(key) or self.store.get(key, consistent=True)
