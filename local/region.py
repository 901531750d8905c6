"""One region's API: the Chalice app behind what stands for API Gateway, at `/api`.

Run by the stack as `python -m local.region DESCRIPTOR REGION`. Chalice's own local gateway makes
the Lambda events; this adds the stage path, the gateway's limits and its own answers. At the same
port, out of the front's reach, are Lambda's own API for the app's other functions, and the commands
of the control channel.
"""

import asyncio
import base64
import functools
import os
import sys
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from aiohttp import web
from botocore.credentials import Credentials
from chalice.app import Chalice
from chalice.config import Config
from chalice.local import (
    CustomLocalChalice,
    LambdaEventConverter,
    LocalChalice,
    LocalGateway,
    LocalGatewayException,
    RouteMatcher,
)

from chalicelib.core.origin_proofs import prove
from chalicelib.core.visitors import ADDRESS, PROOF, RAW_QUERY
from local.cache_commands import cache_acts
from local.children import inherited, stop_with_parent
from local.controls import PREFIX as CONTROL
from local.controls import TOKEN, control_handler
from local.functions import INVOKE, Functions
from local.invalidators import signed_by
from local.servers import Handler, read_body, serve_until_stopped
from local.stage_api import InvalidationRefused, StageApi, stage_cache
from local.templates import gateway_response


STAGE_PATH = "/api"
CONCURRENCY = 32
LAMBDA_TIMEOUT = 29
# Lambda takes no larger event, and in it a body is base64, beside all that is said of a request.
MAX_EVENT = 6 * 1024 * 1024
ENVELOPE = 32 * 1024


class StagedEvents(LambdaEventConverter):
    """Events that tell, as API Gateway's do, at which path below the stage the client asked."""

    def create_lambda_event(
        self, method: str, path: str, headers: dict[str, str], body: bytes | None = None
    ) -> dict[str, Any]:
        """Chalice's own event with the stage in its context, and headers as they were written."""
        event: dict[str, Any] = super().create_lambda_event(method, path, headers, body)
        event["headers"] = dict(headers)
        context = event["requestContext"]
        context |= {"stage": STAGE_PATH.strip("/"), "path": STAGE_PATH + context["path"]}
        return event


class OwnDoor:
    """Lets this machine's own clients ask a region by itself, which on AWS only the edge may.

    What bears a proof, be it right or wrong, is left as it is: the edge is the app's to judge. All
    else gets what the edge would say, so that it shares the edge's answers, and their purges.
    """

    def __init__(self, secret: str) -> None:
        self._secret = secret

    def open(self, headers: Mapping[str, str], query: str, remote: str) -> dict[str, str]:
        """The headers as the app gets them."""
        if not self._secret or PROOF in headers:
            return dict(headers)
        said = {RAW_QUERY: query, ADDRESS: remote, PROOF: prove(self._secret, time.time())}
        return {name: it for name, it in headers.items() if name.lower() not in said} | said


def make_gateway(app: Chalice) -> LocalGateway:
    """Chalice's gateway for the app, with one current request per thread."""
    CustomLocalChalice.__bases__ = (LocalChalice, app.__class__)
    app.__class__ = CustomLocalChalice
    config = Config.create(chalice_app=app, project_dir=".", lambda_timeout=LAMBDA_TIMEOUT)
    gateway = LocalGateway(app, config)
    gateway.event_converter = StagedEvents(RouteMatcher(list(app.routes)), app.api.binary_types)
    return gateway


def answer(api: StageApi, door: OwnDoor, request: web.BaseRequest, body: bytes) -> web.Response:
    """What the API says to one request; runs in a thread of its own."""
    path = request.raw_path.removeprefix(STAGE_PATH)
    if not request.raw_path.startswith(STAGE_PATH + "/"):
        return _gateway_answer("MISSING_AUTHENTICATION_TOKEN")
    if 4 * len(body) // 3 > MAX_EVENT - ENVELOPE:
        return _gateway_answer("REQUEST_TOO_LARGE")
    try:
        headers = door.open(request.headers, path.partition("?")[2], request.remote or "")
        response = api.handle(request.method, path, headers, body)
    except LocalGatewayException:
        return _gateway_answer("MISSING_AUTHENTICATION_TOKEN")
    except InvalidationRefused:
        return _gateway_answer("DEFAULT_4XX", 403)
    return _to_http(response)


def _gateway_answer(kind: str, status: int = 0) -> web.Response:
    status, headers, body = gateway_response(kind, status)
    return web.Response(status=status, headers=headers, body=body)


def _to_http(response: dict[str, Any]) -> web.Response:
    body = response["body"] or ""
    data = base64.b64decode(body) if response.get("isBase64Encoded") else body.encode()
    answered = web.Response(status=response["statusCode"], headers=response["headers"], body=data)
    for name, values in response.get("multiValueHeaders", {}).items():
        for value in values:
            answered.headers.add(name, value)
    return answered


def make_handler(
    api: StageApi,
    functions: Functions | None = None,
    control: Handler | None = None,
    secret: str = "",
) -> Handler:
    """The request handler: reads the body on the loop, runs the app on a thread.

    `secret` is what the app knows the edge by.
    """
    door = OwnDoor(secret)
    pool = ThreadPoolExecutor(CONCURRENCY, "lambda")
    invocations = ThreadPoolExecutor(CONCURRENCY, "invocation")  # visitors don't wait for them

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        if control and request.path.startswith(CONTROL):
            return await control(request)
        try:
            body = await read_body(request)
        except web.HTTPRequestEntityTooLarge:
            return _gateway_answer("REQUEST_TOO_LARGE")
        loop = asyncio.get_running_loop()
        invoked = INVOKE.fullmatch(request.path) if functions else None
        if functions and invoked:
            call = functools.partial(functions.answer, invoked[1], request, body)
            return await loop.run_in_executor(invocations, call)
        return await loop.run_in_executor(pool, answer, api, door, request, body)

    return handle


def main(descriptor: str, region: str) -> None:
    """Load the app from the environment and serve it."""
    stop_with_parent()
    from app import app  # noqa: PLC0415 - after stop_with_parent: a failing app must end too

    cache = stage_cache(f"prod-{region}", on=os.environ.get("EVERHOP_API_CACHE") == "on")
    # The one principal of this machine: who signs with what this process has.
    principal = Credentials(os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"])
    may_invalidate = signed_by(principal, region)
    api = StageApi(app, make_gateway(app), cache, may_invalidate=may_invalidate)
    control = control_handler(os.environ[TOKEN], cache_acts(api))
    (secret, *_) = os.environ.get("EVERHOP_ORIGIN_SECRETS", "").split() or [""]
    handler = make_handler(api, Functions(app), control, secret)
    asyncio.run(serve_until_stopped(handler, inherited(int(descriptor))))


if __name__ == "__main__":
    main(*sys.argv[1:])
