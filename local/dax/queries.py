"""Query and Scan, through the query cache."""

from collections.abc import Hashable
from typing import Any

from local.dax.answers import (
    COUNT,
    ITEMS,
    LAST_KEY,
    SCANNED,
    costs,
    encoded,
    success,
    text_keyed,
)
from local.dax.engines import OVERHEAD, Engine
from local.dax.expressions import Names, Path, condition_text
from local.dax.items import project
from local.dax.keys import Schema, encode_key
from local.dax.options import (
    BESIDES,
    Raw,
    is_consistent,
    read_options,
    read_paths,
    wants_capacity,
)
from local.dax.values import Json


def cached_query(engine: Engine, arguments: list[Any]) -> bytes | None:
    """The answer to Query where the cache has it."""
    return _cached(engine, *arguments)


def cached_scan(engine: Engine, arguments: list[Any]) -> bytes | None:
    """The answer to Scan where the cache has it."""
    return _cached(engine, arguments[0], None, arguments[1])


async def query(engine: Engine, arguments: list[Any]) -> bytes:
    """The answer to Query, asked of DynamoDB."""
    return await _ask(engine, "Query", *arguments)


async def scan(engine: Engine, arguments: list[Any]) -> bytes:
    """The answer to Scan, asked of DynamoDB."""
    return await _ask(engine, "Scan", arguments[0], None, arguments[1])


def _parameters(table: bytes, condition: bytes | None, raw: Raw | None) -> Hashable:
    """The key in the query cache: all that is asked, but how."""
    asked = sorted(option for option in (raw or {}).items() if option[0] not in BESIDES)
    return table, condition, tuple(asked)


def _cached(engine: Engine, table: bytes, condition: bytes | None, raw: Raw | None) -> bytes | None:
    if is_consistent(raw):
        return None
    fields = engine.queries.get(_parameters(table, condition, raw))
    if fields is None:
        return None
    engine.counters.query_hits += 1
    return success(fields | costs({}, table.decode(), wanted=wants_capacity(raw)))


async def _ask(
    engine: Engine, operation: str, table: bytes, condition: bytes | None, raw: Raw | None
) -> bytes:
    name = table.decode()
    schema = await engine.schemas.of(name)
    paths = read_paths(raw)
    body = _body(name, condition, raw, schema, paths)
    answer = await engine.upstream.ask(operation, body)
    fields = encoded(_fields(engine, answer, raw, schema, paths))
    if not is_consistent(raw):
        engine.counters.query_misses += 1
        size = sum(map(len, fields.values())) + OVERHEAD
        engine.queries.put(_parameters(table, condition, raw), fields, size)
    return success(fields | costs(answer, name, wanted=wants_capacity(raw)))


def _body(
    table: str, condition: bytes | None, raw: Raw | None, schema: Schema, paths: list[Path] | None
) -> Json:
    options = read_options(raw, schema)
    body = {"TableName": table}
    if condition is not None:
        body["KeyConditionExpression"] = condition_text(condition, options.names)
    if paths is not None:
        body["ProjectionExpression"] = _attributes_text(paths, options.names)
    return body | options.complete()


def _attributes_text(paths: list[Path], names: Names) -> str:
    # Whole attributes: DynamoDB closes the gaps in lists, so that places in them can't be told.
    return ", ".join(dict.fromkeys(names.name(str(path[0])) for path in paths))


def _fields(
    engine: Engine, answer: Json, raw: Raw | None, schema: Schema, paths: list[Path] | None
) -> dict[int, Any]:
    fields: dict[int, Any] = {COUNT: answer["Count"], SCANNED: answer["ScannedCount"]}
    if "Items" in answer:
        fields[ITEMS] = [_shown(engine, item, schema, paths) for item in answer["Items"]]
    if answer.get("LastEvaluatedKey"):
        fields[LAST_KEY] = _last_key(answer["LastEvaluatedKey"], raw, schema)
    return fields


def _shown(engine: Engine, item: Json, schema: Schema, paths: list[Path] | None) -> Any:
    if paths is not None:
        return project(item, paths)
    return [encode_key(item, schema), engine.encode(item, schema)]


def _last_key(key: Json, raw: Raw | None, schema: Schema) -> bytes:
    options = read_options(raw, schema)
    return text_keyed(key) if "IndexName" in options.body else encode_key(key, schema)
