"""What the stores' tests have in common: where the table is, and many callers at once."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from chalicelib.store.dax import Tell, tell_nobody
from chalicelib.store.dax_links import DaxSettings, bind_dax, road_of
from chalicelib.store.links import LinkTable
from chalicelib.store.models import bind
from local.dax.threads import ClusterThread


REGION, FAR_REGION = "us-east-1", "eu-west-1"


def point_to(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "none")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "none")


def together(count: int, act: Callable[[int], None]) -> Counter[str]:
    """Run `act` in as many threads at once; how many raised what."""
    outcomes: Counter[str] = Counter()
    barrier = threading.Barrier(count)

    def run(number: int) -> None:
        barrier.wait()
        try:
            act(number)
            outcomes[""] += 1
        except Exception as error:
            outcomes[type(error).__name__] += 1

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


@contextmanager
def links_over_dax(settings: DaxSettings, tell: Tell = tell_nobody) -> Iterator[LinkTable]:
    """Links by way of a cluster, which nobody has asked yet."""
    table = bind("links", REGION)
    cached = bind_dax(table, settings, tell)
    try:
        yield LinkTable(table, cached)
    finally:
        road_of(cached).close()


def connect(links: LinkTable, within: float = 30) -> None:
    """Wait until DAX is asked."""
    deadline = time.monotonic() + within
    while not road_of(links._cached).is_connected():
        assert time.monotonic() < deadline, "DAX was not reached"
        time.sleep(0.005)


def data_calls(dax: ClusterThread) -> int:
    """How many calls for data a cluster has had."""
    calls = dax.counters.calls
    return calls.total() - calls["endpoints"]
