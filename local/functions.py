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
from typing import Any

from aiohttp import web
from chalice.app import Chalice
from chalice.local import LambdaContext

from local.templates import function_timeout


INVOKE = re.compile(r"/2015-03-31/functions/([^/]+)/invocations")
# What the functions are called here; on AWS that is the name of the API's own function.
PREFIX = "everhop-local"
WAITS = (1.0, 2.0)
MEMORY = 1024


class Functions:
    """The functions of an app, by their names in Lambda."""

    def __init__(self, app: Chalice) -> None:
        self._functions = {f"{PREFIX}-{one.name}": one for one in app.pure_lambda_functions}

    def answer(self, request: web.BaseRequest, body: bytes) -> web.Response | None:
        """The answer to an Invoke; None when the request is none."""
        match = INVOKE.fullmatch(request.path)
        if match is None:
            return None
        function = self._functions.get(match[1])
        if function is None:
            return _error(404, "ResourceNotFoundException", f"There is no function {match[1]}.")
        if request.headers.get("X-Amz-Invocation-Type") != "Event":
            return _error(400, "InvalidParameterValueException", "Only events are taken here.")
        event = json.loads(body or b"{}")
        threading.Thread(target=_run, args=(function, match[1], event), daemon=True).start()
        return web.Response(status=202)


def _error(status: int, kind: str, message: str) -> web.Response:
    body = {"Type": "User", "Message": message}
    return web.json_response(body, status=status, headers={"X-Amzn-Errortype": kind})


def _run(function: Callable[[Any, Any], Any], name: str, event: Any) -> None:
    timeout = function_timeout(name.removeprefix(f"{PREFIX}-"))
    for wait in (*WAITS, None):
        try:
            function(event, LambdaContext(name, MEMORY, timeout * 1000))
        except Exception:  # noqa: BLE001 - whatever a function raises, Lambda calls it again
            traceback.print_exc()
            if wait is not None:
                time.sleep(wait)
        else:
            return
