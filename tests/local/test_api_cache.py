"""The stage cache on this machine: never an answer of another key, too old, or from before a flush."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from local.api_cache import (
    FLUSH_TAKES,
    MAX_ANSWER,
    RESIZE_TAKES,
    ApiCache,
    Outcome,
    size_of,
)


class Time:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Time:
    return Time()


@pytest.fixture
def cache(clock: Time) -> ApiCache:
    return ApiCache(10_000_000, clock)


def saying(text: str, status: int = 302) -> Callable[[], dict[str, Any]]:
    return lambda: {"statusCode": status, "headers": {}, "body": text}


def ask(cache: ApiCache, key: str, text: str, fresh_for: float = 20, **how: bool) -> str:
    """What is answered under the key by now, with how it was come by."""
    answer, outcome = cache.answer(("GET", key), fresh_for, saying(text), **how)
    return f"{answer['body']} {outcome}"


def test_an_answer_is_kept_for_its_time(cache: ApiCache, clock: Time) -> None:
    """The second request is a hit until the time is over, and never a moment longer."""
    assert ask(cache, "a", "1") == '1 "API cache"; fwd=uri-miss; stored'
    clock.now += 19
    assert ask(cache, "a", "2") == '1 "API cache"; hit; ttl=1'
    clock.now += 1
    assert ask(cache, "a", "3") == '3 "API cache"; fwd=stale; stored'


def test_time_counts_from_the_question(cache: ApiCache, clock: Time) -> None:
    """An answer that took 15 s has 5 s left of its 20: it was true when it was asked for."""

    def slowly() -> dict[str, Any]:
        clock.now += 15
        return saying("1")()

    cache.answer(("GET", "a"), 20, slowly)
    clock.now += 4

    assert ask(cache, "a", "2") == '1 "API cache"; hit; ttl=1'
    clock.now += 1
    assert ask(cache, "a", "2").startswith("2 ")


@pytest.mark.parametrize("status", [200, 302, 404, 410, 503])
def test_any_status_is_kept(cache: ApiCache, status: int) -> None:
    """As with the real one, a refusal or an error is kept like a redirect."""
    key = ("GET", "a")
    cache.answer(key, 20, saying("1", status))

    assert cache.answer(key, 20, saying("2"))[0]["statusCode"] == status


def test_a_large_answer_is_passed_on(cache: ApiCache) -> None:
    """One byte over the limit is not kept; an answer at the limit is."""
    most = MAX_ANSWER - size_of(saying("")())

    assert ask(cache, "a", "x" * most).endswith("; stored")
    assert ask(cache, "b", "x" * (most + 1)).endswith("fwd=uri-miss")
    assert ask(cache, "b", "small") == 'small "API cache"; fwd=uri-miss; stored'


def test_the_least_used_gives_way(clock: Time) -> None:
    """A full cache forgets what was not asked for longest, and never grows beyond its size."""
    cache = ApiCache(1_000_000, clock)
    for name in "abc":
        ask(cache, name, name * 300_000)
    ask(cache, "a", "anew")
    ask(cache, "d", "d" * 300_000)

    assert ask(cache, "a", "anew").endswith("hit; ttl=20")
    assert ask(cache, "b", "b") == 'b "API cache"; fwd=uri-miss; stored'
    assert cache.size[1] <= 1_000_000


def test_flush_takes_the_whole_stage_and_its_time(cache: ApiCache, clock: Time) -> None:
    """After a flush nothing is there, and while it lasts nothing is kept."""
    ask(cache, "a", "1")
    ask(cache, "b", "1")
    cache.flush()

    assert (cache.state, cache.size) == ("FLUSH_IN_PROGRESS", (0, 0))
    assert ask(cache, "a", "2") == '2 "API cache"; fwd=bypass'
    clock.now += FLUSH_TAKES
    assert cache.state == "AVAILABLE"
    assert ask(cache, "a", "3") == '3 "API cache"; fwd=uri-miss; stored'
    assert ask(cache, "b", "3") == '3 "API cache"; fwd=uri-miss; stored'


def test_a_flush_is_not_undone_by_who_asked_before(cache: ApiCache, clock: Time) -> None:
    """An answer from before the flush that arrives after it is not kept."""

    def meanwhile_flushed() -> dict[str, Any]:
        cache.flush()
        clock.now += FLUSH_TAKES + 1
        return saying("old")()

    _, outcome = cache.answer(("GET", "a"), 20, meanwhile_flushed)

    assert outcome == Outcome("uri-miss")
    assert ask(cache, "a", "new").startswith("new ")


def test_resize_empties(cache: ApiCache, clock: Time) -> None:
    """Another size begins with nothing; size 0 is no cache."""
    ask(cache, "a", "1")
    cache.resize(20_000_000)
    assert cache.state == "CREATE_IN_PROGRESS"
    clock.now += RESIZE_TAKES
    assert ask(cache, "a", "2").startswith("2 ")

    cache.resize(0)
    clock.now += RESIZE_TAKES
    assert cache.state == "NOT_AVAILABLE"
    assert ask(cache, "a", "3") == '3 "API cache"; fwd=bypass'


def test_anew(cache: ApiCache) -> None:
    """Who may ask for it anew gets it anew, and so does everybody after."""
    ask(cache, "a", "1")

    assert ask(cache, "a", "2", anew=True) == '2 "API cache"; fwd=request; stored'
    assert ask(cache, "a", "3").startswith("2 ")


def test_anew_is_newer_than_what_others_wait_for(cache: ApiCache) -> None:
    """An answer that was asked for before is not taken for one that was made anew."""
    asked, go = threading.Event(), threading.Event()

    def slow() -> dict[str, Any]:
        asked.set()
        go.wait(5)
        return {"statusCode": 302, "headers": {}, "body": "old"}

    first = threading.Thread(target=lambda: cache.answer(("GET", "a"), 20, slow))
    first.start()
    assert asked.wait(5)
    try:
        assert ask(cache, "a", "new", anew=True).startswith("new ")
    finally:
        go.set()
        first.join()


def test_requests_at_once_are_one(cache: ApiCache) -> None:
    """Of 20 requests for one key at once one goes on, and all get its answer."""
    asked, told, go = [], [], threading.Event()

    def slowly() -> dict[str, Any]:
        asked.append(1)
        go.wait(5)
        return saying("same")()

    def one() -> None:
        told.append(cache.answer(("GET", "a"), 20, slowly))

    threads = [threading.Thread(target=one) for _ in range(20)]
    for thread in threads:
        thread.start()
    go.set()
    for thread in threads:
        thread.join()

    assert {answer["body"] for answer, _ in told} == {"same"}
    assert len(asked) == 1


def test_a_failure_is_the_askers_own(cache: ApiCache) -> None:
    """When the function fails nothing is kept, nobody hangs, and the next request asks."""

    def fail() -> dict[str, Any]:
        raise RuntimeError

    for _ in range(2):
        with pytest.raises(RuntimeError):
            cache.answer(("GET", "a"), 20, fail)

    assert ask(cache, "a", "1") == '1 "API cache"; fwd=uri-miss; stored'


class Model(RuleBasedStateMachine):
    """Any order of requests, edits, time, flushes and sizes, against what was ever true."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = Time()
        self.cache = ApiCache(5000, self.clock)
        self.truth = dict.fromkeys("abcdefgh", 0)
        self.since: dict[tuple[str, int], float] = {}
        self.flushed_at = 0.0

    @rule(key=st.sampled_from("abcdefgh"), fresh_for=st.sampled_from([0, 1, 20]))
    def request(self, key: str, fresh_for: int) -> None:
        text = f"{key}{self.truth[key]}".ljust(900)
        answer, outcome = self.cache.answer((key, str(fresh_for)), fresh_for, saying(text))
        name, version = answer["body"][0], int(answer["body"][1:])

        assert name == key
        if outcome.how == "hit":
            ended = self.since.get((key, version + 1))  # when the next version was made
            assert ended is None or self.clock() < ended + fresh_for
            assert ended is None or ended > self.flushed_at
        else:
            assert version == self.truth[key]

    @rule(key=st.sampled_from("abcdefgh"))
    def edit(self, key: str) -> None:
        self.truth[key] += 1
        self.since[key, self.truth[key]] = self.clock()

    @rule(seconds=st.sampled_from([0.5, 1, 5, 30]))
    def wait(self, seconds: float) -> None:
        self.clock.now += seconds

    @rule()
    def flush(self) -> None:
        self.cache.flush()
        self.flushed_at = self.clock()

    @rule(capacity=st.sampled_from([0, 1200, 5000]))
    def resize(self, capacity: int) -> None:
        self.cache.resize(capacity)
        self.flushed_at = self.clock()

    @invariant()
    def keeps_to_its_size(self) -> None:
        count, used = self.cache.size
        assert used <= 5000
        assert (count == 0) == (used == 0)


Model.TestCase.settings = settings(max_examples=200, stateful_step_count=40, deadline=None)
TestModel = Model.TestCase


@given(st.dictionaries(st.text(), st.text()), st.text())
def test_sizes_are_of_bytes(headers: dict[str, str], body: str) -> None:
    """What counts is UTF-8, in headers as in the body."""
    answer = {"headers": headers, "body": body}
    texts = [*headers, *headers.values(), body]

    assert size_of(answer) == sum(len(text.encode("utf-8", "surrogatepass")) for text in texts)
