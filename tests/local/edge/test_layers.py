"""One cache over time: many who ask at once, stale answers, errors, invalidations under way."""

import asyncio

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from local.edge.distributions import ErrorRule
from local.edge.freshness import age_of, stay_for
from local.edge.layers import Layer, Rules
from local.edge.messages import Response, headers_from, value_of
from local.edge.policies import Caching
from local.edge.storage import Storage


HUNDRED = Caching(0, 0, 100)
KEY = ("GET", "/abc", "")


class World:
    """A layer with a clock that tests move, and an origin that answers what they say."""

    def __init__(self, caching: Caching = HUNDRED, error_for: float = 0) -> None:
        self.now = 1000.0
        self.layer = Layer(Storage(), lambda: self.now)
        self.asked: list[dict] = []
        self.next = response("max-age=10")
        self.gate: asyncio.Event | None = None
        rule_ = ErrorRule(error_for)
        self.rules = Rules(
            lambda one: stay_for(one.status, one.headers, caching, rule_, self.now),
            lambda one: age_of(one.headers, self.now),
            lambda _: error_for,
        )

    async def fetch(self, condition):
        self.asked.append(condition)
        answer = self.next
        if self.gate:
            await self.gate.wait()
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def ask(self, key=KEY):
        return await self.layer.answer(key, self.fetch, self.rules)


def response(said="", status=200, body=b"one", **headers):
    pairs = [(name.replace("_", "-"), value) for name, value in headers.items()]
    return Response(status, headers_from([*pairs, ("Cache-Control", said)]), body)


def run(scenario):
    asyncio.run(scenario)


def test_a_hundred_who_ask_at_once_are_answered_by_one_question():
    async def scenario():
        world = World()
        world.gate = asyncio.Event()
        asking = [asyncio.ensure_future(world.ask()) for _ in range(100)]
        await asyncio.sleep(0)
        world.gate.set()
        told = await asyncio.gather(*asking)
        assert len(world.asked) == 1
        assert sum(one.collapsed for one in told) == 99
        assert {one.response.body for one in told} == {b"one"}

    run(scenario())


@pytest.mark.parametrize("said", ["private, max-age=60", "no-store", "max-age=0", "no-cache"])
def test_an_answer_for_one_visitor_is_never_another_ones(said):
    async def scenario():
        world = World()
        world.gate = asyncio.Event()
        world.next = response(said)
        asking = [asyncio.ensure_future(world.ask()) for _ in range(5)]
        await asyncio.sleep(0)
        world.gate.set()
        await asyncio.gather(*asking)
        assert len(world.asked) == 5

    run(scenario())


def test_the_first_visitor_may_go_away_while_the_others_wait():
    async def scenario():
        world = World()
        world.gate = asyncio.Event()
        first = asyncio.ensure_future(world.ask())
        await asyncio.sleep(0)
        second = asyncio.ensure_future(world.ask())
        await asyncio.sleep(0)
        first.cancel()
        world.gate.set()
        assert (await second).response.body == b"one"
        assert len(world.asked) == 1

    run(scenario())


def test_a_stale_answer_is_asked_about_with_its_tag_and_lives_on_by_a_304():
    async def scenario():
        world = World()
        world.next = response("max-age=10", ETag='"a"')
        await world.ask()
        world.now += 11
        world.next = Response(304, headers_from([("Cache-Control", "max-age=5"), ("X-New", "1")]))
        told = await world.ask()
        assert value_of(world.asked[1], "if-none-match") == '"a"'
        assert (told.response.status, told.response.body, told.status) == (200, b"one", 304)
        assert value_of(told.response.headers, "x-new") == "1"
        world.now += 4
        assert (await world.ask()).how == "hit"
        world.now += 2
        await world.ask()
        assert len(world.asked) == 3

    run(scenario())


def test_while_asking_the_stale_answer_is_told_and_the_new_one_next():
    async def scenario():
        world = World()
        world.next = response("max-age=10, stale-while-revalidate=30")
        await world.ask()
        world.now += 15
        world.next = response("max-age=10", body=b"two")
        told = await asyncio.gather(*(world.ask() for _ in range(10)))
        assert {one.response.body for one in told} == {b"one"}
        await asyncio.sleep(0.01)
        assert (await world.ask()).response.body == b"two"
        assert len(world.asked) == 2
        world.next = response("max-age=10", body=b"three")
        world.now += 100
        assert (await world.ask()).response.body == b"three"

    run(scenario())


