"""What keeping the edge warm costs a month in one region. Pure; us-east-1's list prices."""

from typing import NamedTuple

from infra.caches import HOURS_A_MONTH


EVERY = 5  # minutes: as the schedule in app.py says
_SECONDS = 3.0  # of a round, by which a function of one GB is paid
_PER_CALL = 0.20 / 1e6 + _SECONDS * 0.0000166667
_PER_REQUEST = 1.00 / 1e6
_PER_EDGE_CALL = 0.61 / 1e6  # Lambda@Edge, once for each link


class WarmCost(NamedTuple):
    """Calls of the function, requests to the edge, and USD; without what is free at first."""

    calls: int
    requests: int
    monthly: float


def cost_of(links: int, assets: int) -> WarmCost:
    """For so many links, with an entry page of so many assets; none when there are no links."""
    if not links:
        return WarmCost(0, 0, 0.0)
    calls = round(HOURS_A_MONTH * 60 / EVERY)
    requests = calls * (1 + assets + links)
    paid = calls * (_PER_CALL + links * _PER_EDGE_CALL) + requests * _PER_REQUEST
    return WarmCost(calls, requests, paid)
