"""BatchGetItem and BatchWriteItem: many items of several tables, each as if it came alone."""

from dataclasses import dataclass, field
from typing import Any

from local.dax.answers import capacities, metrics_by_table, success
from local.dax.engines import ABSENT, Engine, ItemKey, item_key
from local.dax.errors import invalid
from local.dax.expressions import Path, projection_paths
from local.dax.keys import Schema, decode_key, encode_key
from local.dax.options import read_options
from local.dax.values import Json


MOST_READ = 100
MOST_WRITTEN = 25


@dataclass
class _Asked:
    """What a BatchGetItem wants of one table."""

    schema: Schema
    consistent: bool
    paths: list[Path] | None
    keys: list[Json]
    found: list[tuple[Json, bytes]] = field(default_factory=list)  # keys and items
    missing: list[Json] = field(default_factory=list)  # keys that DynamoDB must be asked for


async def batch_get_item(engine: Engine, arguments: list[Any]) -> bytes:
    """The answer to BatchGetItem; what the item cache has is not asked for."""
    requests, raw = arguments
    tables = {table: await _read(engine, table, *asked) for table, asked in requests.items()}
    keys = [
        item_key(table, key, asked.schema) for table, asked in tables.items() for key in asked.keys
    ]
    _check_items(keys, MOST_READ, "BatchGetItem")
    for table, asked in tables.items():
        _look_up(engine, table, asked)
    missing = {table: asked for table, asked in tables.items() if asked.missing}
    answer: Json = {}
    if missing:
        answer = await _fetch(engine, missing, read_options(raw).body)
    responses = {table: _response(engine, asked) for table, asked in tables.items()}
    return success([responses, _unprocessed_keys(answer, tables)], capacities(answer))


def _check_items(items: list[ItemKey], most: int, operation: str) -> None:
    # In DynamoDB's place: it is asked for nothing that the cache has, and moto lets some pass.
    if len(items) > most:
        raise invalid(f"Too many items requested for the {operation} call")
    if len(set(items)) < len(items):
        raise invalid("Provided list of item keys contains duplicates")


async def _read(
    engine: Engine, table: str, consistent: bool, projection: bytes | None, keys: list[bytes]
) -> _Asked:
    schema = await engine.schemas.of(table)
    paths = None if projection is None else projection_paths(projection)
    return _Asked(schema, bool(consistent), paths, [decode_key(data, schema) for data in keys])


def _look_up(engine: Engine, table: str, asked: _Asked) -> None:
    for key in asked.keys:
        at = item_key(table, key, asked.schema)
        item = None if asked.consistent else engine.items.get(at)
        if item is None:
            asked.missing.append(key)
        elif item != ABSENT:
            asked.found.append((key, item))
    if not asked.consistent:
        engine.counters.item_hits += len(asked.keys) - len(asked.missing)
        engine.counters.item_misses += len(asked.missing)


async def _fetch(engine: Engine, missing: dict[str, _Asked], options: Json) -> Json:
    requests = {
        table: {"Keys": asked.missing, "ConsistentRead": asked.consistent}
        for table, asked in missing.items()
    }
    cacheable = {
        item_key(table, key, asked.schema)
        for table, asked in missing.items()
        if not asked.consistent
        for key in asked.missing
    }
    with engine.flights.over(cacheable, writes=False) as flight:
        answer = await engine.upstream.ask("BatchGetItem", {"RequestItems": requests, **options})
        items = {
            at: item
            for table, asked in missing.items()
            for at, item in _received(engine, table, asked, answer).items()
        }
        for at in cacheable & items.keys():
            engine.keep(flight, at, items[at])
    return answer


def _received(engine: Engine, table: str, asked: _Asked, answer: Json) -> dict[ItemKey, bytes]:
    """What is known now of the table's items: those that came, and those that are not there."""
    unprocessed = (answer.get("UnprocessedKeys") or {}).get(table, {}).get("Keys", [])
    known = {item_key(table, key, asked.schema): ABSENT for key in asked.missing}
    for key in unprocessed:
        del known[item_key(table, key, asked.schema)]
    for item in answer.get("Responses", {}).get(table, []):
        data = engine.encode(item, asked.schema)
        known[item_key(table, item, asked.schema)] = data
        asked.found.append(({name: item[name] for name, _ in asked.schema}, data))
    return known


def _response(engine: Engine, asked: _Asked) -> list[Any]:
    if asked.paths is not None:
        return [engine.show(item, key, asked.paths) for key, item in asked.found]
    return [part for key, item in asked.found for part in (encode_key(key, asked.schema), item)]


def _unprocessed_keys(answer: Json, tables: dict[str, _Asked]) -> dict[str, list[bytes]]:
    return {
        table: [encode_key(key, tables[table].schema) for key in left["Keys"]]
        for table, left in (answer.get("UnprocessedKeys") or {}).items()
    }


async def batch_write_item(engine: Engine, arguments: list[Any]) -> bytes:
    """The answer to BatchWriteItem; what DynamoDB wrote, the item cache has then."""
    requests, raw = arguments
    schemas = {table: await engine.schemas.of(table) for table in requests}
    wanted = {
        table: [
            _write(engine, schemas[table], *pair) for pair in zip(*[iter(flat)] * 2, strict=True)
        ]
        for table, flat in requests.items()
    }
    writes_at = [
        (item_key(table, _subject(one), schemas[table]), one)
        for table, writes in wanted.items()
        for one in writes
    ]
    _check_items([at for at, _ in writes_at], MOST_WRITTEN, "BatchWriteItem")
    items = dict(writes_at)
    with engine.writing(list(items)) as flight:
        body = {"RequestItems": wanted, **read_options(raw).body}
        answer = await engine.upstream.ask("BatchWriteItem", body)
        unprocessed = answer.get("UnprocessedItems") or {}
        left = {
            item_key(table, _subject(one), schemas[table])
            for table, writes in unprocessed.items()
            for one in writes
        }
        for at in items.keys() - left:
            if "PutRequest" in items[at]:
                engine.keep(flight, at, engine.encode(_subject(items[at]), schemas[at[0]]))
            else:
                engine.forget([at])
    back = {
        table: [part for one in writes for part in _encoded_write(engine, one, schemas[table])]
        for table, writes in unprocessed.items()
    }
    return success(back, capacities(answer), metrics_by_table(answer))


def _write(engine: Engine, schema: Schema, key_bytes: bytes, value: bytes | None) -> Json:
    key = decode_key(key_bytes, schema)
    if value is None:
        return {"DeleteRequest": {"Key": key}}
    return {"PutRequest": {"Item": engine.decode(value) | key}}


def _subject(write: Json) -> Json:
    """The item that is put, or the key of that which is deleted."""
    put: Json | None = write.get("PutRequest")
    return dict(put["Item"] if put else write["DeleteRequest"]["Key"])


def _encoded_write(engine: Engine, write: Json, schema: Schema) -> list[bytes | None]:
    subject = _subject(write)
    value = engine.encode(subject, schema) if "PutRequest" in write else None
    return [encode_key(subject, schema), value]
