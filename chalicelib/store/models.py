"""The table as PynamoDB sees it: one item per link, one index to list them."""

from dataclasses import fields
from typing import Any

from botocore.config import Config
from pynamodb.attributes import (
    BooleanAttribute,
    ListAttribute,
    NumberAttribute,
    UnicodeAttribute,
    UTCDateTimeAttribute,
)
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex
from pynamodb.models import Model

from chalicelib.core.links import Link, search_text
from chalicelib.store.keys import LINK_SK, link_pk, list_key, list_sort


LIST_INDEX = "by_list"
# A call that times out ends its request. With the calls that went well before it, that must fit
# into lambda_timeout, or API Gateway gives up before the visitor gets our 503.
CONNECT_FOR = 1
READ_FOR = 2
ATTEMPTS = 2


class ListIndex(GlobalSecondaryIndex[Any]):  # type: ignore[no-untyped-call]
    """Links by workspace, newest last; tombstones have no list_key and so are not in it."""

    class Meta:
        """Every attribute is in the index, so that a list costs no second read."""

        index_name = LIST_INDEX
        projection = AllProjection()

    list_key = UnicodeAttribute(hash_key=True)
    list_sort = UnicodeAttribute(range_key=True)


class LinkItem(Model):
    """A link or a tombstone; `write_id` tells our own write from another's after a lost answer."""

    class Meta:
        """Bound to a table and a region by `bind`."""

        table_name = "unbound"

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True, default=LINK_SK)
    list_key = UnicodeAttribute(null=True)
    list_sort = UnicodeAttribute(null=True)
    workspace = UnicodeAttribute()
    slug = UnicodeAttribute()
    destination = UnicodeAttribute(null=True)
    title = UnicodeAttribute(null=True)
    notes = UnicodeAttribute(null=True)
    tags = ListAttribute(of=UnicodeAttribute, null=True)
    status = NumberAttribute(null=True)
    expires_at = UTCDateTimeAttribute(null=True)
    starts_at = UTCDateTimeAttribute(null=True)
    forward_query = BooleanAttribute(null=True)
    query_winner = UnicodeAttribute(null=True)
    disabled = BooleanAttribute(null=True)
    archived = BooleanAttribute(null=True)
    password = UnicodeAttribute(null=True)  # sealed by core/passwords
    max_clicks = NumberAttribute(null=True)
    max_clicks_exact = BooleanAttribute(null=True)
    created_at = UTCDateTimeAttribute()
    updated_at = UTCDateTimeAttribute()
    version = NumberAttribute()
    deleted_at = UTCDateTimeAttribute(null=True)
    search = UnicodeAttribute(null=True)  # what a list's text filter looks in
    write_id = UnicodeAttribute()
    made_by = UnicodeAttribute(null=True)
    ttl = NumberAttribute(null=True)  # epoch seconds; only on tombstones: the quarantine's end

    by_list = ListIndex()


def bind(table: str, region: str) -> type[LinkItem]:
    """The model for one table in one region, with timeouts that fit inside a request."""
    meta = type(
        "Meta",
        (),
        {
            "table_name": table,
            "region": region,
            "connect_timeout_seconds": CONNECT_FOR,
            "read_timeout_seconds": READ_FOR,
            "max_retry_attempts": ATTEMPTS - 1,
            "max_pool_connections": 32,
        },
    )
    model: type[LinkItem] = type("BoundLinkItem", (LinkItem,), {"Meta": meta})
    _make_client(model)
    return model


def _make_client(model: type[LinkItem]) -> None:
    # Made while Lambda starts the function, not in the first visitor's time (90 ms). A fixed user
    # agent spares botocore building one twice for every call, a seventh of a redirect's CPU.
    connection = model._get_connection().connection  # noqa: SLF001 - PynamoDB has no other way in
    connection.session.set_default_client_config(Config(user_agent="everhop"))
    _ = connection.client


_COPIED = (
    "workspace slug title notes expires_at starts_at created_at updated_at version deleted_at "
    "made_by password max_clicks"
).split()
# Not stored where they are as in a new link: most are, and each costs time to read back.
_UNLESS_DEFAULT = "status forward_query query_winner disabled archived max_clicks_exact".split()
_DEFAULTS = {one.name: one.default for one in fields(Link) if one.name in _UNLESS_DEFAULT}


def to_item(model: type[LinkItem], key: str, link: Link, write_id: str) -> LinkItem:
    """The item that stores a link under its slug key."""
    until = link.quarantined_until
    values: dict[str, Any] = {name: getattr(link, name) for name in _COPIED}
    if until is None:
        values["destination"] = link.destination
        values |= {
            name: it for name, old in _DEFAULTS.items() if (it := getattr(link, name)) != old
        }
        values["list_key"] = list_key(link.workspace, archived=link.archived)
        values["list_sort"] = list_sort(key, link)
        values["search"] = search_text(link)
        values["tags"] = list(link.tags) or None
    else:
        values["ttl"] = int(until.timestamp()) + 1
    return model(link_pk(key), LINK_SK, write_id=write_id, **values)


def to_link(item: LinkItem) -> Link:
    """The link that an item stores; attributes that it lacks have the link's own defaults."""
    values: dict[str, Any] = {name: getattr(item, name) for name in _COPIED}
    for name, default in _DEFAULTS.items():
        value = getattr(item, name)
        values[name] = default if value is None else value
    return Link(
        **values,
        destination=item.destination or "",
        tags=tuple(str(tag) for tag in item.tags or ()),
    )
