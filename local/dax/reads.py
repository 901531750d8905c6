"""GetItem, through the item cache."""

from typing import Any

from local.dax.answers import ITEM, costs, success
from local.dax.engines import ABSENT, Engine, ItemKey, item_key
from local.dax.keys import Schema, decode_key
from local.dax.options import Raw, is_consistent, read_options, read_paths, wants_capacity
from local.dax.values import Json


def cached_item(engine: Engine, arguments: list[Any]) -> bytes | None:
    """The answer to GetItem where the cache has it."""
    table, key_bytes, raw = arguments[0].decode(), arguments[1], arguments[2]
    schema = engine.schemas.known(table)
    if schema is None or is_consistent(raw):
        return None
    key = decode_key(key_bytes, schema)
    item = engine.items.get(item_key(table, key, schema))
    if item is None:
        return None
    engine.counters.item_hits += 1
    return _answer(engine, item, key, raw, costs({}, table, wanted=wants_capacity(raw)))


async def get_item(engine: Engine, arguments: list[Any]) -> bytes:
    """The answer to GetItem, asked of DynamoDB."""
    table, key_bytes, raw = arguments[0].decode(), arguments[1], arguments[2]
    schema = await engine.schemas.of(table)
    key = decode_key(key_bytes, schema)
    body = {"TableName": table, "Key": key, **read_options(raw).complete()}
    if is_consistent(raw):
        answer = await engine.upstream.ask("GetItem", body)
        item = encoded_item(engine, answer, schema)
    else:
        engine.counters.item_misses += 1
        answer, item = await _fill(engine, item_key(table, key, schema), body, schema)
    return _answer(engine, item, key, raw, costs(answer, table, wanted=wants_capacity(raw)))


async def _fill(engine: Engine, key: ItemKey, body: Json, schema: Schema) -> tuple[Json, bytes]:
    with engine.flights.over([key], writes=False) as flight:
        answer = await engine.upstream.ask("GetItem", body)
        item = encoded_item(engine, answer, schema)
        engine.keep(flight, key, item)
    return answer, item


def encoded_item(engine: Engine, answer: Json, schema: Schema) -> bytes:
    """The item of DynamoDB's answer as caches keep it, or ABSENT."""
    return engine.encode(answer["Item"], schema) if answer.get("Item") else ABSENT


def _answer(
    engine: Engine, item: bytes, key: Json, raw: Raw | None, cost: dict[int, bytes]
) -> bytes:
    if item == ABSENT:
        return success(cost)
    return success({ITEM: engine.show(item, key, read_paths(raw)), **cost})
