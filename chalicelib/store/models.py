"""The table as PynamoDB sees it: one item per link, one index to list them."""

from dataclasses import fields
from typing import Any, TypeVar

from pynamodb.attributes import (
    BinaryAttribute,
    BooleanAttribute,
    ListAttribute,
    NumberAttribute,
    UnicodeAttribute,
    UTCDateTimeAttribute,
)
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex
from pynamodb.models import Model

from chalicelib.core.links import Link, search_text
from chalicelib.core.rules import NO_RULES, Rules
from chalicelib.core.utm import NO_UTM, Utm
from chalicelib.store.clients import LeanConnection
from chalicelib.store.keys import LINK_SK, link_pk, list_key, list_sort


LIST_INDEX = "by_list"
M = TypeVar("M", bound=Model)


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
    forward_path = BooleanAttribute(null=True)
    utm = UnicodeAttribute(null=True)
    rules = BinaryAttribute(legacy_encoding=False, null=True)
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


def bind(table: str, region: str, host: str | None = None) -> type[LinkItem]:
    """The model for one table in one region, over a connection of its own.

    `host` as LeanConnection has it.
    """
    meta = type("Meta", (), {"table_name": table, "region": region})
    model: type[LinkItem] = type("BoundLinkItem", (LinkItem,), {"Meta": meta})
    connected = model._get_connection()  # noqa: SLF001 - PynamoDB has no other way in
    lean = LeanConnection(region, host)
    lean.add_meta_table(connected.get_meta_table())
    connected.connection = lean
    return model


def bind_beside(model: type[M], links: type[LinkItem]) -> type[M]:
    """The model of other items in the table of a bound model of links, over its connection."""
    bound: type[M] = type(f"Bound{model.__name__}", (model,), {"Meta": links.Meta})
    # A second connection would be a second client: 25 ms.
    bound._connection = links._get_connection()  # noqa: SLF001 - PynamoDB has no other way in
    return bound


_COPIED = (
    "workspace slug title notes expires_at starts_at created_at updated_at version deleted_at "
    "made_by password max_clicks"
).split()
# Not stored where they are as in a new link: most are, and each costs time to read back.
_UNLESS_DEFAULT = (
    "status forward_query query_winner forward_path disabled archived max_clicks_exact"
).split()
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
        values["utm"] = link.utm.query or None
        values["rules"] = link.rules.packed or None
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
        utm=Utm(item.utm) if item.utm else NO_UTM,
        rules=Rules(item.rules) if item.rules else NO_RULES,
    )
