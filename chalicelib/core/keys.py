"""API keys as they are kept: whose, for what, until when; and the fields they are made from."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

from chalicelib.core.access import SCOPES, Scope
from chalicelib.core.errors import Refused
from chalicelib.core.fields import Field, Kind, text, time
from chalicelib.core.times import format_time


KeyState = Literal["active", "expired", "revoked"]

OVERLAP = timedelta(days=1)
MAX_OVERLAP = timedelta(days=7)
# How long a key that has ended is still listed, so that its owner can see what became of it.
LISTED_AFTER = timedelta(days=90)
_WORKSPACE = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?", re.ASCII)
_name = text(100)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key without its secret. `last_used_on` is stored apart, and known in lists alone."""

    id: str
    workspace: str
    name: str
    scopes: tuple[Scope, ...]
    salt: str
    seal: str
    created_at: datetime
    expires_at: datetime | None = None  # as its owner chose
    retires_at: datetime | None = None  # when the overlap with the key that replaces it is over
    revoked_at: datetime | None = None
    replaces: str | None = None
    replaced_by: str | None = None
    version: int = 1
    last_used_on: date | None = None

    @property
    def ends_at(self) -> datetime | None:
        """From when on the key opens nothing, by itself."""
        return min(filter(None, (self.expires_at, self.retires_at)), default=None)

    @property
    def listed_until(self) -> datetime | None:
        """When the key has been over for so long that it is forgotten."""
        ended = min(filter(None, (self.ends_at, self.revoked_at)), default=None)
        return ended and add_time(ended, LISTED_AFTER)


def key_home(key_id: str) -> str:
    """What the home of a key is told by."""
    return f"key/{key_id}"


def add_time(moment: datetime, more: timedelta) -> datetime:
    """The moment that much later, or the last day there is."""
    try:
        return moment + more
    except OverflowError:
        return datetime.max.replace(microsecond=0, tzinfo=UTC)


def state_of_key(key: ApiKey, now: datetime) -> KeyState:
    """What the key is worth now."""
    if key.revoked_at is not None:
        return "revoked"
    return "expired" if key.ends_at is not None and key.ends_at <= now else "active"


def retire_key(key: ApiKey, replaced_by: str, retires_at: datetime) -> ApiKey:
    """The key as it lives on beside the one that replaces it."""
    version = key.version + 1
    return replace(key, replaced_by=replaced_by, retires_at=retires_at, version=version)


def revoke_key(key: ApiKey, now: datetime) -> ApiKey:
    """The key as it opens nothing any more."""
    return replace(key, revoked_at=now, version=key.version + 1)


def describe_key(key: ApiKey, now: datetime) -> dict[str, Any]:
    """The key as the JSON object that the API answers with; its secret is nowhere in it."""
    return {
        "id": key.id,
        "workspace": key.workspace,
        "name": key.name,
        "scopes": list(key.scopes),
        "state": state_of_key(key, now),
        "created_at": format_time(key.created_at),
        "expires_at": key.ends_at and format_time(key.ends_at),
        "revoked_at": key.revoked_at and format_time(key.revoked_at),
        "last_used_on": key.last_used_on and key.last_used_on.isoformat(),
        "replaces": key.replaces,
        "replaced_by": key.replaced_by,
    }


def parse_workspace(value: object) -> str:
    """The name of a workspace; it becomes part of the table's keys."""
    if not isinstance(value, str) or not _WORKSPACE.fullmatch(value):
        raise Refused("workspace", "A workspace has 1 to 32 of a-z, 0-9 and, inside, -.")
    return value


def _parse_name(value: object) -> str:
    name = _name.parse(value)
    if not name:
        raise Refused("required", "A key needs a name, so that it can be told from others.")
    return str(name)


def _parse_scopes(value: object) -> tuple[Scope, ...]:
    if not isinstance(value, list) or not value:
        raise Refused("type", "Scopes are a list of texts, at least one.")
    if any(one not in SCOPES for one in value):
        raise Refused("choice", f"A scope is one of {', '.join(SCOPES)}.")
    return tuple(scope for scope in SCOPES if scope in value)


def _parse_overlap(value: object) -> timedelta:
    most = int(MAX_OVERLAP.total_seconds())
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
        raise Refused("out_of_range", f"A whole number of seconds from 0 to {most}.")
    return timedelta(seconds=value)


_EXPIRY = {
    "expires_at": Field(
        time,
        nullable=True,
        about="From then on the key opens nothing.",
        example="2027-12-01T10:00:00Z",
    )
}
_SCOPE_LIST = {"type": "array", "items": {"type": "string", "enum": list(SCOPES)}, "minItems": 1}
_SECONDS = {"type": "integer", "minimum": 0, "maximum": int(MAX_OVERLAP.total_seconds())}
WORKSPACE_SCHEMA = {"type": "string", "pattern": f"^{_WORKSPACE.pattern}$"}
KEY_FIELDS: Mapping[str, Field] = {
    "name": Field(
        Kind(_parse_name, {**_name.schema, "minLength": 1}),
        about="What the key is for, to tell it from others.",
        example="shop",
    ),
    "scopes": Field(
        Kind(_parse_scopes, _SCOPE_LIST),
        about="What the key may do; `read` and `write` unless named.",
        example=["read", "write"],
    ),
    "workspace": Field(
        Kind(parse_workspace, WORKSPACE_SCHEMA),
        about="Whose links it opens; the workspace of the key that makes it unless named.",
        example="acme",
    ),
    **_EXPIRY,
}
ROTATION_FIELDS: Mapping[str, Field] = {
    "overlap_for": Field(
        Kind(_parse_overlap, _SECONDS),
        about="Seconds for which the old key lives on; a day unless named.",
        example=3600,
    ),
    **_EXPIRY,
}
DEFAULT_SCOPES: tuple[Scope, ...] = ("read", "write")
