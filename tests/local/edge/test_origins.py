"""Which origin the edge asks, over real sockets: failover, time-outs, and what is never sent on."""

import asyncio

from tests.local.edge.kit import (
    HOLD,
    FakeOrigin,
    redirect,
    run,
    running,
    template,
)


def test_the_second_origin_answers_while_the_first_is_dead_and_the_first_is_always_asked_first():
    async def scenario():
        two = FakeOrigin(lambda _: redirect("https://two.test/"))
        async with running(template(), {"two": two}) as site:
            assert (await site.ask())[1]["location"] == "https://two.test/"
        one = FakeOrigin(lambda _: {"status": 503})
        async with running(template(), {"one": one, "two": two}) as site:
            for number in range(3):
                assert (await site.ask(f"/{number}"))[0] == 302
            assert (len(one.seen), len(two.seen)) == (3, 4)

    run(scenario())


def test_a_status_that_is_not_listed_and_a_write_are_not_failed_over():
    async def scenario():
        one, two = FakeOrigin(lambda _: {"status": 404}), FakeOrigin(lambda _: redirect())
        async with running(template(), {"one": one, "two": two}) as site:
            assert (await site.ask())[0] == 404
            one.answer = lambda _: {"status": 503}
            assert (await site.ask("/api/v1/links", "POST", b"{}"))[0] == 503
            assert two.seen == []

    run(scenario())


def test_a_frozen_origin_costs_its_time_and_no_more_and_hits_nothing():
    async def scenario():
        one, two = (
            FakeOrigin(lambda _: redirect()),
            FakeOrigin(lambda _: redirect("https://two.test/")),
        )
        async with running(template(), {"one": one, "two": two}) as site:
            await site.ask("/kept")
            one.wait_for = 30
            asking = [asyncio.ensure_future(site.ask(f"/{number % 20}")) for number in range(100)]
            await asyncio.sleep(HOLD / 4)
            assert (await site.ask("/kept"))[1]["x-cache"] == "Hit from cloudfront"
            answers = await asyncio.gather(*asking)
            assert {one[1]["location"] for one in answers} == {"https://two.test/"}
            # Those who asked for the same waited for one question.
            assert len(two.seen) == 20
            one.wait_for = 0

    run(scenario())


def test_the_edge_says_so_itself_when_no_origin_answers():
    async def scenario():
        async with running(template(), {}) as site:
            status, headers, _ = await site.ask()
            assert (status, headers["x-cache"]) == (502, "Error from cloudfront")

    run(scenario())


def test_methods_that_a_behaviour_has_not_are_403_and_never_reach_an_origin():
    async def scenario():
        one = FakeOrigin(lambda _: redirect())
        async with running(template(), {"one": one}) as site:
            for method in ("POST", "DELETE", "TRACE", "FOO"):
                assert (await site.ask("/abc", method))[0] == 403
            assert (await site.ask("/abc", "GET", b"body"))[0] == 403
            assert one.seen == []
            assert (await site.ask("/api/x", "POST", b"body"))[0] == 302
            assert (await site.ask("/x/../api/y", "PUT", b"body"))[0] == 302
            assert one.seen[1].raw_path == "/x/../api/y"

    run(scenario())
