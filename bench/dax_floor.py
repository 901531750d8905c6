"""The floor of a read over a socket: takes some bytes, and answers as many as a GetItem of DAX.

Run by bench.dax as `python -m bench.dax_floor DESCRIPTOR`. An event loop, as the local cluster is.
"""

import asyncio
import sys

from local.children import inherited, stop_with_parent


REQUEST, ANSWER = b"q" * 60, b"a" * 240


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer whatever comes."""
    while await reader.read(4096):
        writer.write(ANSWER)
    writer.close()


async def serve(descriptor: int) -> None:
    """Serve until told to stop."""
    async with await asyncio.start_server(answer, sock=inherited(descriptor)) as server:
        await server.serve_forever()


def main(descriptor: str) -> None:
    """Run the floor."""
    stop_with_parent()
    asyncio.run(serve(int(descriptor)))


if __name__ == "__main__":
    main(*sys.argv[1:])
