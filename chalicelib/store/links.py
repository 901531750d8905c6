"""Links in a DynamoDB table; every write is conditional, so that two can't both win."""

import uuid
from datetime import datetime
from functools import reduce
from operator import and_
from typing import Any

from pynamodb.exceptions import DoesNotExist
from pynamodb.expressions.condition import Condition

from chalicelib.core.errors import Stale
from chalicelib.core.links import Link, State, taken_by
from chalicelib.service.ports import ListQuery, Page, page_end
from chalicelib.store.answers import ConditionFailed, answering
from chalicelib.store.keys import LINK_SK, key_of_position, link_pk, list_key
from chalicelib.store.models import LIST_INDEX, LinkItem, to_item, to_link


class LinkTable:
    """The `LinkStore` over one region's table, with a cache before it or without.

    `cached` is the model of the same table by way of a cache. Through it go reads that need not be
    consistent, and writes, which the cache then knows of; never a list, whose answers it would keep
    without ever hearing of a write.
    """

    def __init__(self, model: type[LinkItem], cached: type[LinkItem] | None = None) -> None:
        self._model = model
        self._cached = cached or model

    @property
    def model(self) -> type[LinkItem]:
        """The model without a cache, for stores that share its table and connection."""
        return self._model

    def get(self, key: str, *, consistent: bool = False) -> Link | None:
        """One GetItem; see LinkStore."""
        item = self._get_item(key, consistent=consistent)
        return None if item is None else to_link(item)

    def current(self, key: str) -> Link | None:
        """One GetItem, consistent; see LinkStore."""
        return self.get(key, consistent=True)

    def seek(self, key: str) -> Link | None:
        """One GetItem, consistent; see LinkStore."""
        return self.get(key, consistent=True)

    def _get_item(self, key: str, *, consistent: bool) -> LinkItem | None:
        model = self._model if consistent else self._cached
        try:
            with answering():
                return model.get(link_pk(key), LINK_SK, consistent_read=consistent)
        except DoesNotExist:
            return None

    def create(self, key: str, link: Link) -> None:
        """One conditional PutItem; see LinkStore."""
        model = self._model
        free = model.pk.does_not_exist() | (model.ttl < int(link.updated_at.timestamp()))
        there = self._put(key, link, free)
        if there is not None:
            raise taken_by(there, link)

    def replace(self, key: str, link: Link) -> None:
        """One conditional PutItem; see LinkStore."""
        model = self._model
        current = (model.version == link.version - 1) & model.deleted_at.does_not_exist()
        if self._put(key, link, current) is not None:
            raise Stale("This link was changed by someone else.")

    def _put(self, key: str, link: Link, condition: Condition) -> Link | None:
        """Put the item if the condition holds; what is stored instead when it does not.

        A put whose answer was lost is repeated by the client; when the first one did arrive, its
        own item fails the condition. The write id tells that from someone else's.
        """
        item = to_item(self._cached, key, link, uuid.uuid4().hex)
        try:
            with answering():
                item.save(condition=condition)
        except ConditionFailed:
            there = self._get_item(key, consistent=True)
            if there is None or there.write_id != item.write_id:
                return to_link(there) if there else link
        return None

    def page(self, workspace: str, query: ListQuery) -> Page:
        """One Query of the list index, filtered by the table itself; see LinkStore."""
        partition = list_key(workspace, archived=query.archived)
        with answering():
            pages = self._model.query(
                partition,
                filter_condition=self._filter(query),
                index_name=LIST_INDEX,
                scan_index_forward=query.oldest_first,
                page_size=query.scanned if query.filtered else query.limit,
                last_evaluated_key=_start(partition, query.after),
            ).page_iter
            found = [self._model.from_raw_data(item) for item in next(pages)["Items"]]
        return _cut(found, query.limit, pages.last_evaluated_key)

    def _filter(self, query: ListQuery) -> Condition | None:
        parts: list[Condition] = []
        if query.text:
            parts.append(self._model.search.contains(query.text))
        if query.tag is not None:
            parts.append(self._model.tags.contains(query.tag))
        if query.state is not None:
            parts.append(_in_state(self._model, query.state, query.at))
        return reduce(and_, parts) if parts else None


def _in_state(model: type[LinkItem], state: State, at: datetime) -> Condition:
    """As core's `state_of`; a comparison with an attribute that an item lacks does not hold."""
    disabled, expired = model.disabled == True, model.expires_at <= at  # noqa: E712
    scheduled = model.starts_at > at
    conditions: dict[State, Condition] = {
        "disabled": disabled,
        "expired": ~disabled & expired,
        "scheduled": ~disabled & ~expired & scheduled,
        "active": ~disabled & ~expired & ~scheduled,
    }
    return conditions[state]


def _cut(found: list[LinkItem], limit: int, last_key: dict[str, Any] | None) -> Page:
    after = str(last_key["list_sort"]["S"]) if last_key else None
    links = [*map(to_link, found[:limit])]
    end = page_end(links, limit)
    if end < len(found):
        after = str(found[end - 1].list_sort)
    return Page(tuple(links[:end]), after)


def _start(partition: str, after: str | None) -> dict[str, dict[str, Any]] | None:
    if after is None:
        return None
    pk = link_pk(key_of_position(after))
    keys = {"pk": pk, "sk": LINK_SK, "list_key": partition, "list_sort": after}
    return {name: {"S": value} for name, value in keys.items()}
