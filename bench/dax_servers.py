"""The bench's servers, for bench.dax: a DAX whose table is one item, and one that only answers.

Run as `python -m bench.dax_servers`; prints the ports of both, and ends with its standard input.
"""

import asyncio
import sys

from aiohttp import web

from local.children import listen, url_of
from local.dax.clusters import Cluster
from local.servers import start_server


ITEM = {
    "pk": {"S": "link#promo"},
    "sk": {"S": "link"},
    "destination": {"S": "https://example.com/" + "a" * 200},
    "version": {"N": "3"},
    "tags": {"SS": ["a", "b"]},
}
SCHEMA = {
    "AttributeDefinitions": [
        {"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")
    ],
    "KeySchema": [
        {"AttributeName": "pk", "KeyType": "HASH"},
        {"AttributeName": "sk", "KeyType": "RANGE"},
    ],
}
ANSWER = b"a" * 290  # about what the item takes


class Bare(asyncio.Protocol):
    """Answers whatever comes, with as many bytes as DAX has for the item."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        self.transport = transport

    def data_received(self, data: bytes) -> None:  # noqa: ARG002 - asyncio's word
        """Answer."""
        if isinstance(self.transport, asyncio.Transport):
            self.transport.write(ANSWER)


async def answer(request: web.BaseRequest) -> web.StreamResponse:
    """What DynamoDB would say of the table and of its item."""
    operation = request.headers["X-Amz-Target"].partition(".")[2]
    return web.json_response({"Table": SCHEMA} if operation == "DescribeTable" else {"Item": ITEM})


async def serve() -> None:
    """Serve until standard input ends."""
    database = listen()
    runner = await start_server(answer, database)
    loop = asyncio.get_running_loop()
    bare = await loop.create_server(Bare, "127.0.0.1", 0)
    async with Cluster(url_of(database)) as cluster:
        print(bare.sockets[0].getsockname()[1], cluster.nodes[0].port, flush=True)
        await asyncio.to_thread(sys.stdin.read)
    bare.close()
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(serve())
