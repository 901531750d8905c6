"""Lambda's Invoke API over the region's own functions, which run in threads of its process.

An event is taken at once and run then. One that fails is run again, twice, as Lambda does it; only
the waits are shorter than Lambda's one and two minutes.
"""

import json
import re
import threading
import time
import traceback
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from aiohttp import web
from chalice.app import Chalice
from chalice.local import LambdaContext

from local.templates import function_timeout


INVOKE = re.compile(r"/2015-03-31/functions/([^/]+)/invocations")
Function = Callable[[Any, Any], Any]
# What the functions are called here; on AWS that is the name of the API's own function.
PREFIX = "everhop-local"
WAITS = (1.0, 2.0)
MEMORY = 1024


class Functions:
    """The functions of an app, by their names in Lambda."""

    def __init__(self, app: Chalice) -> None:
        self._functions = {f"{PREFIX}-{name}": it for name, it in app.handler_map.items()}

    def answer(self, name: str, request: web.BaseRequest, body: bytes) -> web.Response:
        """The answer to an Invoke of a function. That of a RequestResponse takes its time.

        As Lambda has it: an Event is taken and run then, a RequestResponse is run now and once, a
        DryRun only says whether there is such a function.
        """
        function = self._functions.get(name)
        if function is None:
            return _error(404, "ResourceNotFoundException", f"There is no function {name}.")
        kind = request.headers.get("X-Amz-Invocation-Type", "RequestResponse")
        if kind == "DryRun":
            return web.Response(status=204)
        event = json.loads(body or b"{}")
        if kind == "RequestResponse":
            return _respond(function, name, event)
        threading.Thread(target=_run, args=(function, name, event), daemon=True).start()
        return web.Response(status=202)


def _error(status: int, kind: str, message: str) -> web.Response:
    body = {"Type": "User", "Message": message}
    return web.json_response(body, status=status, headers={"X-Amzn-Errortype": kind})


def _respond(function: Function, name: str, event: Any) -> web.Response:
    """What the function returns, or how it failed, within the time that it has."""
    outcome: Future[Any] = Future()

    def run() -> None:
        try:
            outcome.set_result(function(event, _context(name)))
        except Exception as error:  # noqa: BLE001 - whatever a function raises, Lambda tells it
            traceback.print_exc()
            outcome.set_exception(error)

    # Not of a pool: one that never ends must not hold up the others, nor the end of the process.
    threading.Thread(target=run, daemon=True).start()
    try:
        return web.json_response(outcome.result(_timeout(name)))
    except TimeoutError:
        said = {"errorType": "Sandbox.Timedout", "errorMessage": f"{name} timed out"}
    except Exception as error:  # noqa: BLE001 - as above
        said = {"errorType": type(error).__name__, "errorMessage": str(error)}
    return web.json_response(said, headers={"X-Amz-Function-Error": "Unhandled"})


def _timeout(name: str) -> int:
    return function_timeout(name.removeprefix(f"{PREFIX}-"))


def _context(name: str) -> LambdaContext:
    return LambdaContext(name, MEMORY, _timeout(name) * 1000)


def _run(function: Function, name: str, event: Any) -> None:
    for wait in (*WAITS, None):
        try:
            function(event, _context(name))
        except Exception:  # noqa: BLE001 - whatever a function raises, Lambda calls it again
            traceback.print_exc()
            if wait is not None:
                time.sleep(wait)
        else:
            return
