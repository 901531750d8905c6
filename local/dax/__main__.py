"""`python -m local.dax DATABASE_URL`: a DAX cluster in front of a DynamoDB endpoint."""

import argparse
import asyncio
import os
import signal
from pathlib import Path

from local.children import inherited, listen, stop_with_parent, url_of
from local.controls import TOKEN, control_handler
from local.dax.clusters import Caching, Cluster
from local.dax.controls import commands, make_controls
from local.servers import Handler, start_server


def read_arguments() -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(prog="python -m local.dax", description=__doc__)
    parser.add_argument("descriptor", type=int, nargs="?", help="a socket's, to control it at")
    parser.add_argument("database_url", help="e.g. http://127.0.0.1:8000")
    parser.add_argument("--region", default="us-east-1")
    parser.add_argument("--ports", type=int, nargs="+", default=[8111, 8112, 8113], metavar="PORT")
    parser.add_argument("--items-fresh-for", type=float, default=300, help="seconds; 0: for ever")
    parser.add_argument("--queries-fresh-for", type=float, default=300, help="seconds; 0: not kept")
    parser.add_argument("--attribute-lists", type=Path, help="the file that keeps them")
    parser.add_argument("--controls", type=int, default=0, help="the port to control it at")
    return parser.parse_args()


def control(cluster: Cluster) -> Handler:
    """What takes commands: as a part of the stack, those alone that have its token."""
    token = os.environ.get(TOKEN)
    return control_handler(token, commands(cluster)) if token else make_controls(cluster)


async def serve(given: argparse.Namespace) -> None:
    """Serve until told to stop."""
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    caching = Caching(given.items_fresh_for, given.queries_fresh_for)
    controls = listen(given.controls) if given.descriptor is None else inherited(given.descriptor)
    cluster = Cluster(
        given.database_url,
        given.region,
        ports=given.ports,
        caching=caching,
        attribute_lists=given.attribute_lists,
    )
    async with cluster:
        runner = await start_server(control(cluster), controls)
        if given.descriptor is None:
            print(f"DAX is ready: {cluster.endpoint}, controls {url_of(controls)}", flush=True)
        await stopped.wait()
        await runner.cleanup()


def main() -> None:
    """Run the cluster."""
    given = read_arguments()
    if given.descriptor is not None:
        stop_with_parent()
    asyncio.run(serve(given))


if __name__ == "__main__":
    main()
