"""What a visitor gets for a slug: a redirect, or a refusal with its reason."""

from collections.abc import Container
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from chalicelib.core.destinations import DestinationPolicy, is_safe_location, is_web
from chalicelib.core.links import Link, state_of
from chalicelib.core.paths import join_path
from chalicelib.core.queries import merge_query
from chalicelib.core.rules import ZoneFinder, dimensions, only_utc, variant_id
from chalicelib.core.visitors import Visitor


Reason = Literal["unknown", "deleted", "disabled", "expired", "scheduled", "unsafe", "exhausted"]

# By what the edge cache can tell visitors apart, at the address of links that ask for it.
KEYED = frozenset({"country", "device", "language"})

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


class Redirect(NamedTuple):
    """Go to `location`, with the status that the link's owner chose."""

    location: str
    status: int
    cacheable: bool = True
    shared_for: int = 0  # seconds that it holds for all with the same KEYED dimensions
    variant: str = ""  # the id of the variant that the visitor was given


class Refusal(NamedTuple):
    """There is nothing to follow, for this reason."""

    reason: Reason

    @property
    def status(self) -> int:
        """404 where the link must look as if it never was, 410 where it is gone."""
        return _STATUS_OF[self.reason]


class Apart(Exception):
    """Nobody may keep what this link answers; it is answered at an address of its own."""


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


def is_apart(link: Link | None, now: datetime, fresh_for: int, keyed: Container[str] = ()) -> bool:
    """Whether what the link answers may differ by visitor, or by itself within so many seconds.

    Of visitors their query, and what is `keyed`, are told apart by who may keep the answer.
    """
    if link is None or link.deleted_at is not None or link.disabled:
        return False
    soon = now + timedelta(seconds=fresh_for)
    changes = any(at is not None and now < at <= soon for at in (link.starts_at, link.expires_at))
    read = dimensions(link.rules) if link.rules else ()
    told = all(one in keyed or one.startswith("query:") for one in read)
    return changes or link.is_locked or not told


def follow(
    link: Link | None,
    visitor: Visitor,
    policy: DestinationPolicy,
    now: datetime,
    find_zone: ZoneFinder = only_utc,
) -> Redirect | Refusal:
    """The answer to this visitor of the slug of `link`."""
    refusal = refuse(link, policy, now)
    if refusal or link is None:
        return refusal or Refusal("unknown")
    destination, variant = link.destination, ""
    if link.rules:
        # Loaded here, as most links have no rules and a cold start should not pay for them.
        from chalicelib.core.matchers import compile_rules  # noqa: PLC0415

        lead = compile_rules(link.rules, find_zone).lead_for(visitor, now, link.slug)
        if lead is not None:
            destination = lead.destination
            variant = variant_id(destination) if lead.is_variant else ""
        if not is_safe_location(destination, policy):
            return Refusal("unsafe")
    location = _location(link, destination, visitor)
    if location is None:
        return Refusal("unknown")
    return Redirect(location, link.status, variant=variant)


def _location(link: Link, destination: str, visitor: Visitor) -> str | None:
    """The destination with all that is added to it on the way; None for a path it can't have."""
    location: str | None = destination
    if visitor.path:
        location = join_path(destination, visitor.path) if link.forward_path else None
    if location and link.utm and is_web(location):
        location = merge_query(location, link.utm.query, "destination")
    if location and link.forward_query:
        location = merge_query(location, visitor.query, link.query_winner)
    return location
