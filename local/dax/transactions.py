"""TransactGetItems and TransactWriteItems: past the caches, which forget what a write names."""

from dataclasses import replace
from typing import Any, NamedTuple

from local.dax.answers import metrics_by_table, success, transaction_capacities
from local.dax.engines import ABSENT, Engine, item_key
from local.dax.errors import DaxError
from local.dax.expressions import condition_text, projection_paths, update_text
from local.dax.keys import Schema, decode_key
from local.dax.options import Options, read_options
from local.dax.reads import encoded_item
from local.dax.values import Json


_KINDS = {12: "ConditionCheck", 2: "Put", 7: "Delete", 9: "Update"}
_ON_FAILURE = {1: "NONE", 2: "ALL_OLD"}


async def transact_get_items(engine: Engine, arguments: list[Any]) -> bytes:
    """The answer to TransactGetItems."""
    tables, keys, projections, raw = arguments
    names = [table.decode() for table in tables]
    schemas = [await engine.schemas.of(name) for name in names]
    wanted = [decode_key(key, schema) for key, schema in zip(keys, schemas, strict=True)]
    gets = [
        {"Get": {"TableName": name, "Key": key}} for name, key in zip(names, wanted, strict=True)
    ]
    body = {"TransactItems": gets, **read_options(raw).body}
    answer = await engine.upstream.ask("TransactGetItems", body)
    found = [
        _shown(engine, encoded_item(engine, response, schema), key, projection)
        for response, schema, key, projection in zip(
            answer["Responses"], schemas, wanted, projections or [None] * len(keys), strict=True
        )
    ]
    return success([found, transaction_capacities(answer)])


def _shown(engine: Engine, item: bytes, key: Json, projection: bytes | None) -> bytes | None:
    if item == ABSENT:
        return None
    return engine.show(item, key, None if projection is None else projection_paths(projection))


class _Operation(NamedTuple):
    """One operation of a TransactWriteItems, as the rows of its arguments have it."""

    kind: int
    table: bytes
    key: bytes
    value: bytes | None  # of a Put
    on_failure: int | None
    condition: bytes | None
    update: bytes | None


async def transact_write_items(engine: Engine, arguments: list[Any]) -> bytes:
    """The answer to TransactWriteItems."""
    operations = _operations(arguments)
    schemas = [await engine.schemas.of(one.table.decode()) for one in operations]
    keys = [decode_key(one.key, schema) for one, schema in zip(operations, schemas, strict=True)]
    # DAX reads anew what a transaction has written. That it does so with what is only checked is
    # an assumption, which purges lean on (docs/purging.md): nobody has tried it on AWS.
    named = [
        item_key(one.table.decode(), key, schema)
        for one, key, schema in zip(operations, keys, schemas, strict=True)
    ]
    with engine.writing(named):
        items = [_item(engine, one, key) for one, key in zip(operations, keys, strict=True)]
        body = {"TransactItems": items, **read_options(arguments[-1]).body}
        try:
            answer = await engine.upstream.ask("TransactWriteItems", body)
        except DaxError as error:
            raise _with_items(engine, error, schemas) from None
        engine.forget(named)
    return success([None, transaction_capacities(answer), metrics_by_table(answer)])


def _operations(arguments: list[Any]) -> list[_Operation]:
    kinds, tables, keys, values, _, *optional, _ = arguments
    none = [None] * len(kinds)
    columns = [kinds, tables, keys, values or none, *(column or none for column in optional)]
    return [_Operation(*row) for row in zip(*columns, strict=True)]


def _item(engine: Engine, one: _Operation, key: Json) -> Json:
    options = Options({"TableName": one.table.decode()})
    if one.value is None:
        options.body["Key"] = key
    else:
        options.body["Item"] = engine.decode(one.value) | key
    if one.condition is not None:
        options.body["ConditionExpression"] = condition_text(one.condition, options.names)
    if one.update is not None:
        options.body["UpdateExpression"] = update_text(one.update, options.names)
    if one.on_failure is not None:
        options.body["ReturnValuesOnConditionCheckFailure"] = _ON_FAILURE[one.on_failure]
    return {_KINDS[one.kind]: options.complete()}


def _with_items(engine: Engine, error: DaxError, schemas: list[Schema]) -> DaxError:
    """The error with the items of its reasons as its reader wants them."""
    if not error.reasons:
        return error
    reasons = tuple(
        (code, message, engine.encode(item, schema) if item else None)
        for (code, message, item), schema in zip(error.reasons, schemas, strict=True)
    )
    return replace(error, reasons=reasons)
