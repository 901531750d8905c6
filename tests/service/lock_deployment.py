"""A deployment of one locked link, and counters that race, fail and hang."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from chalicelib.core.destinations import DestinationPolicy
from chalicelib.core.errors import Unavailable
from chalicelib.core.links import Link
from chalicelib.core.locks import Hold
from chalicelib.core.passwords import Cost, seal_password
from chalicelib.core.redirects import Redirect, Refusal
from chalicelib.core.slugs import SlugPolicy
from chalicelib.core.visitors import Visitor
from chalicelib.service.clicks import ClickLimits
from chalicelib.service.locks import LockService
from chalicelib.service.passwords import PasswordTries
from chalicelib.service.ports import CounterStore
from chalicelib.service.redirects import RedirectService
from chalicelib.store.memory import LinkMemory
from chalicelib.store.memory_counters import CounterMemory


NOW = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
D = "https://example.com/secret"
SEAL = seal_password("sesame", b"salt", Cost(1, 1, 1))
USED_UP = Refusal("exhausted")
HERE = "192.0.2.1"


@dataclass
class Deployment:
    """Visitors' use cases over one link, with a clock that a test moves."""

    counters: CounterStore
    now: datetime = NOW
    links: LinkMemory = field(default_factory=LinkMemory)
    bugs: list[Exception] = field(default_factory=list)

    def __post_init__(self) -> None:
        tries = PasswordTries(self.counters, lambda: self.now, b"secret")
        limits = ClickLimits(self.counters, lambda: self.now, self.bugs.append)
        locks = LockService(SlugPolicy(), limits, tries)
        policy = DestinationPolicy()
        self.visitors = RedirectService(
            self.links, SlugPolicy(), policy, lambda: self.now, lambda: locks
        )

    def make(self, **fields: object) -> Link:
        values = {"workspace": "w", "slug": "x", "destination": D} | fields
        link = Link(created_at=self.now, updated_at=self.now, **values)  # type: ignore[arg-type]
        self.links.create("x", link)
        return link

    def click(self) -> Redirect | Refusal | Hold:
        return self.visitors.follow("x", Visitor())

    def look(self) -> Redirect | Refusal | Hold:
        return self.visitors.follow("x", Visitor(), by_get=False)

    def send(self, password: str, address: str = HERE) -> Redirect | Refusal | Hold:
        return self.visitors.unlock("x", Visitor(address=address), password)


def deployment(counters: CounterStore | None = None) -> Deployment:
    return Deployment(counters or CounterMemory())


class Away(CounterMemory):
    """Counters that do not answer."""

    def add(self, *_: object, **__: object) -> int | None:
        raise Unavailable("The table did not answer.")

    def read(self, name: str) -> int:
        raise Unavailable("The table did not answer.")


class Broken(CounterMemory):
    """Counters with a bug."""

    def read(self, name: str) -> int:
        raise KeyError(name)


class Hanging(CounterMemory):
    """Counters that answer much later, and then that there were clicks enough."""

    def read(self, name: str) -> int:
        time.sleep(5)
        return 1_000_000


class Far(CounterMemory):
    """Counters that take a moment, so that requests at the same time do meet."""

    def read(self, name: str) -> int:
        total = super().read(name)
        time.sleep(0.01)
        return total


def outcomes(count: int, act: Callable[[int], object]) -> Counter[str]:
    """What so many at once get, by its name."""
    found: Counter[str] = Counter()
    start = threading.Barrier(count)

    def run(number: int) -> None:
        start.wait()
        outcome = act(number)
        found[getattr(outcome, "reason", type(outcome).__name__)] += 1

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found
