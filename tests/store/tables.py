"""What the stores' tests have in common: where the table is, and many callers at once."""

import threading
from collections import Counter
from collections.abc import Callable

import pytest


REGION = "us-east-1"


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
