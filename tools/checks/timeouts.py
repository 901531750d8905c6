"""Checks of who waits for whom: the table's client, the function, API Gateway, the edge."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from infra.timeouts import API_GATEWAY, GONE_WITHIN, LONGEST_FUNCTION, Origin
from tools.findings import Finding, ok, wrong


_WHERE = "set lambda_timeout to {} for {} in .chalice/config.json"


class Waits(NamedTuple):
    """Seconds in one stage: of the API's function, of the others by name, of a table's call."""

    stage: str
    api_for: int
    others: Mapping[str, int]
    table_call_for: int


def judge_waits(asked: Waits) -> Iterator[Finding]:
    """A function must outlast a silent table, and API Gateway the function."""
    faults = list(_wait_faults(asked))
    yield from faults or [
        ok(
            f"table {asked.table_call_for} s < function {asked.api_for} s "
            f"< API Gateway {API_GATEWAY} s",
            asked.stage,
        )
    ]


def _wait_faults(asked: Waits) -> Iterator[Finding]:
    stage, longest = asked.stage, asked.table_call_for
    if asked.api_for <= longest:
        yield wrong(
            f"the function ends after {asked.api_for} s, and a silent table takes "
            f"{longest} s to be told",
            _WHERE.format(longest + 4, stage),
            stage,
        )
    if asked.api_for >= API_GATEWAY:
        yield wrong(
            f"API Gateway gives up after {API_GATEWAY} s, the function after {asked.api_for} s",
            _WHERE.format(10, stage),
            stage,
        )
    for name, takes in asked.others.items():
        if not longest < takes <= LONGEST_FUNCTION:
            yield wrong(
                f"{name} may take {takes} s, but {longest + 1} to {LONGEST_FUNCTION} work",
                _WHERE.format(LONGEST_FUNCTION, f"lambda_functions.{name}"),
                stage,
            )


class Edge(NamedTuple):
    """The origins of the distributions in infra/, and the longest function that is behind them."""

    origins: Sequence[Origin]
    api_for: int


def judge_edge(asked: Edge) -> Iterator[Finding]:
    """CloudFront must give up soon on a region that is gone, and last on its only one."""
    for origin in asked.origins:
        faults = list(_origin_faults(origin, asked.api_for))
        yield from faults or [ok("the edge gives up in time", origin.name)]


def _origin_faults(origin: Origin, api_for: int) -> Iterator[Finding]:
    gone_after = origin.attempts * origin.connect_for
    if gone_after > GONE_WITHIN:
        yield wrong(
            f"the edge waits {gone_after} s for {origin.name} when it is gone, before the next "
            f"region is asked",
            "set ConnectionAttempts: 1 and ConnectionTimeout: 1 for it in infra/",
        )
    # Where there is a next region, to give a slow one up early is what is wanted.
    if origin.read_for is not None and origin.read_for <= api_for and not origin.has_next:
        yield wrong(
            f"the edge gives {origin.name} up after {origin.read_for} s, its function after "
            f"{api_for} s",
            f"set OriginReadTimeout: {api_for + 5} for it in infra/",
        )
