"""One point of presence as a process: `python -m local.edge DESCRIPTOR PLAN_FILE`, by the stack."""

import asyncio
import os
import signal
import sys
from functools import partial
from pathlib import Path

from infra.edge import origin_request, origin_response, settings, viewer_request
from local.children import inherited, stop_with_parent
from local.controls import STATUS, TOKEN, Channel, ask
from local.edge import feeds, purges
from local.edge.access_logs import log_of
from local.edge.console import line_for
from local.edge.deliveries import bucket_at, deliver, deliver_always
from local.edge.doors import Door, Watch
from local.edge.firsts import make_first
from local.edge.log_events import LogEvents
from local.edge.origins import OriginClient
from local.edge.plans import Plan, read_plan
from local.edge.points import load_distribution, make_edges
from local.settings import ROOT


GLOBAL = ROOT / "infra" / "global"
HANDLERS = {
    "viewer-request": viewer_request.handler,
    "origin-request": origin_request.handler,
    "origin-response": origin_response.handler,
}


async def serve(plan: Plan, descriptor: int, token: str) -> None:
    """Answer until SIGTERM, and bring the last of the log away; `token` is the stack's."""
    distribution = load_distribution(
        GLOBAL / "edge.yaml", plan.parameters, [GLOBAL / "headers.yaml"]
    )
    client = OriginClient(plan.addresses)
    await client.open()
    (edge,) = make_edges([plan.place], distribution, client.send, HANDLERS)
    feed = feeds.Feed(settings.baked().slugs)
    cookies = distribution.log_cookies
    log = log_of(distribution.log_prefix, distribution.id, cookies=cookies, tell=feed.note)
    find_status = partial(asyncio.to_thread, ask, Channel(plan.control, token), STATUS, {})
    own = feeds.make_first(feed, make_first(frozenset(plan.hosts), find_status))
    first = purges.make_first([edge], token, own)
    door = Door(edge, log, _watch(plan), first)
    await door.open(inherited(descriptor))
    put = bucket_at(plan.s3_url, plan.logs)
    events = LogEvents(plan.logs, plan.tells)
    delivering = asyncio.create_task(deliver_always(log, put, events))
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    await stopped.wait()
    delivering.cancel()
    await door.close()
    await client.close()
    await deliver(log, put, events)


def _watch(plan: Plan) -> Watch | None:
    if not plan.says:
        return None
    line = line_for(plan.place, plan.regions)
    return lambda *told: print(line(*told), flush=True)


def main(descriptor: str, file: str) -> None:
    """Read the plan and serve."""
    stop_with_parent()
    plan = read_plan(Path(file))
    # What Lambda@Edge has in its zip, and what Lambda says to a function of where it runs.
    settings.FILE = Path(plan.functions)
    os.environ["AWS_REGION"] = plan.region
    asyncio.run(serve(plan, int(descriptor), os.environ[TOKEN]))


if __name__ == "__main__":
    main(*sys.argv[1:])
