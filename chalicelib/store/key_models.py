"""API keys as items of the table: one for the key, one for the day it was last used on.

They are two because a use is noted in any region at any time: as part of the key's item, a note
that meets a revocation on the road between regions could undo it.
"""

from datetime import date
from typing import Any

from pynamodb.attributes import (
    ListAttribute,
    NumberAttribute,
    UnicodeAttribute,
    UTCDateTimeAttribute,
)
from pynamodb.models import Model

from chalicelib.core.access import SCOPES
from chalicelib.core.keys import ApiKey
from chalicelib.store.keys import KEY_SK, USE_SK, key_pk, key_sort, keys_list, uses_list
from chalicelib.store.models import ListIndex


class KeyItem(Model):
    """An API key (sk `key`), or its last use (sk `use`), which has `last_used_on` and no more."""

    class Meta:
        """Bound to the links' table by `bind_beside`."""

        table_name = "unbound"

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    list_key = UnicodeAttribute()
    list_sort = UnicodeAttribute()
    workspace = UnicodeAttribute(null=True)
    name = UnicodeAttribute(null=True)
    scopes = ListAttribute(of=UnicodeAttribute, null=True)
    salt = UnicodeAttribute(null=True)
    seal = UnicodeAttribute(null=True)
    created_at = UTCDateTimeAttribute(null=True)
    expires_at = UTCDateTimeAttribute(null=True)
    retires_at = UTCDateTimeAttribute(null=True)
    revoked_at = UTCDateTimeAttribute(null=True)
    replaces = UnicodeAttribute(null=True)
    replaced_by = UnicodeAttribute(null=True)
    version = NumberAttribute(null=True)
    last_used_on = UnicodeAttribute(null=True)
    write_id = UnicodeAttribute(null=True)  # as in LinkItem
    ttl = NumberAttribute(null=True)  # epoch seconds; only on keys that end: when to forget them

    by_list = ListIndex()


_COPIED = (
    "workspace name salt seal created_at expires_at retires_at revoked_at replaces replaced_by "
    "version"
).split()


def to_key_item(model: type[KeyItem], key: ApiKey, write_id: str) -> KeyItem:
    """The item that stores a key."""
    values: dict[str, Any] = {name: getattr(key, name) for name in _COPIED}
    values["scopes"] = list(key.scopes)
    until = key.listed_until
    values["ttl"] = until and int(until.timestamp()) + 1
    return model(
        key_pk(key.id),
        KEY_SK,
        list_key=keys_list(key.workspace),
        list_sort=key_sort(key),
        write_id=write_id,
        **values,
    )


def to_use_item(model: type[KeyItem], key: ApiKey, day: date) -> KeyItem:
    """The item that stores the day of a key's last use."""
    return model(
        key_pk(key.id),
        USE_SK,
        list_key=uses_list(key.workspace),
        list_sort=key_sort(key),
        last_used_on=day.isoformat(),
    )


def to_key(item: KeyItem, last_used_on: str | None = None) -> ApiKey:
    """The key that an item stores, and the day that its other item does."""
    values: dict[str, Any] = {name: getattr(item, name) for name in _COPIED}
    return ApiKey(
        id=item.pk.partition("#")[2],
        scopes=tuple(scope for scope in SCOPES if scope in (item.scopes or ())),
        last_used_on=date.fromisoformat(last_used_on) if last_used_on else None,
        **values,
    )
