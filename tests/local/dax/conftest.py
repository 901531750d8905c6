"""What the tests of the DAX server share: one DynamoDB behind all of them, and two tables that are alike."""

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web
from moto.server import create_backend_app

from local.children import listen, url_of
from local.dax.clusters import Caching, Cluster
from local.dax.threads import run_cluster
from local.moto_apps import ask_moto
from local.servers import start_server
from tests.local.dax.clients import dax_client, dynamodb_client
from tests.local.dax.pairs import Pair, S, make_pair, numbers


@pytest.fixture(scope="session")
def database() -> Iterator[str]:
    """The address of moto's DynamoDB, for the whole run; tests make tables of their own."""
    app = create_backend_app("dynamodb")

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        return ask_moto(app, request, await request.read()).to_http()

    loop, listener = asyncio.new_event_loop(), listen()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    runner = asyncio.run_coroutine_threadsafe(start_server(handle, listener), loop).result(10)
    yield url_of(listener)
    asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.fixture(scope="module")
def clients(database: str) -> Iterator[tuple[Any, Any]]:
    """Of DynamoDB and of DAX, whose item cache has what it can; the query cache has tests of its own."""
    cluster = Cluster(database, ports=(0, 0), caching=Caching(queries_fresh_for=0))
    with run_cluster(cluster) as running, dax_client(running.endpoint) as client:
        yield dynamodb_client(database), client


@pytest.fixture(scope="module")
def tables(clients: tuple[Any, Any]) -> Iterator[Pair]:
    pair = make_pair(clients, "S", "S")
    yield pair
    pair.check_tables()


@pytest.fixture
def pair(tables: Pair) -> Pair:
    return replace(tables, key={"pk": S(f"a.{next(numbers)}"), "sk": S("ü")})
