"""Cache-Status says of each answer how the edge came by it, in the words of RFC 9211."""

import re

from aiohttp import web

from tests.local.edge.kit import FakeOrigin, run, running, template


# RFC 8941: a token begins with a letter, and a number is digits alone.
MEMBER = re.compile(
    r'(?:[a-z]+|"[^"]+")(?:; (?:hit|stored|collapsed|ttl=-?\d+|fwd-status=\d{3}|fwd=[a-z][a-z-]*))+'
)


def stale(says: str = "max-age=9, stale-if-error=60") -> dict[str, object]:
    """A redirect that is kept, and old already."""
    headers = {"Location": "/", "Cache-Control": says, "Age": "10", "Server-Timing": "app;dur=7"}
    return {"status": 302, "headers": {**headers, "Cache-Status": '"API cache"; hit; ttl=9'}}


def test_what_stands_in_for_an_error_is_no_hit_and_names_the_error():
    async def scenario():
        described = template()
        config = described["Resources"]["Distribution"]["Properties"]["DistributionConfig"]
        config["CustomErrorResponses"] = [{"ErrorCode": 503, "ErrorCachingMinTTL": 60}]
        answers = iter([stale(), {"status": 503}])
        one = FakeOrigin(lambda _: next(answers))
        two = FakeOrigin(lambda _: web.Response(status=503))
        async with running(described, {"one": one, "two": two}) as site:
            told = [(await site.ask())[1] for _ in range(3)]
            first, in_vain, left_alone = (one["cache-status"] for one in told)

            assert first == '"API cache"; hit; ttl=9, edge; fwd=uri-miss; fwd-status=302; stored'
            assert in_vain == "edge; fwd=stale; fwd-status=503"
            assert re.fullmatch(r"edge; hit; ttl=-\d+", left_alone)
            assert all(
                MEMBER.fullmatch(one) for said in told for one in said["cache-status"].split(", ")
            )
            assert ["server-timing" in said for said in told] == [True, False, False]

    run(scenario())
