"""The short link itself: its fields, its state at a time, and what an edit makes of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from chalicelib.core.errors import Invalid, Problem, SlugTaken
from chalicelib.core.hosts import readable_url
from chalicelib.core.rules import NO_RULES, Rules, destinations_of
from chalicelib.core.texts import fold
from chalicelib.core.times import format_time
from chalicelib.core.utm import NO_UTM, Utm


State = Literal["active", "scheduled", "expired", "disabled"]
QueryWinner = Literal["destination", "visitor"]

QUARANTINE = timedelta(days=90)
REDIRECT_STATUSES = (302, 301, 307, 308)
# Of the destinations of rules, as a search keeps a copy of all that it looks in.
_SEARCHED = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A short link; one with `deleted_at` is a tombstone and is never followed or listed.

    `made_by` is the receipt of the keyed request that made it, for as long as there is an item.
    `password` is what core/passwords seals it to, never the text of it.
    """

    workspace: str
    slug: str
    destination: str
    title: str | None = None
    notes: str | None = None
    tags: tuple[str, ...] = ()
    status: int = 302
    expires_at: datetime | None = None
    starts_at: datetime | None = None
    forward_query: bool = False
    query_winner: QueryWinner = "destination"
    forward_path: bool = False
    utm: Utm = NO_UTM
    rules: Rules = NO_RULES
    disabled: bool = False
    archived: bool = False
    password: str | None = field(default=None, repr=False)
    max_clicks: int | None = None
    max_clicks_exact: bool = False
    created_at: datetime
    updated_at: datetime
    version: int = 1
    deleted_at: datetime | None = None
    made_by: str | None = None

    @property
    def quarantined_until(self) -> datetime | None:
        """When the slug of a tombstone is free again."""
        return self.deleted_at and self.deleted_at + QUARANTINE

    @property
    def is_locked(self) -> bool:
        """Whether who follows it may have to type something, or come too late."""
        return self.password is not None or self.max_clicks is not None

    @property
    def is_counted_exactly(self) -> bool:
        """Whether nobody may learn its destination without using up a click."""
        return self.max_clicks is not None and self.max_clicks_exact


NAMES = tuple(one.name for one in fields(Link))
_PRIVATE = frozenset({"workspace", "deleted_at", "made_by", "password"})
# What a link has in the API, to be read or to be written.
LINK_FIELDS = frozenset(NAMES) - _PRIVATE | {"short_url", "state", "has_password", "password"}


def state_of(link: Link, now: datetime) -> State:
    """What following the link does now; `disabled` tells more than a date does."""
    if link.disabled:
        return "disabled"
    if link.expires_at is not None and link.expires_at <= now:
        return "expired"
    if link.starts_at is not None and link.starts_at > now:
        return "scheduled"
    return "active"


def edit_link(link: Link, changes: Mapping[str, Any], now: datetime) -> Link:
    """The link with the changes made, one version on; the same link when they change nothing.

    Without `max_clicks` it is not exact any more. Invalid when its fields no longer agree.
    """
    edited = replace(link, **changes)
    if edited.max_clicks is None and "max_clicks_exact" not in changes:
        edited = replace(edited, max_clicks_exact=False)
    if edited == link:
        return link
    check_link(edited)
    return replace(edited, updated_at=now, version=link.version + 1)


def bury_link(link: Link, now: datetime) -> Link:
    """The tombstone of the link: it keeps the slug for the quarantine and forgets the rest."""
    return Link(
        workspace=link.workspace,
        slug=link.slug,
        destination="",
        created_at=link.created_at,
        updated_at=now,
        version=link.version + 1,
        deleted_at=now,
        made_by=link.made_by,
    )


def is_free(there: Link | None, now: datetime) -> bool:
    """Whether a new link may have the slug of what is there now."""
    if there is None:
        return True
    until = there.quarantined_until
    return until is not None and until < now


def taken_by(there: Link, wanted: Link) -> SlugTaken:
    """The error for a create whose slug another link or tombstone has.

    Of another workspace's link it tells nothing, not even how its slug is written.
    """
    if there.workspace != wanted.workspace:
        return SlugTaken(f"“{wanted.slug}” is not free.")
    until = there.quarantined_until
    if until is None:
        return SlugTaken(f"“{there.slug}” is already in use.")
    return SlugTaken(
        f"“{there.slug}” was deleted and can't be used again until {format_time(until)}."
    )


def check_link(link: Link) -> None:
    """Invalid when fields of the link contradict each other."""
    _check_dates(link)
    if link.max_clicks_exact and link.max_clicks is None:
        detail = "Only a link with max_clicks can be counted exactly."
        raise Invalid([Problem("/max_clicks_exact", "max_clicks_needed", detail)])


def _check_dates(link: Link) -> None:
    if link.starts_at and link.expires_at and link.starts_at >= link.expires_at:
        detail = "starts_at must be before expires_at."
        raise Invalid([Problem("/starts_at", "dates_crossed", detail)])


def check_not_past(expires_at: datetime | None, now: datetime) -> None:
    """Invalid when a new link would be born expired."""
    if expires_at is not None and expires_at <= now:
        detail = f"This is in the past; it is {format_time(now)} now."
        raise Invalid([Problem("/expires_at", "past", detail)])


def check_not_future(created_at: datetime, now: datetime) -> None:
    """Invalid when an imported link would be made later than now, and so lead every list."""
    if created_at > now:
        detail = f"This is in the future; it is {format_time(now)} now."
        raise Invalid([Problem("/created_at", "future", detail)])


def describe_link(link: Link, short_url: str, now: datetime) -> dict[str, Any]:
    """The link as the JSON object that the API answers with."""
    shown = {name: plain(getattr(link, name)) for name in NAMES if name not in _PRIVATE}
    shown["has_password"] = link.password is not None
    return {"short_url": short_url, "state": state_of(link, now), **shown}


def plain(value: Any) -> Any:
    """A field's value as JSON has it."""
    if isinstance(value, Rules | Utm):
        return value.plain()
    if isinstance(value, datetime):
        return format_time(value)
    return list(value) if isinstance(value, tuple) else value


def search_text(link: Link) -> str:
    """What a search looks for its text in: all that people wrote, folded, as they would type it."""
    typed = readable_url(link.destination)
    rules = "\n".join(destinations_of(link.rules))[:_SEARCHED]
    written = (link.slug, link.destination, typed, link.title, link.notes, *link.tags, rules)
    return "\n".join(dict.fromkeys(fold(part) for part in written if part))


def matches(link: Link, text: str, tag: str | None) -> bool:
    """Whether a search for `text` (folded, literal) and `tag` finds the link."""
    return text in search_text(link) and (tag is None or tag in link.tags)


def tag_version(link: Link, now: datetime) -> str:
    """The entity tag of the link as described now: dates change its state without a new version."""
    state = state_of(link, now)
    return (
        f'"v{link.version}-{state}"' if state in ("scheduled", "expired") else f'"v{link.version}"'
    )
