"""What a visitor gets for a slug: a redirect, or a refusal with its reason."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from chalicelib.core.destinations import DestinationPolicy, is_safe_location
from chalicelib.core.links import Link, state_of
from chalicelib.core.queries import merge_query


Reason = Literal["unknown", "deleted", "disabled", "expired", "scheduled", "unsafe", "exhausted"]

# A link that has not started, or leads where it no longer may, does not tell that it exists.
_STATUS_OF: dict[Reason, int] = {
    "unknown": 404,
    "scheduled": 404,
    "unsafe": 404,
    "deleted": 410,
    "disabled": 410,
    "expired": 410,
    "exhausted": 410,
}


@dataclass(frozen=True, slots=True)
class Redirect:
    """Go to `location`, with the status that the link's owner chose."""

    location: str
    status: int
    cacheable: bool = True


@dataclass(frozen=True, slots=True)
class Refusal:
    """There is nothing to follow, for this reason."""

    reason: Reason

    @property
    def status(self) -> int:
        """404 where the link must look as if it never was, 410 where it is gone."""
        return _STATUS_OF[self.reason]


def refuse(link: Link | None, policy: DestinationPolicy, now: datetime) -> Refusal | None:
    """Why the link can't be followed now; None when it can."""
    if link is None:
        return Refusal("unknown")
    if link.deleted_at is not None:
        return Refusal("deleted")
    state = state_of(link, now)
    if state != "active":
        return Refusal(state)
    return None if is_safe_location(link.destination, policy) else Refusal("unsafe")


def follow(
    link: Link | None, visitor_query: str, policy: DestinationPolicy, now: datetime
) -> Redirect | Refusal:
    """The answer to a visitor who follows the slug of `link` with this raw query string."""
    refusal = refuse(link, policy, now)
    if refusal or link is None:
        return refusal or Refusal("unknown")
    location = link.destination
    if link.forward_query:
        location = merge_query(location, visitor_query, link.query_winner)
    return Redirect(location, link.status)
