"""PutItem, UpdateItem and DeleteItem: to DynamoDB first, then to the item cache."""

from typing import Any

from local.dax.answers import ATTRIBUTES, METRICS, costs, metrics, success
from local.dax.engines import Engine, item_key
from local.dax.items import encode_some
from local.dax.keys import Schema, decode_key
from local.dax.options import read_options
from local.dax.values import Json


# What comes back of an update that shows the whole item as it is now.
_NEW = {"NONE", "ALL_NEW"}


async def put_item(engine: Engine, arguments: list[Any]) -> bytes:
    """The answer to PutItem."""
    table, key_bytes, value, raw = arguments[0].decode(), *arguments[1:]
    schema = await engine.schemas.of(table)
    options = read_options(raw)
    key = decode_key(key_bytes, schema)
    item = engine.decode(value) | key
    at = item_key(table, key, schema)
    with engine.writing([at]) as flight:
        body = {"TableName": table, "Item": item, **options.complete()}
        answer = await engine.upstream.ask("PutItem", body)
        engine.keep(flight, at, engine.encode(item, schema))
    return _answer(engine, answer, body, schema)


async def delete_item(engine: Engine, arguments: list[Any]) -> bytes:
    """The answer to DeleteItem."""
    table, key_bytes, raw = arguments[0].decode(), *arguments[1:]
    schema = await engine.schemas.of(table)
    options = read_options(raw)
    key = decode_key(key_bytes, schema)
    at = item_key(table, key, schema)
    with engine.writing([at]):
        body = {"TableName": table, "Key": key, **options.complete()}
        answer = await engine.upstream.ask("DeleteItem", body)
        engine.forget([at])
    return _answer(engine, answer, body, schema)


async def update_item(engine: Engine, arguments: list[Any]) -> bytes:
    """The answer to UpdateItem.

    The cache gets the new item where DynamoDB can tell it; where the client wants to see something
    else of it, the next read does.
    """
    table, key_bytes, raw = arguments[0].decode(), *arguments[1:]
    schema = await engine.schemas.of(table)
    options = read_options(raw)
    key = decode_key(key_bytes, schema)
    at = item_key(table, key, schema)
    wanted = options.body.get("ReturnValues", "NONE")
    told = "ALL_NEW" if wanted in _NEW else wanted
    with engine.writing([at]) as flight:
        body = {"TableName": table, "Key": key, **options.complete()}
        answer = await engine.upstream.ask("UpdateItem", body | {"ReturnValues": told})
        if wanted in _NEW:
            engine.keep(flight, at, engine.encode(answer["Attributes"], schema))
        else:
            engine.forget([at])
    return _answer(engine, answer, body, schema)


def _answer(engine: Engine, answer: Json, asked: Json, schema: Schema) -> bytes:
    wanted = asked.get("ReturnValues", "NONE")
    attributes = answer.get("Attributes")
    capacity = asked.get("ReturnConsumedCapacity", "NONE")
    fields = costs(answer, asked["TableName"], wanted=capacity != "NONE")
    if attributes and wanted.startswith("UPDATED"):
        fields[ATTRIBUTES] = encode_some(attributes, engine.lists)
    elif attributes and wanted != "NONE":
        fields[ATTRIBUTES] = engine.encode(attributes, schema)
    if found := metrics(answer.get("ItemCollectionMetrics")):
        fields[METRICS] = found
    return success(fields)
