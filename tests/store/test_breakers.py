"""The circuit breaker: whatever happens in whatever order, at most one is in its half-open door."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from chalicelib.store.breakers import Breaker
from tests.store.tables import together


class Time:
    """A clock that somebody moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class BreakerMachine(RuleBasedStateMachine):
    """Calls, probes and time in any order, beside the few words that describe what must come."""

    def __init__(self) -> None:
        super().__init__()
        self.time = Time()
        self.breaker = Breaker(5, self.time)
        self.is_closed = False
        self.is_probed = False
        self.due_at = self.time.now

    @rule(seconds=st.sampled_from([0.1, 1, 4.9, 5, 60]))
    def wait(self, seconds: float) -> None:
        self.time.now += seconds

    @rule()
    def try_it(self) -> None:
        expected = not self.is_closed and not self.is_probed and self.time.now >= self.due_at
        assert self.breaker.take_probe() is expected
        self.is_probed |= expected

    @precondition(lambda self: self.is_probed or self.is_closed)
    @rule()
    def fail(self) -> None:
        self.breaker.open()
        self.is_closed = self.is_probed = False
        self.due_at = self.time.now + 5

    @precondition(lambda self: self.is_probed)
    @rule()
    def succeed(self) -> None:
        self.breaker.close()
        self.is_closed, self.is_probed = True, False

    @invariant()
    def says_which(self) -> None:
        assert self.breaker.is_closed is self.is_closed


TestBreaker = BreakerMachine.TestCase
TestBreaker.settings = settings(max_examples=50, stateful_step_count=30, deadline=None)


def test_one_of_many_probes() -> None:
    """Of 20 at the same moment one tries; the others go by the table."""
    breaker = Breaker()
    tried: list[bool] = []

    together(20, lambda _: tried.append(breaker.take_probe()))

    assert sorted(tried) == [False] * 19 + [True]
