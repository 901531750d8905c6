"""Links as visitors use them: follow, and look before following."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from chalicelib.core.destinations import DestinationPolicy
from chalicelib.core.links import Link
from chalicelib.core.redirects import KEYED, Apart, Redirect, Refusal, follow, is_apart
from chalicelib.core.rules import ZoneFinder, only_utc
from chalicelib.core.slugs import SlugPolicy, can_be_slug, slug_key
from chalicelib.core.visitors import Visitor, is_robot
from chalicelib.service.ports import Clock, LinkStore


if TYPE_CHECKING:
    from chalicelib.core.locks import Hold
    from chalicelib.service.locks import LockService


class RedirectService(NamedTuple):
    """The use cases of visitors, for one deployment's policies."""

    store: LinkStore
    slugs: SlugPolicy
    destinations: DestinationPolicy
    clock: Clock
    locks: Callable[[], LockService]  # made at the first link that asks something of its visitor
    find_zone: ZoneFinder = only_utc
    shared_for: int = 0  # seconds that somebody may keep an answer, for all visitors
    keyed_for: int = 0  # the same, for visitors who are alike in what is KEYED

    def follow(
        self, slug: str | None, visitor: Visitor, *, by_get: bool = True
    ) -> Redirect | Refusal | Hold:
        """Where this slug leads now; `slug` is decoded, and None when it could not be.

        Apart where the answer would be kept, and is not for all visitors or not for so long.
        """
        link, outcome = self._follow(slug, visitor)
        if link is None or isinstance(outcome, Refusal) or not link.is_locked:
            return outcome
        is_click = by_get and not is_robot(visitor.user_agent)
        return self.locks().pass_on(link, outcome, is_click=is_click)

    def unlock(
        self, slug: str | None, visitor: Visitor, password: str
    ) -> Redirect | Refusal | Hold:
        """Where this slug leads the visitor who has this password."""
        link, outcome = self._follow(slug, visitor)
        if link is None or isinstance(outcome, Refusal):
            return outcome
        return self.locks().unlock(link, outcome, password, visitor.address)

    def preview(self, slug: str | None, visitor: Visitor) -> Link | Refusal | Hold:
        """The link, with the destination that this visitor would be sent to, or the refusal."""
        link, outcome = self._follow(slug, visitor)
        if link is None or isinstance(outcome, Refusal):
            return outcome if isinstance(outcome, Refusal) else Refusal("unknown")
        hold = self.locks().look(link) if link.is_locked else None
        return hold or replace(link, destination=outcome.location)

    def _follow(self, slug: str | None, visitor: Visitor) -> tuple[Link | None, Redirect | Refusal]:
        link = self._find(slug)
        if self.shared_for and is_apart(link, self.clock(), self.shared_for):
            raise Apart
        outcome = follow(link, visitor, self.destinations, self.clock(), self.find_zone)
        if self.keyed_for and isinstance(outcome, Redirect):
            apart = is_apart(link, self.clock(), self.keyed_for, KEYED)
            outcome = outcome._replace(shared_for=0 if apart else self.keyed_for)
        return link, outcome

    def _find(self, slug: str | None) -> Link | None:
        if slug is None or not can_be_slug(slug, self.slugs):
            return None
        key = slug_key(slug, self.slugs)
        # A miss is never trusted from a cache or a lagging read: the table itself is asked.
        return self.store.get(key) or self.store.seek(key)
