"""The methods of the DAX protocol: their numbers, how many items each has, and who answers."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from local.dax.answers import success
from local.dax.batches import batch_get_item, batch_write_item
from local.dax.engines import Engine
from local.dax.queries import cached_query, cached_scan, query, scan
from local.dax.reads import cached_item, get_item
from local.dax.transactions import transact_get_items, transact_write_items
from local.dax.writes import delete_item, put_item, update_item


AtOnce = Callable[[Engine, list[Any]], bytes | None]
Asking = Callable[[Engine, list[Any]], Awaitable[bytes]]


@dataclass(frozen=True)
class Method:
    """One method. `at_once` answers without waiting, or says None; then `asking` does."""

    name: str
    arguments: int
    at_once: AtOnce | None = None
    asking: Asking | None = None


def attribute_list_id(engine: Engine, arguments: list[Any]) -> bytes:
    """The answer to defineAttributeListId."""
    return success(engine.lists.id_of(arguments[0]))


def attribute_list(engine: Engine, arguments: list[Any]) -> bytes:
    """The answer to defineAttributeList."""
    return success(engine.lists.names_of(arguments[0]))


async def key_schema(engine: Engine, arguments: list[Any]) -> bytes:
    """The answer to defineKeySchema."""
    return success(dict(await engine.schemas.of(arguments[0].decode())))


AUTHORIZE = Method("authorizeConnection", 5)
ENDPOINTS = Method("endpoints", 0)
METHODS = {
    1489122155: AUTHORIZE,
    455855874: ENDPOINTS,
    -742646399: Method("defineKeySchema", 1, asking=key_schema),
    -1230579644: Method("defineAttributeListId", 1, at_once=attribute_list_id),
    670678385: Method("defineAttributeList", 1, at_once=attribute_list),
    263244906: Method("GetItem", 3, cached_item, get_item),
    -2106490455: Method("PutItem", 4, asking=put_item),
    1013539361: Method("DeleteItem", 3, asking=delete_item),
    1425579023: Method("UpdateItem", 3, asking=update_item),
    -931250863: Method("Query", 3, cached_query, query),
    -1875390620: Method("Scan", 2, cached_scan, scan),
    -697851100: Method("BatchGetItem", 2, asking=batch_get_item),
    116217951: Method("BatchWriteItem", 2, asking=batch_write_item),
    1866287579: Method("TransactGetItems", 4, asking=transact_get_items),
    -1160037738: Method("TransactWriteItems", 9, asking=transact_write_items),
}
