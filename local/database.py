"""One region's DynamoDB: moto's server over the table of infra/, made durable by the journal.

Run by the stack as `python -m local.database DESCRIPTOR DATA_FOLDER REGION TABLE`.
"""

import asyncio
import sqlite3
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from aiohttp import web
from flask import Flask
from moto.core import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.server import create_backend_app

from local.children import inherited, stop_with_parent
from local.data import data_file
from local.journal import Journal, record
from local.moto_apps import ask_moto
from local.servers import Handler, serve_until_stopped
from local.templates import table_request
from local.transactions import spare_copies, spare_parsing


def spare_casts() -> None:
    """Let moto compare texts as they are: its general cast makes sorting a list 3 times as long."""
    cast = DynamoType.cast_value.fget
    DynamoType.cast_value = property(lambda it: it.value if it.type == "S" else cast(it))


def make_table(region: str, name: str) -> None:
    """Make the table in moto, as the template says."""
    request = table_request(name)
    dynamodb_backends[DEFAULT_ACCOUNT_ID][region].create_table(
        request["TableName"],
        schema=request["KeySchema"],
        throughput=None,
        attr=request["AttributeDefinitions"],
        global_indexes=request["GlobalSecondaryIndexes"],
        indexes=[],
        streams=None,
        billing_mode=request["BillingMode"],
        sse_specification=None,
        tags=[],
        deletion_protection_enabled=False,
        warm_throughput=None,
    )


def make_handler(app: Flask, journal: Journal) -> Handler:
    """The request handler: one request at a time, as moto is not safe under threads."""
    one_at_a_time = ThreadPoolExecutor(1, "dynamodb")

    async def handle(request: web.BaseRequest) -> web.Response:
        body = await request.read()
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(one_at_a_time, answer, app, journal, request, body)

    return handle


def answer(app: Flask, journal: Journal, request: web.BaseRequest, body: bytes) -> web.Response:
    """What moto says to one request; what it wrote is on disk before anyone hears of it."""
    answered = ask_moto(app, request, body)
    try:
        record(journal, request.headers.get("X-Amz-Target", "").partition(".")[2], body)
    except sqlite3.Error as error:
        return _refused(f"The write could not be kept: {error}.")
    return answered.to_http()


def _refused(message: str) -> web.Response:
    fault = {"__type": "com.amazonaws.dynamodb.v20120810#InternalServerError", "message": message}
    print(f"DynamoDB: {message}", file=sys.stderr)
    return web.json_response(fault, status=500, content_type="application/x-amz-json-1.0")


def main(descriptor: str, data: str, region: str, table: str) -> None:
    """Restore the table and serve until told to stop."""
    stop_with_parent()
    spare_casts()
    spare_copies()
    spare_parsing()
    make_table(region, table)
    file = Path(data) / data_file(region)
    try:
        journal = Journal(file, region)
        journal.restore(table)
    except sqlite3.Error as error:
        sys.exit(f"The links in {file} can't be read: {error}.")
    handler = make_handler(create_backend_app("dynamodb"), journal)
    asyncio.run(serve_until_stopped(handler, inherited(int(descriptor))))


if __name__ == "__main__":
    main(*sys.argv[1:])
