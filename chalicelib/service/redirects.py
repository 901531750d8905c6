"""Links as visitors use them: follow, and look before following."""

from dataclasses import replace
from typing import NamedTuple

from chalicelib.core.destinations import DestinationPolicy
from chalicelib.core.links import Link
from chalicelib.core.redirects import Redirect, Refusal, follow
from chalicelib.core.rules import ZoneFinder, only_utc
from chalicelib.core.slugs import SlugPolicy, can_be_slug, slug_key
from chalicelib.core.visitors import Visitor
from chalicelib.service.ports import Clock, LinkStore


class RedirectService(NamedTuple):
    """The use cases of visitors, for one deployment's policies."""

    store: LinkStore
    slugs: SlugPolicy
    destinations: DestinationPolicy
    clock: Clock
    find_zone: ZoneFinder = only_utc

    def follow(self, slug: str | None, visitor: Visitor) -> Redirect | Refusal:
        """Where this slug leads now; `slug` is decoded, and None when it could not be."""
        return self._follow(self._find(slug), visitor)

    def preview(self, slug: str | None, visitor: Visitor) -> Link | Refusal:
        """The link, with the destination that this visitor would be sent to, or the refusal."""
        link = self._find(slug)
        outcome = self._follow(link, visitor)
        if link is None or isinstance(outcome, Refusal):
            return outcome if isinstance(outcome, Refusal) else Refusal("unknown")
        return replace(link, destination=outcome.location)

    def _follow(self, link: Link | None, visitor: Visitor) -> Redirect | Refusal:
        return follow(link, visitor, self.destinations, self.clock(), self.find_zone)

    def _find(self, slug: str | None) -> Link | None:
        if slug is None or not can_be_slug(slug, self.slugs):
            return None
        key = slug_key(slug, self.slugs)
        # A miss is never trusted from a cache or a lagging read: the table itself is asked.
        return self.store.get(key) or self.store.get(key, consistent=True)