def test_an_expired_answer_stands_in_for_an_error_unless_it_says_not():
    async def scenario():
        for said, body in (("max-age=10", b"one"), ("max-age=10, stale-if-error=0", b"bad")):
            world = World(error_for=5)
            world.next = response(said)
            await world.ask()
            world.now += 11
            world.next = response("", 503, b"bad")
            assert (await world.ask()).response.body == body
            # For as long as errors are kept, the origin is left alone.
            await world.ask()
            assert len(world.asked) == 2
            world.now += 6
            world.next = response("max-age=10", body=b"new")
            assert (await world.ask()).response.body == b"new"

    run(scenario())


def test_what_was_asked_for_before_an_invalidation_is_not_kept_after_it():
    async def scenario():
        world = World()
        world.gate = asyncio.Event()
        asking = asyncio.ensure_future(world.ask())
        await asyncio.sleep(0.01)
        world.now += 1
        world.layer.invalidate("/a*")
        world.now += 1
        late = asyncio.ensure_future(world.ask())
        await asyncio.sleep(0.01)
        assert len(world.asked) == 2
        world.gate.set()
        assert (await asking).stored is False
        assert (await late).stored is True

    run(scenario())


def test_a_fetch_that_raises_is_told_to_all_and_forgotten():
    async def scenario():
        world = World()
        world.gate = asyncio.Event()
        world.next = RuntimeError("bug")
        asking = [asyncio.ensure_future(world.ask()) for _ in range(3)]
        await asyncio.sleep(0)
        world.gate.set()
        failed = await asyncio.gather(*asking, return_exceptions=True)
        assert all(isinstance(one, RuntimeError) for one in failed)
        world.next = response("max-age=10")
        assert (await world.ask()).response.body == b"one"

    run(scenario())


def test_the_least_used_gives_way():
    async def scenario():
        world = World()
        world.layer.storage = Storage(3000)
        world.next = response("max-age=10", body=b"x" * 400)
        for name in "abc":
            await world.ask(("GET", f"/{name}", ""))
        await world.ask(("GET", "/a", ""))
        await world.ask(("GET", "/d", ""))
        assert world.layer.storage.size[1] <= 3000
        asked = len(world.asked)
        await world.ask(("GET", "/a", ""))
        assert len(world.asked) == asked
        await world.ask(("GET", "/b", ""))
        assert len(world.asked) == asked + 1
        for name in "abcd":
            world.layer.storage.drop(("GET", f"/{name}", ""))
        assert world.layer.storage.size == (0, 0)

    run(scenario())


class NothingOutlivesItsTime(RuleBasedStateMachine):
    """Edits, time, errors and purges in any order: an answer is never older than it may be."""

    @initialize(max_ttl=st.sampled_from([1, 5, 100]), error_for=st.sampled_from([0, 3]))
    def start(self, max_ttl, error_for):
        self.world = World(Caching(0, 0, max_ttl), error_for)
        self.max_ttl, self.error_for = max_ttl, error_for
        self.written = {0: 1000.0}  # when each version was replaced; the newest has no time yet
        self.version, self.down, self.seconds, self.purged_at = 0, False, 10, 0.0

    @rule(by=st.floats(0.1, 30))
    def pass_time(self, by):
        self.world.now += by

    @rule(seconds=st.sampled_from([0, 1, 7, 60]))
    def edit(self, seconds):
        self.written[self.version] = self.world.now
        self.version += 1
        self.seconds = seconds

    @rule()
    def purge(self):
        self.world.layer.invalidate("/abc")
        self.purged_at = self.world.now

    @rule()
    def break_or_mend(self):
        self.down = not self.down

    @rule()
    def follow(self):
        said = f"max-age=0, s-maxage={self.seconds}, stale-if-error=0"
        body = str(self.version).encode()
        self.world.next = response("no-store", 503) if self.down else response(said, body=body)
        told = asyncio.run(self.world.ask())
        if told.response.status == 200:
            seen = int(told.response.body)
            if seen != self.version:
                assert self.world.now - self.written[seen] < min(60, self.max_ttl)
                assert self.written[seen] > self.purged_at
        else:
            assert self.down or self.error_for

    @invariant()
    def counts_right(self):
        if hasattr(self, "world"):
            count, size = self.world.layer.storage.size
            assert (count == 0) == (size == 0)


NothingOutlivesItsTime.TestCase.settings = settings(max_examples=60, deadline=None)
TestNothingOutlivesItsTime = NothingOutlivesItsTime.TestCase
