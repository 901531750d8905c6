"""API keys in the table of the links; every write is conditional, so that two can't both win."""

import uuid
from datetime import date
from typing import Any

from pynamodb.exceptions import DoesNotExist
from pynamodb.expressions.condition import Condition

from chalicelib.core.errors import KeyConflict, Stale
from chalicelib.core.keys import ApiKey
from chalicelib.service.ports import KeyPage
from chalicelib.store.answers import ConditionFailed, answering
from chalicelib.store.key_models import KeyItem, to_key, to_key_item, to_use_item
from chalicelib.store.keys import KEY_SK, key_pk, key_sort, keys_list, uses_list
from chalicelib.store.models import LIST_INDEX


class KeyTable:
    """The `KeyStore` over one region's table."""

    def __init__(self, model: type[KeyItem]) -> None:
        self._model = model

    def get(self, key_id: str) -> ApiKey | None:
        """One consistent GetItem: what was revoked a moment ago is seen; see KeyStore."""
        item = self._get_item(key_id)
        return None if item is None else to_key(item)

    def current(self, key_id: str) -> ApiKey | None:
        """The same; see KeyStore."""
        return self.get(key_id)

    def _get_item(self, key_id: str) -> KeyItem | None:
        try:
            with answering():
                return self._model.get(key_pk(key_id), KEY_SK, consistent_read=True)
        except DoesNotExist:
            return None

    def create(self, key: ApiKey) -> None:
        """One conditional PutItem; see KeyStore."""
        if not self._put(key, self._model.pk.does_not_exist()):
            raise KeyConflict("This key's id is another's; please try again.")

    def replace(self, key: ApiKey) -> None:
        """One conditional PutItem; see KeyStore."""
        if not self._put(key, self._model.version == key.version - 1):
            raise Stale("This key was changed by someone else.")

    def _put(self, key: ApiKey, condition: Condition) -> bool:
        """Put the item if the condition holds; a repeat of our own put is no conflict."""
        item = to_key_item(self._model, key, uuid.uuid4().hex)
        try:
            with answering():
                item.save(condition=condition)
        except ConditionFailed:
            there = self._get_item(key.id)
            return there is not None and there.write_id == item.write_id
        return True

    def page(self, workspace: str, limit: int, after: ApiKey | None) -> KeyPage:
        """One Query for the keys and one for their last uses; see KeyStore."""
        partition = keys_list(workspace)
        with answering():
            pages = self._model.query(
                partition,
                index_name=LIST_INDEX,
                scan_index_forward=False,
                page_size=limit,
                last_evaluated_key=_start(partition, after),
            ).page_iter
            found = [self._model.from_raw_data(item) for item in next(pages)["Items"]]
        uses = self._uses(workspace, found)
        keys = tuple(to_key(item, uses.get(item.pk)) for item in found)
        return KeyPage(keys, bool(pages.last_evaluated_key))

    def _uses(self, workspace: str, found: list[KeyItem]) -> dict[str, str | None]:
        if not found:
            return {}
        between = self._model.list_sort.between(found[-1].list_sort, found[0].list_sort)
        with answering():
            uses = self._model.query(uses_list(workspace), between, index_name=LIST_INDEX)
            return {use.pk: use.last_used_on for use in uses}

    def note_use(self, key: ApiKey, day: date) -> None:
        """One PutItem, which the table refuses when it has the day; see KeyStore."""
        item = to_use_item(self._model, key, day)
        model = self._model
        try:
            with answering():
                item.save(model.pk.does_not_exist() | (model.last_used_on < day.isoformat()))
        except ConditionFailed:
            return


def _start(partition: str, after: ApiKey | None) -> dict[str, dict[str, Any]] | None:
    if after is None:
        return None
    place = key_sort(after)
    keys = {"pk": key_pk(after.id), "sk": KEY_SK, "list_key": partition, "list_sort": place}
    return {name: {"S": value} for name, value in keys.items()}
