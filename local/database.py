"""One region's DynamoDB: moto's server over the table of infra/, made durable by the journal.

Run by the stack as `python -m local.database DESCRIPTOR DATA_FOLDER REGION TABLE [--api URL]
[--peer REGION=URL ...]`: where the region's functions are, and the DynamoDB of each other region.
With LOCAL_CONTROL_TOKEN in the environment it takes commands at the same port (local/replication).
"""

import argparse
import asyncio
import os
import sqlite3
import sys
from pathlib import Path

from aiohttp import web
from flask import Flask
from moto.core import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.server import create_backend_app

from local.children import inherited, stop_with_parent
from local.controls import PREFIX, TOKEN, Channel, control_handler
from local.data import data_file
from local.fences import FENCE, Fences, refusal
from local.journal import Journal, record
from local.moto_apps import MotoAnswer, ask_moto
from local.queries import spare_scans
from local.replication.commands import acts
from local.replication.replicas import Replica
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


def make_handler(app: Flask, replica: Replica, token: str = "") -> Handler:
    """The request handler: one request at a time, as moto is not safe under threads."""
    fences = Fences()
    control = control_handler(token, acts(replica) | {FENCE: fences.set}) if token else None

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        if control and request.path.startswith(PREFIX):
            return await control(request)
        body = await request.read()
        if fences.refuses(request.headers):
            return refusal(request.headers)
        answered, written = await replica.run(lambda: answer(app, replica.journal, request, body))
        if written:
            replica.news.tell()
        return answered

    return handle


def answer(
    app: Flask, journal: Journal, request: web.BaseRequest, body: bytes
) -> tuple[web.Response, bool]:
    """What moto says to one request, and whether it may have written something.

    What it wrote is on disk before anyone hears of it.
    """
    answered: MotoAnswer = ask_moto(app, request, body)
    operation = request.headers.get("X-Amz-Target", "").partition(".")[2]
    try:
        written = record(journal, operation, body, accepted=answered.status == 200)
    except sqlite3.Error as error:
        return _refused(f"The write could not be kept: {error}."), False
    return answered.to_http(), written


def _refused(message: str) -> web.Response:
    fault = {"__type": "com.amazonaws.dynamodb.v20120810#InternalServerError", "message": message}
    print(f"DynamoDB: {message}", file=sys.stderr)
    return web.json_response(fault, status=500, content_type="application/x-amz-json-1.0")


def main(words: list[str]) -> None:
    """Restore the table and serve until told to stop."""
    options = _parser().parse_args(words)
    stop_with_parent()
    spare_casts()
    spare_copies()
    spare_parsing()
    spare_scans()
    make_table(options.region, options.table)
    file = Path(options.data) / data_file(options.region)
    try:
        journal = Journal(file, options.region)
        journal.restore(options.table)
    except sqlite3.Error as error:
        sys.exit(f"The links in {file} can't be read: {error}.")
    token = os.environ.get(TOKEN, "")
    urls = dict(one.split("=", 1) for one in options.peer)
    peers = {region: Channel(url, token) for region, url in urls.items()}
    replica = Replica(journal, options.table, token, peers, options.api)
    handler = make_handler(create_backend_app("dynamodb"), replica, token)
    asyncio.run(_serve(replica, handler, options.descriptor))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local.database", description=__doc__)
    parser.add_argument("descriptor", type=int)
    parser.add_argument("data")
    parser.add_argument("region")
    parser.add_argument("table")
    parser.add_argument("--api", default="", metavar="URL")
    parser.add_argument("--peer", action="append", default=[], metavar="REGION=URL")
    return parser


async def _serve(replica: Replica, handler: Handler, descriptor: int) -> None:
    async with replica:
        closing = replica.origin.close
        await serve_until_stopped(handler, inherited(descriptor), closing=closing)


if __name__ == "__main__":
    main(sys.argv[1:])
