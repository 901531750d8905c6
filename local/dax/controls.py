"""A cluster's controls over HTTP: GET / says how it is, POST /faults breaks and heals nodes."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from local.controls import Act, ControlError
from local.dax.clusters import Cluster
from local.dax.faults import Fault
from local.servers import Handler


LOOK, BEHAVE = "dax-look", "dax-behave"


def make_controls(cluster: Cluster) -> Handler:
    """The handler. A fault is {"fault": "silent", "node": 0, "delay_for": 0.5}.

    Without `node` it is every node's. Each answer is the cluster's status.
    """

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        if "Origin" in request.headers:  # a page's, of whichever site
            return web.json_response({"message": "Not for web pages."}, status=403)
        if request.method == "POST" and request.path == "/faults":
            try:
                await _behave(cluster, await request.json())
            except (ValueError, TypeError, KeyError, AttributeError, IndexError) as error:
                return web.json_response({"message": f"No such fault: {error}"}, status=400)
            except OSError as error:
                return web.json_response({"message": f"Not healed: {error}"}, status=409)
        elif request.method != "GET" or request.path != "/":
            return web.json_response({"message": "GET / or POST /faults."}, status=404)
        return web.json_response(cluster.status())

    return handle


def commands(cluster: Cluster) -> dict[str, Act]:
    """The same as commands of the running stack: LOOK and BEHAVE."""

    async def look(_words: Mapping[str, Any]) -> dict[str, Any]:
        return cluster.status()

    async def behave(words: Mapping[str, Any]) -> dict[str, Any]:
        try:
            await _behave(cluster, dict(words))
        except (ValueError, KeyError, OSError) as error:
            raise ControlError(f"DAX can't be made so: {error}") from None
        return cluster.status()

    return {LOOK: look, BEHAVE: behave}


async def _behave(cluster: Cluster, wanted: dict[str, object]) -> None:
    number = wanted.get("node")
    if number is not None and number not in range(len(cluster.nodes)):
        raise ValueError(f"there is no node {number}.")
    node = None if number is None else int(str(number))
    delay_for = float(str(wanted.get("delay_for", 0)))
    await cluster.behave(Fault(str(wanted["fault"])), node, delay_for)
