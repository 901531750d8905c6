"""Links as visitors use them: follow, and look before following."""

from typing import NamedTuple

from chalicelib.core.destinations import DestinationPolicy
from chalicelib.core.links import Link
from chalicelib.core.redirects import Redirect, Refusal, follow, refuse
from chalicelib.core.slugs import SlugPolicy, can_be_slug, slug_key
from chalicelib.service.ports import Clock, LinkStore


class RedirectService(NamedTuple):
    """The use cases of visitors, for one deployment's policies."""

    store: LinkStore
    slugs: SlugPolicy
    destinations: DestinationPolicy
    clock: Clock

    def follow(self, slug: str | None, visitor_query: str) -> Redirect | Refusal:
        """Where this slug leads now; `slug` is decoded, and None when it could not be."""
        return follow(self._find(slug), visitor_query, self.destinations, self.clock())

    def preview(self, slug: str | None) -> Link | Refusal:
        """The link for a visitor who looks first; refused just as following it would be."""
        link = self._find(slug)
        refusal = refuse(link, self.destinations, self.clock())
        return refusal or link or Refusal("unknown")

    def _find(self, slug: str | None) -> Link | None:
        if slug is None or not can_be_slug(slug, self.slugs):
            return None
        key = slug_key(slug, self.slugs)
        # A miss is never trusted from a cache or a lagging read: the table itself is asked.
        return self.store.get(key) or self.store.get(key, consistent=True)
