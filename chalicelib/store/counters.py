"""Counters in the links' own table: each one item, added to by the table itself."""

from datetime import datetime

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import DoesNotExist
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.models import Model

from chalicelib.store.answers import ConditionFailed, answering
from chalicelib.store.keys import COUNTER_SK, counter_pk


class CounterItem(Model):
    """One counter; it has no list_key, so it is in no list."""

    class Meta:
        """Bound to the links' table by `bind_beside`."""

        table_name = "unbound"

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True, default=COUNTER_SK)
    total = NumberAttribute()
    ttl = NumberAttribute(null=True)  # epoch seconds: when nobody asks for it any more


class CounterTable:
    """The `CounterStore` over one region's table."""

    def __init__(self, model: type[CounterItem]) -> None:
        self._model = model

    def add(
        self, name: str, amount: int, *, until: datetime | None = None, most: int | None = None
    ) -> int | None:
        """One UpdateItem, conditional when there is a `most`; see CounterStore."""
        if most is not None and amount > most:
            return None  # the condition speaks of an item that may not be there yet
        item = self._model(counter_pk(name), COUNTER_SK)
        try:
            with answering():
                item.update(self._actions(amount, until), condition=self._room(amount, most))
        except ConditionFailed:
            return None
        return int(item.total)

    def _actions(self, amount: int, until: datetime | None) -> list[Action]:
        actions: list[Action] = [self._model.total.add(amount)]
        if until is not None:
            actions.append(self._model.ttl.set(int(until.timestamp()) + 1))
        return actions

    def _room(self, amount: int, most: int | None) -> Condition | None:
        if most is None:
            return None
        total = self._model.total
        room: Condition = total.does_not_exist() | (total <= most - amount)
        return room

    def read(self, name: str) -> int:
        """One GetItem; see CounterStore."""
        try:
            with answering():
                return int(self._model.get(counter_pk(name), COUNTER_SK).total)
        except DoesNotExist:
            return 0
