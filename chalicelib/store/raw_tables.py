"""The table by its client alone, for items whose attributes have names that no model knows."""

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from chalicelib.core.errors import Unavailable
from chalicelib.store.job_clients import blaming
from chalicelib.store.models import LinkItem


Json = dict[str, Any]
T = TypeVar("T")
TRIES = 5
_READ_AT_ONCE = 100
_DELETED_AT_ONCE = 25


class RawTable:
    """The table of a bound model, over its connection; every method raises Unavailable."""

    def __init__(self, model: type[LinkItem]) -> None:
        self._model = model
        self._name: str = model.Meta.table_name

    @property
    def client(self) -> Any:
        """The client of the model."""
        return self._model._get_connection().connection.client  # noqa: SLF001 - no other way in

    def query(
        self,
        pk: str,
        between: tuple[str, str] | None = None,
        attributes: Sequence[str] | None = None,
    ) -> Iterator[Json]:
        """The items of a partition; of those whose sort keys are between these two, if given.

        With `attributes` these alone and the sort key. A whole partition is read consistently.
        """
        names, values, condition = {"#p": "pk"}, {":p": {"S": pk}}, "#p = :p"
        if between:
            names["#s"] = "sk"
            values |= {":a": {"S": between[0]}, ":b": {"S": between[1]}}
            condition += " AND #s BETWEEN :a AND :b"
        asked: Json = {
            "TableName": self._name,
            "KeyConditionExpression": condition,
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": values,
            "ConsistentRead": between is None,
        }
        if attributes is not None:
            marks = {"#s": "sk", **{f"#{at}": name for at, name in enumerate(attributes)}}
            names |= marks
            asked["ProjectionExpression"] = ", ".join(marks)
        while True:
            with blaming("The table"):
                answer = self.client.query(**asked)
            yield from answer["Items"]
            if not answer.get("LastEvaluatedKey"):
                return
            asked["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def get_all(self, keys: Sequence[tuple[str, str]], only: str = "") -> Iterator[Json]:
        """The items that are there of these keys, in no order; `only` their pk and that, if set."""
        asked: Json = {"ProjectionExpression": f"pk, {only}"} if only else {}
        for batch in _batches(keys, _READ_AT_ONCE):
            left: Json = {self._name: {"Keys": [key_of(*key) for key in batch], **asked}}
            for _ in range(TRIES):
                with blaming("The table"):
                    answer = self.client.batch_get_item(RequestItems=left)
                yield from answer["Responses"].get(self._name, ())
                left = answer.get("UnprocessedKeys") or {}
                if not left:
                    break
            else:
                raise Unavailable("The table did not read all there is; please try again.")

    def delete_all(self, keys: Sequence[tuple[str, str]]) -> None:
        """Delete the items with these keys."""
        for batch in _batches(keys, _DELETED_AT_ONCE):
            left: Json = {self._name: [{"DeleteRequest": {"Key": key_of(*key)}} for key in batch]}
            for _ in range(TRIES):
                with blaming("The table"):
                    answer = self.client.batch_write_item(RequestItems=left)
                left = answer.get("UnprocessedItems") or {}
                if not left:
                    break
            else:
                raise Unavailable("The table did not delete all there is; please try again.")

    def change(self, pk: str, sk: str, expression: str, values: Json) -> Json:
        """An update of one item, as UpdateItem and transactions take it."""
        return {
            "TableName": self._name,
            "Key": key_of(pk, sk),
            "UpdateExpression": expression,
            "ExpressionAttributeValues": values,
        }


def key_of(pk: str, sk: str) -> Json:
    """The key of an item as the client has it."""
    return {"pk": {"S": pk}, "sk": {"S": sk}}


def number(value: int) -> Json:
    """A number as the client has it."""
    return {"N": str(value)}


def _batches(things: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    return (things[at : at + size] for at in range(0, len(things), size))
