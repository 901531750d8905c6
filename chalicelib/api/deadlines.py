"""How long a request may still work, so that its answer leaves before the function is ended."""

import time
from typing import Any

from chalice.app import Request

from chalicelib.service.workers import Left


# API Gateway gives up at 29 s; the function's own limit may be shorter.
LONGEST = 20.0
NEEDED_TO_ANSWER = 1.5


def seconds_left(request: Request) -> Left:
    """What tells the seconds that are left from now on; by the wall's clock, as Lambda counts."""
    started = time.monotonic()
    context: Any = request.lambda_context

    def left() -> float:
        ends_in: float = context.get_remaining_time_in_millis() / 1000 - NEEDED_TO_ANSWER
        return min(ends_in, LONGEST - (time.monotonic() - started))

    return left
