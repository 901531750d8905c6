"""What the tests of the DAX server share: one DynamoDB behind all of them."""

import asyncio
import threading
from collections.abc import Iterator

import pytest
from aiohttp import web
from moto.server import create_backend_app

from local.children import listen, url_of
from local.moto_apps import ask_moto
from local.servers import start_server


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
