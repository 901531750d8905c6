"""API keys as the admins of a workspace use them: make, list, rotate, revoke."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from chalicelib.core.access import (
    OPERATOR,
    Access,
    KeyParts,
    can_be_key_id,
    draw_characters,
    draw_parts,
    seal_secret,
    write_key,
)
from chalicelib.core.errors import (
    Forbidden,
    Invalid,
    KeyConflict,
    NotFound,
    Problem,
    Stale,
    Unavailable,
)
from chalicelib.core.fields import read_fields
from chalicelib.core.homes import draw_at_home
from chalicelib.core.keys import (
    DEFAULT_SCOPES,
    KEY_FIELDS,
    OVERLAP,
    ROTATION_FIELDS,
    ApiKey,
    add_time,
    key_home,
    retire_key,
    revoke_key,
    state_of_key,
)
from chalicelib.core.links import check_not_past
from chalicelib.core.times import format_time, to_milliseconds
from chalicelib.service.ports import Chance, Clock, KeyPage, KeyStore


REVOKE_TRIES = 5
_SALT = 26


class IssuedKey(NamedTuple):
    """A new key and its text, which exists nowhere else; and the key that it replaces."""

    key: ApiKey
    text: str
    replaced: ApiKey | None = None


@dataclass(frozen=True)
class KeyService:
    """The use cases of keys; `changed` is told the id of every key that is not as it was.

    Of many `regions` this one is first, and the home of the keys that are made here.
    """

    keys: KeyStore
    clock: Clock
    chance: Chance
    changed: Callable[[str], None]
    regions: Sequence[str] = ()

    def now(self) -> datetime:
        """The time to stamp on keys, in the precision in which they are stored."""
        return to_milliseconds(self.clock())

    def issue(self, access: Access, body: object) -> IssuedKey:
        """Store a new key. Only the operator names another workspace, which makes it one."""
        values = read_fields(body, KEY_FIELDS, required=("name",))
        workspace = reach_workspace(access, values.pop("workspace", None))
        return self._issue({"scopes": DEFAULT_SCOPES, **values, "workspace": workspace})

    def _issue(self, values: Mapping[str, Any]) -> IssuedKey:
        now = self.now()
        check_not_past(values.get("expires_at"), now)
        parts, salt = self._draw_parts(), draw_characters(self.chance, _SALT)
        seal = seal_secret(parts.secret, salt)
        key = ApiKey(id=parts.id, salt=salt, seal=seal, created_at=now, **values)
        self.keys.create(key)
        self.changed(key.id)
        return IssuedKey(key, write_key(parts))

    def _draw_parts(self) -> KeyParts:
        return draw_at_home(
            lambda: draw_parts(self.chance), lambda parts: key_home(parts.id), self.regions
        )

    def list(
        self, access: Access, workspace: str | None, limit: int, after_id: str | None
    ) -> KeyPage:
        """A workspace's keys, newest first, from the one after `after_id` on."""
        named = reach_workspace(access, workspace)
        after = self.keys.get(after_id) if after_id and can_be_key_id(after_id) else None
        if after_id and (after is None or after.workspace != named):
            raise Invalid([Problem("/cursor", "cursor", "This list did not give out this cursor.")])
        return self.keys.page(named, limit, after)

    def revoke(self, access: Access, key_id: str) -> None:
        """Let the key open nothing any more; that it does not already is no error."""
        for _ in range(REVOKE_TRIES):
            key = self._reach(access, key_id)
            if key.revoked_at or self._try_to_store(revoke_key(key, self.now())):
                return
        raise Unavailable("This key is being changed by many at once; please try again.")

    def rotate(self, access: Access, key_id: str, body: object) -> IssuedKey:
        """A new key like this one, which lives on for the overlap; KeyConflict if two live already.

        The new one is stored first: should the rest fail, the old one is still as good as before.
        """
        values = read_fields(body, ROTATION_FIELDS)
        old, now = self._reach(access, key_id), self.now()
        retires_at = now + values.pop("overlap_for", OVERLAP)
        self._check_rotatable(old, now)
        issued = self._issue({**_heritage(old, now), **values})
        retired = retire_key(old, issued.key.id, retires_at)
        if not self._try_to_store(retired):
            self._try_to_store(revoke_key(issued.key, now))
            raise KeyConflict("This key was changed by someone else at the same time.")
        return IssuedKey(issued.key, issued.text, retired)

    def _check_rotatable(self, key: ApiKey, now: datetime) -> None:
        if state_of_key(key, now) != "active":
            raise KeyConflict("This key has ended; make a new one.")
        for other_id in filter(None, (key.replaces, key.replaced_by)):
            other = self.keys.get(other_id)
            if other and state_of_key(other, now) == "active":
                until = f" or wait until {format_time(other.ends_at)}" if other.ends_at else ""
                raise KeyConflict(f"This key and {other.id} both live; revoke that one{until}.")

    def _reach(self, access: Access, key_id: str) -> ApiKey:
        key = self.keys.current(key_id) if can_be_key_id(key_id) else None
        if key is None or access.workspace not in (key.workspace, OPERATOR):
            raise NotFound("There is no such key.")
        return key

    def _try_to_store(self, key: ApiKey) -> bool:
        try:
            self.keys.replace(key)
        except Stale:
            return False
        finally:
            self.changed(key.id)
        return True


def _heritage(old: ApiKey, now: datetime) -> dict[str, Any]:
    """What a key takes over from the one it replaces: all but its age."""
    life = old.expires_at and old.expires_at - old.created_at
    return {
        "workspace": old.workspace,
        "name": old.name,
        "scopes": old.scopes,
        "replaces": old.id,
        "expires_at": life and add_time(now, life),
    }


def reach_workspace(access: Access, named: str | None) -> str:
    """The workspace to act in; Forbidden for another's, whether there is one or not."""
    if named is None or named == access.workspace:
        return access.workspace
    if access.workspace != OPERATOR:
        raise Forbidden(f"Only keys of the workspace “{OPERATOR}” reach other workspaces.")
    return named
